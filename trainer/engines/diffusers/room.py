"""What a training needs of the disk, and whether that is there: asked before any work is done."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from trainer.disk import SCRATCH
from trainer.engines.diffusers.known import GIB, KNOWN, Known
from trainer.engines.diffusers.protocol import Recipe

MIB = 1024**2
# Beside it the log, the database and what is drawn meanwhile.
LEFT_OVER = 100 * MIB
_PIXEL = 2  # bytes of latents: the most have half a number for each, of four bytes
_SAMPLE = 0.3 * MIB
# Numbers of four bytes where a file has one of two: the LoRA itself, the mean of its last steps,
# and what the optimiser keeps of each.
_STATE, _EIGHT_BIT_STATE = 2 + 2 + 4, 2 + 2 + 1
_NAMES = {"sdxl": 2, "sd15": 2}  # files, by family: they are written under two kinds of names


@dataclass(frozen=True, slots=True)
class Room:
    """Bytes of a run's folder, by what they are for."""

    encoded: float  # photos and captions
    state: float  # to go on from; the new one is whole before the old one goes
    results: float  # checkpoints, samples, weights

    @property
    def total(self) -> int:
        return round(self.encoded + self.state + self.results) + LEFT_OVER

    @property
    def words(self) -> str:
        return (
            f"{gigabytes(self.encoded)} for encoded photos, {gigabytes(self.state)} for the state "
            f"it goes on from, {gigabytes(self.results)} for checkpoints, samples and weights"
        )


def room_for(known: Known, recipe: Recipe, photos: int, *, in_full: bool = False) -> Room:
    """Return what a training needs; `in_full` where weights are written in 32 bits."""
    captions = photos * (2 if recipe.keep_prior else 1) + 3  # the empty one, those of the samples
    pixels = photos * sum(side * side for side in recipe.resolutions)
    lora = known.lora_mib * MIB * recipe.rank / 16
    state = _EIGHT_BIT_STATE if recipe.eight_bit_optimiser else _STATE
    files = (len(recipe.checkpoints) + _NAMES.get(known.family, 1)) * (2 if in_full else 1)
    return Room(
        encoded=pixels * _PIXEL + captions * known.caption_mib * MIB,
        state=2 * state * lora,
        results=files * lora + len(recipe.samples) * 2 * _SAMPLE,
    )


def why_no_room(room: Room, folder: Path) -> str:
    """Return a sentence where the disk of a run's folder has less room; empty where it has it."""
    free = shutil.disk_usage(folder).free + _of_before(folder)
    if free >= room.total:
        return ""
    return (
        f"The disk of the trainer's folder has {gigabytes(free)} free, and this training needs "
        f"about {gigabytes(room.total)}: {room.words}. Free some space there, or let TRAINER_DIR "
        "name a folder on a larger disk, then try again."
    )


def _of_before(folder: Path) -> int:
    """Return the bytes of an earlier try, which a new one replaces."""
    try:
        return sum(path.stat().st_size for path in (folder / SCRATCH).glob("*") if path.is_file())
    except OSError:
        return 0


def most_usual(names: list[str]) -> int:
    """Return the bytes that a usual training of the most demanding of these base models needs:
    twenty photos at every size, rank 16."""
    found = [KNOWN[name] for name in names]
    return max((room_for(one, _USUAL, 20).total for one in found), default=0)


def gigabytes(size: float) -> str:
    """Return a size as people read it."""
    return f"{size / GIB:.1f} GB" if size >= GIB / 10 else f"{size / MIB:.0f} MB"


_USUAL = Recipe(2000, 1e-4, 16, 1, (512, 768, 1024), 42, samples=(0, 500, 1000, 1500, 2000))
