"""Whether the disk has room for a training is asked before anything is done."""

from __future__ import annotations

from collections import namedtuple
from dataclasses import replace
from pathlib import Path

import pytest

from tests.trainer.real.calls import begun, kinds
from trainer.engines.diffusers import room
from trainer.engines.diffusers.known import KNOWN
from trainer.engines.diffusers.protocol import Recipe
from trainer.engines.diffusers.room import MIB, gigabytes, most_usual, room_for, why_no_room

FLUX = KNOWN["black-forest-labs/FLUX.1-dev"]
RECIPE = Recipe(2000, 1e-4, 16, 1, (512, 768, 1024), 42, samples=(0, 500, 1000, 1500, 2000))
Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def disk(monkeypatch, tmp_path):
    """A disk with so many bytes free; returns a folder on it."""

    def has(free: int) -> Path:
        monkeypatch.setattr(room.shutil, "disk_usage", lambda _path: Usage(2**40, 0, free))
        return tmp_path

    return has


def test_a_training_on_a_larger_model_of_more_photos_at_a_higher_rank_needs_more():
    usual = room_for(FLUX, RECIPE, 20).total
    assert 1000 * MIB < usual < 3000 * MIB
    assert room_for(KNOWN["Qwen/Qwen-Image"], RECIPE, 20).total > usual
    assert room_for(FLUX, RECIPE, 50).total > usual
    assert room_for(FLUX, replace(RECIPE, rank=64), 20).state == pytest.approx(
        4 * room_for(FLUX, RECIPE, 20).state
    )
    assert room_for(FLUX, replace(RECIPE, keep_prior=True), 20).total > usual
    assert room_for(FLUX, replace(RECIPE, checkpoints=(500, 1000)), 20).total > usual
    assert room_for(FLUX, replace(RECIPE, eight_bit_optimiser=True), 20).total < usual
    assert room_for(FLUX, RECIPE, 20, in_full=True).total > usual


def test_weights_under_two_names_are_two_files():
    sdxl = KNOWN["stabilityai/stable-diffusion-xl-base-1.0"]
    alike = replace(sdxl, family="flux1")
    more = room_for(sdxl, RECIPE, 5).results - room_for(alike, RECIPE, 5).results
    assert more == sdxl.lora_mib * MIB


def test_what_is_missing_is_said_with_its_parts_and_what_to_do(disk):
    needed = room_for(FLUX, RECIPE, 20)
    assert why_no_room(needed, disk(needed.total)) == ""
    said = why_no_room(needed, disk(300 * MIB))
    assert said.startswith(
        f"The disk of the trainer's folder has 0.3 GB free, and this training needs about "
        f"{gigabytes(needed.total)}: "
    )
    assert "for encoded photos" in said
    assert said.endswith("TRAINER_DIR name a folder on a larger disk, then try again.")


def test_what_an_earlier_try_has_left_is_replaced_and_counts_as_free(disk):
    needed = room_for(KNOWN["theway/tiny-shapes"], Recipe(10, 1e-4, 4, 1, (256,), 1), 4)
    folder = disk(needed.total - 1000)
    assert why_no_room(needed, folder)
    (folder / "scratch").mkdir()
    (folder / "scratch" / "cache.pt").write_bytes(bytes(1000))
    assert not why_no_room(needed, folder)


def test_a_usual_training_of_the_most_demanding_model_here_is_what_counts():
    names = ["black-forest-labs/FLUX.1-dev", "theway/tiny-shapes"]
    assert most_usual(names) == most_usual(names[:1]) > most_usual(names[1:])
    assert most_usual([]) == 0


@pytest.mark.service
def test_a_run_that_the_disk_has_no_room_for_fails_before_any_work(
    begin, client_of, workshop, tmp_path
):
    client = client_of(begin(module="tests.trainer.real.crowded_trainer"))

    job = client.wait(begun(client, tmp_path))

    assert job["status"] == "error"
    assert "50 MB free, and this training needs about" in job["events"][-1]["message"]
    assert "job_start" not in kinds(job)
    assert workshop.starts == []
