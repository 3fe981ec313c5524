"""A training that was cut off ends exactly as one that was not."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from trainer.engines.diffusers.known import KNOWN
from trainer.engines.diffusers.room import room_for

pytestmark = pytest.mark.training

# Two photos of two shapes, so that a batch holds one of them twice.
WISHES = {
    "steps": 30,
    "batch": 2,
    "ema": 0.9,
    "caption_dropout": 0.2,
    "photos": ((256, 256), (320, 256)),
    "checkpoints": (11, 23),
}


def weights(run) -> dict:
    return load_file(Path(run.folder) / "adapter.safetensors")


def are_equal(one: dict, other: dict) -> bool:
    return one.keys() == other.keys() and all(np.array_equal(one[key], other[key]) for key in one)


@pytest.fixture(scope="session")
def whole(torch_side, order):
    """Train without a break, once: the order, and what was told."""

    @cache
    def trained(eight_bit: bool):
        run = order(**WISHES, eight_bit_optimiser=eight_bit)
        told = torch_side.follow(run)
        assert told.is_done, told.log
        return run, told

    return trained


@pytest.mark.parametrize("how", ["killed", "asked to end"])
@pytest.mark.parametrize("eight_bit", [False, True], ids=["32-bit", "8-bit"])
def test_a_training_that_was_cut_off_ends_with_the_same_bits(
    how, eight_bit, whole, torch_side, order
):
    (unbroken, told), cut = whole(eight_bit), order(**WISHES, eight_bit_optimiser=eight_bit)
    moment = {"kill_at" if how == "killed" else "signal_at": "checkpoint_save"}
    first = torch_side.child(cut, mischief="waits_to_be_ended").followed(**moment)
    assert not first.is_done
    assert first.status == (-9 if how == "killed" else 0)
    second = torch_side.follow(cut)
    assert second.text("training_start").startswith("Going on after step ")
    assert are_equal(weights(unbroken), weights(cut))
    assert first.losses | second.losses | told.losses == told.losses
    for step in cut.recipe.checkpoints:
        assert (Path(cut.folder) / "checkpoints" / f"{step}.safetensors").exists()


def test_what_was_encoded_is_not_encoded_again(torch_side, order):
    run = order(**WISHES)
    torch_side.child(run, mischief="waits_to_be_ended").followed(kill_at="checkpoint_save")
    again = torch_side.follow(run)
    assert again.is_done
    assert "training_data_downloading" not in {message.event for message in again.messages}


def test_another_recipe_is_another_training_and_says_so(torch_side, order):
    run = order(**WISHES)
    torch_side.child(run, mischief="waits_to_be_ended").followed(kill_at="checkpoint_save")
    other = order(**WISHES | {"learning_rate": 1e-3}, folder=Path(run.folder))
    told = torch_side.follow(other)
    words = told.text("training_start")
    assert words.startswith("Photos or settings are others than before. Beginning anew.")
    assert 1 in told.losses


def test_other_photos_are_not_taken_for_those_that_were_encoded(torch_side, order):
    """Of the same number and, in their file, of the same length."""
    run = order(**WISHES)
    torch_side.child(run, mischief="waits_to_be_ended").followed(kill_at="checkpoint_save")
    dataset = Path(run.folder) / "dataset.jsonl"
    dataset.write_text(dataset.read_text().replace("number 0", "number 8"))
    told = torch_side.follow(run)
    assert told.text("training_data_download_complete").startswith("2 photos read")
    assert "Beginning anew" in told.text("training_start")


@pytest.mark.parametrize("damage", ["cut off", "changed", "empty"])
def test_a_damaged_state_is_begun_anew_and_told(damage, whole, torch_side, order):
    (unbroken, _told), run = whole(False), order(**WISHES)
    torch_side.child(run, mischief="waits_to_be_ended").followed(kill_at="checkpoint_save")
    for name in ("state.pt", "cache.pt"):
        path = Path(run.folder) / "scratch" / name
        data = bytearray(path.read_bytes())
        if damage == "changed":
            for at in range(len(data) // 2, len(data) // 2 + 40):
                data[at] ^= 0xFF
        path.write_bytes({"cut off": data[:-100], "empty": b""}.get(damage, data))
    told = torch_side.follow(run)
    assert told.is_done, told.log
    words = told.text("training_start")
    assert words.startswith("The state of before cannot be read. Beginning anew.")
    assert are_equal(weights(unbroken), weights(run))


@pytest.mark.parametrize("prior", [False, True])
def test_a_training_needs_no_more_of_the_disk_than_was_foretold(prior, torch_side, order):
    photos = ((256, 256), (256, 320), (640, 512))
    run = order(steps=8, rank=16, samples=(0, 8), checkpoints=(4,), photos=photos, keep_prior=prior)
    assert torch_side.follow(run).is_done
    folder, shapes = Path(run.folder), KNOWN["theway/tiny-shapes"]
    needed = room_for(shapes, run.recipe, len(photos), in_full=True)
    scratch = {path.name: path.stat().st_size for path in (folder / "scratch").iterdir()}
    assert scratch["cache.pt"] <= needed.encoded < 20 * scratch["cache.pt"]
    assert 2 * scratch["state.pt"] <= needed.state < 10 * scratch["state.pt"]
    made = [*folder.glob("*.safetensors"), *folder.glob("checkpoints/*"), *folder.glob("samples/*")]
    assert sum(path.stat().st_size for path in made) <= needed.results
