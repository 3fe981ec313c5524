"""Which base models are here: whole, of the right kind, in a folder or in the hub's cache."""

from __future__ import annotations

import json

import pytest

from tests.trainer.real.workshop import KLEIN, SDXL, Workshop
from trainer.engines.diffusers.installed import installed, problem_of
from trainer.engines.diffusers.known import KNOWN


@pytest.fixture
def workshop(tmp_path) -> Workshop:
    return Workshop(tmp_path / "workshop")


def found(workshop: Workshop) -> dict:
    here = installed(workshop.models, workshop.hub / "hub")
    return {name: folder for name, folder in here.items() if name in {KLEIN, SDXL}}


@pytest.mark.parametrize("folder", [KLEIN.replace("/", "--"), KLEIN.partition("/")[2]])
def test_a_whole_folder_of_the_owners_is_found_by_both_names(workshop, folder):
    place = workshop.has_model(KLEIN, workshop.models / folder)

    assert found(workshop) == {KLEIN: place}


def test_a_snapshot_in_the_hubs_cache_is_found(workshop):
    cache = workshop.hub / "hub" / f"models--{KLEIN.replace('/', '--')}" / "snapshots"
    place = workshop.has_model(KLEIN, cache / "0a1b2c")

    assert found(workshop) == {KLEIN: place}


def test_a_snapshot_whose_files_are_links_is_whole_while_they_lead_somewhere(workshop):
    cache = workshop.hub / "hub" / f"models--{KLEIN.replace('/', '--')}"
    place = workshop.has_model(KLEIN, cache / "snapshots" / "0a1b2c")
    weights, blob = place / "vae" / "model.safetensors", cache / "blobs" / "abc"
    blob.parent.mkdir()
    weights.rename(blob)
    weights.symlink_to(blob)
    assert found(workshop) == {KLEIN: place}

    blob.unlink()

    assert found(workshop) == {}


def test_the_owners_folder_goes_before_the_hubs_cache(workshop):
    cache = workshop.hub / "hub" / f"models--{KLEIN.replace('/', '--')}" / "snapshots"
    workshop.has_model(KLEIN, cache / "0a1b2c")
    place = workshop.has_model(KLEIN)

    assert found(workshop) == {KLEIN: place}


def test_a_broken_folder_does_not_hide_a_whole_snapshot(workshop):
    cache = workshop.hub / "hub" / f"models--{KLEIN.replace('/', '--')}" / "snapshots"
    place = workshop.has_model(KLEIN, cache / "0a1b2c")
    (workshop.has_model(KLEIN) / "vae" / "model.safetensors").unlink()

    assert found(workshop) == {KLEIN: place}


def test_another_pipeline_under_the_name_is_not_it(workshop):
    place = workshop.has_model(SDXL, workshop.models / KLEIN.replace("/", "--"))

    assert found(workshop) == {}
    assert problem_of(KLEIN, place) == "it is made for StableDiffusionXLPipeline"


@pytest.mark.parametrize("part", ["transformer", "vae", "text_encoder"])
def test_a_missing_part_is_named(workshop, part):
    place = workshop.has_model(KLEIN)
    (place / part / "model.safetensors").unlink()
    assert part in problem_of(KLEIN, place)
    (place / part).rmdir()

    assert problem_of(KLEIN, place) == f"its folder {part} is missing"
    assert found(workshop) == {}


def test_a_download_that_was_cut_off_is_not_whole(workshop):
    place = workshop.has_model(KLEIN)
    header = json.dumps({"a": {"dtype": "F16", "shape": [4], "data_offsets": [0, 8]}}).encode()
    whole = len(header).to_bytes(8, "little") + header + bytes(8)
    weights = place / "transformer" / "model.safetensors"
    weights.write_bytes(whole)
    assert found(workshop)

    for cut in (whole[:-1], whole[: len(header)], whole[:8], whole[:3], b""):
        weights.write_bytes(cut)

        assert "cut off" in problem_of(KLEIN, place), cut
    assert found(workshop) == {}


def test_every_file_that_an_index_names_must_be_there(workshop):
    place = workshop.has_model(KLEIN)
    names = {"a": "model-1.safetensors", "b": "model-2.safetensors"}
    (place / "transformer" / "model.safetensors").rename(place / "transformer" / names["a"])
    index = place / "transformer" / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": names}))

    assert "model-2.safetensors is missing" in problem_of(KLEIN, place)
    index.write_text("{")
    assert index.name in problem_of(KLEIN, place)


@pytest.mark.parametrize("text", ["", "[]", "null", "{", "{}", '{"_class_name": 7}'])
def test_a_folder_whose_description_is_none_is_not_a_model(workshop, text):
    place = workshop.has_model(KLEIN)
    (place / "model_index.json").write_text(text)

    assert problem_of(KLEIN, place)


def test_what_cannot_be_trained_here_yet_is_not_offered(workshop):
    assert all(KNOWN[name].is_supported for name in installed(workshop.models, workshop.hub))


@pytest.mark.parametrize("known", KNOWN.values(), ids=KNOWN.keys())
def test_what_is_known_of_a_model_makes_sense(known):
    needs = [known.needs("bfloat16", side) for side in (512, 768, 1024)]

    assert needs == sorted(needs)
    assert known.needs("nf4", 512) < known.needs("int8", 512) < known.needs("bfloat16", 512) or (
        known.parameters < 0.01
    )
    assert known.disk_gib and known.licence and known.steps
