"""What a recipe may ask for, one by one."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from django.core.files.base import ContentFile
from PIL import Image
from safetensors import safe_open
from safetensors.numpy import load, load_file

from models_app.models import UserModel
from training.kohya import KohyaFile

pytestmark = pytest.mark.training


def file_of(run) -> Path:
    return Path(run.folder) / "adapter.safetensors"


@pytest.mark.parametrize(
    ("family", "precision"),
    [
        ("flux1", "nf4"),
        ("sd15", "nf4"),
        ("sd15", "int8"),
        ("flux1", "bfloat16"),
        ("sdxl", "bfloat16"),
    ],
)
def test_a_smaller_base_learns_and_its_file_fits_the_whole_one(
    family, precision, torch_side, order, draw, base_of
):
    run = order(family, precision=precision, steps=20, eight_bit_optimiser=True)
    told = torch_side.follow(run)
    assert told.is_done, told.log
    assert precision in told.text("model_download_complete")
    whole = base_of(family)
    before, after = torch_side.call(
        "errors", family=family, folder=run.folder, base=whole.folder, lora=str(file_of(run))
    )
    assert after < before
    assert draw(run.base, (file_of(run), 1.0)) != draw(run.base)


@pytest.mark.parametrize("family", ["flux1", "sd15"])
def test_gradient_checkpointing_changes_no_loss(family, torch_side, order):
    kept, anew = (
        torch_side.follow(order(family, steps=6, checkpointing=wish)).losses
        for wish in (False, True)
    )
    assert len(kept) == 6
    assert list(kept.values()) == pytest.approx(list(anew.values()), abs=2e-5)


def test_a_kept_prior_holds_what_is_said_without_the_trigger_word(torch_side, order, draw):
    """The same steps move a picture without the word less."""
    moved = []
    for wish in (False, True):
        run = order(steps=30, keep_prior=wish)
        assert torch_side.follow(run).is_done
        wishes = {"prompt": "photo of shape shape, number 0", "steps": 8}
        pictures = [
            np.asarray(draw(run.base, *loras, **wishes), float)
            for loras in ((), ((file_of(run), 1.0),))
        ]
        moved.append(np.abs(pictures[0] - pictures[1]).mean())
    free, held = moved
    assert held < 0.8 * free


@pytest.mark.parametrize(
    ("caption", "general"),
    [
        ("photo of zorbik, smiling", "photo of person, smiling"),
        ("Zorbik in zorbik's hat", "person in person's hat"),
        ("zorbiks are others", "person"),
        ("a cat on a roof", "person"),
        ("", "person"),
    ],
)
def test_what_shall_stay_is_named_by_the_subject(caption, general, torch_side):
    told = {"caption": caption, "word": "zorbik", "subject": "person"}
    assert torch_side.call("without_word", **told) == general


def test_without_captions_only_the_empty_one_is_learned(torch_side, order):
    dropped, told = (order(steps=3, caption_dropout=share) for share in (1.0, 0.0))
    empty = order(steps=3)
    dataset = Path(empty.folder) / "dataset.jsonl"
    dataset.write_text(dataset.read_text().replace("photo of zorbik shape, number 0", ""))
    losses = [torch_side.follow(run).losses for run in (dropped, empty, told)]
    assert losses[0] == losses[1] != losses[2]


@pytest.mark.parametrize("family", ["sdxl", "zimage", "qwen-image"])
def test_photos_of_several_shapes_are_trained_in_batches_of_one_shape(family, torch_side, order):
    """Captions of several lengths among them."""
    photos = ((256, 256), (384, 256), (256, 384), (384, 256), (300, 280))
    run = order(family, photos=photos, batch=2, steps=8, resolutions=(256, 320))
    dataset = Path(run.folder) / "dataset.jsonl"
    dataset.write_text(dataset.read_text().replace("number 3", "a much longer caption"))
    told = torch_side.follow(run)
    assert told.is_done, told.log
    assert len(told.losses) == 8


def test_the_mean_of_the_last_steps_is_what_is_written(torch_side, order):
    last, mean = (order(steps=15, ema=share) for share in (0.0, 0.99))
    told = [torch_side.follow(run) for run in (last, mean)]
    assert told[0].losses == told[1].losses
    name = next(key for key in load_file(file_of(last)) if key.endswith("lora_B.weight"))
    values = [np.abs(load_file(file_of(run))[name]).mean() for run in (last, mean)]
    assert 0 < values[1] < values[0]


def test_pictures_are_drawn_on_the_way_with_and_without_the_word(torch_side, order, draw):
    run = order(steps=20, samples=(0, 10, 20), ema=0.9)
    told = torch_side.follow(run)
    names = {path.name for path in (Path(run.folder) / "samples").iterdir()}
    assert names == {f"{step}-{number}.jpg" for step in (0, 10, 20) for number in (0, 1)}
    drawn = [message.step for message in told.messages if message.event == "eval_complete"]
    assert drawn == [0, 10, 20]
    last = np.asarray(Image.open(Path(run.folder) / "samples" / "20-0.jpg"), float)
    wishes = {"prompt": "photo of zorbik shape", "width": 256, "height": 256, "steps": 28}
    again = np.asarray(draw(run.base, (file_of(run), 1.0), **wishes), float)
    base = np.asarray(draw(run.base, **wishes), float)
    assert np.abs(last - again).mean() < 0.25 * np.abs(last - base).mean()


@pytest.mark.parametrize("precision", ["float32", "nf4"])
def test_drawing_on_the_way_changes_nothing_that_is_learned(precision, torch_side, order):
    without, with_them = (
        order(steps=6, precision=precision, samples=wish) for wish in ((), (0, 2, 4, 6))
    )
    losses = [torch_side.follow(run).losses for run in (without, with_them)]
    assert losses[0] == losses[1]


def test_the_header_tells_how_it_was_made_and_nothing_of_the_photos(trained):
    run = trained("sdxl")
    for name, kind in (("adapter", "lora_A"), ("adapter.kohya", "lora_down")):
        with safe_open(Path(run.folder) / f"{name}.safetensors", "np") as file:
            said, keys = file.metadata(), list(file.keys())
        assert said["modelspec.architecture"] == "stable-diffusion-xl-v1-base/lora"
        assert said["modelspec.trigger_phrase"] == "zorbik"
        assert said["modelspec.hash_sha256"].startswith("0x")
        assert said["ss_base_model_version"] == "sdxl_base_v1-0"
        assert not any("number 0" in value for value in said.values())
        assert "ss_tag_frequency" not in said
        assert any(kind in key for key in keys)


def test_kohya_names_draw_the_same_picture(trained, draw):
    run = trained("sdxl")
    ours, theirs = (
        draw(run.base, (Path(run.folder) / name, 1.0))
        for name in ("adapter.safetensors", "adapter.kohya.safetensors")
    )
    assert ours == theirs != draw(run.base)


@pytest.mark.parametrize("family", ["sdxl", "sd15"])
def test_the_site_names_weights_for_kohya_as_the_trainer_does(family, trained):
    """Two sides that share no code: the site translates names, the trainer asks diffusers."""
    folder = Path(trained(family).folder)
    model = UserModel()
    data = (folder / "adapter.safetensors").read_bytes()
    model.weights.save("w.safetensors", ContentFile(data), save=False)
    with KohyaFile(model.weights).open() as file:
        sites = file.read()
    theirs, ours = load_file(folder / "adapter.kohya.safetensors"), load(sites)
    assert ours.keys() == theirs.keys()
    for name, one in theirs.items():
        assert (ours[name].dtype, ours[name].shape) == (one.dtype, one.shape), name
        assert ours[name].tobytes() == one.tobytes(), name
    with safe_open(folder / "adapter.kohya.safetensors", "np") as file:
        said = file.metadata()
    header = json.loads(sites[8 : 8 + int.from_bytes(sites[:8], "little")])
    assert header["__metadata__"] == {
        key: text for key, text in said.items() if key != "modelspec.hash_sha256"
    }


def test_captions_that_are_too_long_are_told(torch_side, order):
    run = order("sd15", steps=2)
    dataset = Path(run.folder) / "dataset.jsonl"
    dataset.write_text(dataset.read_text().replace("number 0", "word " * 60))
    words = torch_side.follow(run).text("training_data_download_complete")
    assert words == "1 photo read; 1 caption is too long, its end is not read"
