"""Progress, weights and pictures that are simulated and say so."""

from __future__ import annotations

import io
import re

import pytest
import safetensors
from PIL import Image

from emulators.hosted.pictures import draw
from emulators.hosted.timeline import Timeline
from emulators.hosted.weights import lora

# The pattern that Replicate's own client reads progress with.
GENERIC = re.compile(r"^\s*(?P<percentage>\d+)%\s*\|.+?\|\s*(?P<current>\d+)\/(?P<total>\d+)")


def test_steps_begin_after_loading_and_end_before_the_end():
    timeline = Timeline("run", steps=100, seconds=50)

    steps = [timeline.step_at(elapsed) for elapsed in range(0, 51, 5)]

    assert steps == sorted(steps)
    assert (steps[0], steps[1], steps[-1]) == (0, 0, 100)
    assert timeline.step_at(1e9) == 100


def test_a_training_without_a_length_is_done_at_once():
    assert Timeline("run", steps=10, seconds=0).step_at(0) == 10


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (0, "  0%|          | 0/1000 [00:00<?, ?it/s]"),
        (310, " 31%|███       | 310/1000 [02:32<05:38,  2.04it/s]"),
        (1000, "100%|██████████| 1000/1000 [08:10<00:00,  2.04it/s]"),
    ],
)
def test_a_bar_is_the_one_that_tqdm_writes(step, expected):
    bar = Timeline("run", steps=1000, seconds=598).bar("", step)

    assert bar == expected
    match = GENERIC.match(bar)
    assert match and (int(match["current"]), int(match["total"])) == (step, 1000)


def test_a_slow_bar_tells_seconds_per_step_and_hours():
    bar = Timeline("run", steps=100, seconds=20_000).bar("job", 50, "lr: 1")

    assert bar == "job:  50%|█████     | 50/100 [2:16:40<2:16:40, 164.00s/it, lr: 1]"


def test_the_loss_is_the_same_for_the_same_run_and_falls():
    timeline = Timeline("run", steps=1000, seconds=1)

    assert timeline.loss(5) == Timeline("run", steps=1000, seconds=9).loss(5)
    assert timeline.loss(0) > timeline.loss(1000)


def test_weights_are_a_valid_file_that_says_what_it_is():
    data = lora("run", 64, {"trainer": "some/trainer"})

    tensors = dict(safetensors.deserialize(data))

    assert all(not any(one["data"]) for name, one in tensors.items() if "lora_B" in name)
    assert b'"simulated":"true"' in data
    assert b"some/trainer" in data


@pytest.mark.parametrize(
    ("file_format", "expected"),
    [("jpg", "JPEG"), ("jpeg", "JPEG"), ("png", "PNG"), ("webp", "WEBP")],
)
def test_a_picture_has_the_format_and_size_and_says_what_it_is(file_format, expected):
    data = draw("a boat", model="m", size=(320, 256), seed=1, file_format=file_format)

    with Image.open(io.BytesIO(data)) as image:
        assert (image.format, image.size) == (expected, (320, 256))
    assert b"SIMULATED" in data
