"""What goes wrong in a child: it says so by name and ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.training_engine.conftest import photo, write_dataset

pytestmark = pytest.mark.training


def test_a_full_card_is_told(torch_side, order):
    told = torch_side.follow(order(steps=5), mischief="card_is_full")
    assert (told.failure, told.status) == ("card_memory", 3)


def test_after_steps_without_numbers_it_goes_back_and_learns_at_half_the_rate(torch_side, order):
    told = torch_side.follow(order(steps=30), mischief="no_numbers_for_a_while")
    assert told.is_done, told.log
    assert set(range(11, 16)) & told.losses.keys() == set()
    assert told.rates[-1] == pytest.approx(told.rates[9] / 2)


def test_where_numbers_never_come_back_it_fails(torch_side, order):
    run = order(steps=40)
    told = torch_side.follow(run, mischief="no_numbers_any_more")
    assert told.failure == "not_a_number"
    assert not (Path(run.folder) / "adapter.safetensors").exists()


def test_what_learned_nothing_is_no_result(torch_side, order):
    run = order(steps=3)
    assert torch_side.follow(run, mischief="nothing_is_learned").failure == "learned_nothing"
    assert not (Path(run.folder) / "adapter.safetensors").exists()


def test_a_photo_that_cannot_be_decoded_is_told_by_its_line(torch_side, order):
    run = order(steps=3)
    good = photo(256, 256)
    write_dataset(Path(run.folder) / "dataset.jsonl", [good, good[:600]])
    told = torch_side.follow(run)
    assert told.failure == "photo"
    assert told.messages[-1].text == "Line 2: the photo cannot be decoded"


def test_a_photo_that_is_too_small_is_told_by_its_line(torch_side, order):
    told = torch_side.follow(order(photos=((256, 256), (512, 200)), steps=3))
    assert told.failure == "photo"
    assert told.messages[-1].text.startswith("Line 2: the photo has 512 × 200 pixels")


def test_a_black_sample_is_left_out_but_a_black_result_fails(torch_side, order):
    told = torch_side.follow(order(steps=3, samples=(0, 3)), mischief="black_pictures")
    assert told.text("eval_complete") == "No samples at step 0: they were empty."
    assert told.failure == "blank_picture"


def test_a_card_without_room_for_a_picture_loses_no_training(torch_side, order):
    run = order(steps=3, samples=(0, 3))
    told = torch_side.follow(run, mischief="no_room_for_pictures")
    assert told.is_done, told.failure
    assert "memory is too small for a picture" in told.text("eval_complete")
    assert told.text("warning").startswith("The weights are written, but not tried")
    assert (Path(run.folder) / "adapter.safetensors").exists()
