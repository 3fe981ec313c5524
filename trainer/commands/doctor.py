"""`python -m trainer doctor [--try]`: what works of real training here, and what to do next."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trainer.commands import PROGRAM
from trainer.config import Config
from trainer.engines.diffusers.cards import cards
from trainer.engines.diffusers.fitting import KNOWS_BFLOAT16, why_not
from trainer.engines.diffusers.installed import installed
from trainer.engines.diffusers.known import GIB, KNOWN, SHIPPED_MODEL
from trainer.engines.diffusers.room import gigabytes, most_usual

_CHECKUP = "trainer.engines.diffusers.checkup"
_ROOT = Path(__file__).resolve().parents[2]
_ASK_SECONDS = 300.0  # the first import of torch may be slow
_LEAST_MEMORY = 16 * GIB


@dataclass(frozen=True, slots=True)
class Finding:
    """One line. `todo` is what to do where it stands in the way, `is_advice` where it does not."""

    words: str
    todo: str = ""
    is_advice: bool = False

    @property
    def line(self) -> str:
        mark = "ok" if not self.todo else "note" if self.is_advice else "NO"
        return f"{mark:5} {self.words}"


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare `doctor`."""
    parser = commands.add_parser("doctor", help="what works of real training on this machine")
    parser.add_argument("--try", action="store_true", help="train and draw with the tiny model too")


def run(asked: argparse.Namespace, config: Config) -> int:
    """Print what was found; return 1 where something stands in the way of real training."""
    stands = None
    for finding in _findings(config, is_tried=vars(asked)["try"]):
        print(finding.line, flush=True)
        if finding.todo and not finding.is_advice and stands is None:
            stands = finding
    if stands is None:
        print("\nEverything is there: trainings on this machine are real.")
        return 0
    print(f"\nNext: {stands.todo}")
    return 1


def _findings(config: Config, *, is_tried: bool) -> Iterator[Finding]:
    yield _engine(config)
    packages, found = _packages(config)
    yield packages
    yield from _cards(found)
    yield from _models(config)
    yield from _room(config)
    if is_tried and not packages.todo:
        yield _trial(config)


def _engine(config: Config) -> Finding:
    if config.engine == "simulated":
        words = "TRAINER_ENGINE is simulated: nothing is learned, whatever is here"
        return Finding(words, "Set TRAINER_ENGINE=auto, or delete the line.")
    return Finding(f"TRAINER_ENGINE is {config.engine}")


def _packages(config: Config) -> tuple[Finding, dict[str, Any]]:
    """Return what is said of the packages, and what they answered."""
    setup = "Run `make setup-training` (1.5 GB; 6 GB with CUDA)."
    if not config.python.is_file():
        return Finding(f"no packages for training: {config.python} is missing", setup), {}
    try:
        done = subprocess.run(
            [config.python, "-m", _CHECKUP],
            cwd=_ROOT,
            capture_output=True,
            text=True,
            timeout=_ASK_SECONDS,
        )
        found: dict[str, Any] = dict(json.loads(done.stdout.strip().splitlines()[-1]))
        versions = found["versions"].items()
    except (OSError, subprocess.TimeoutExpired, LookupError, ValueError, TypeError, AttributeError):
        return Finding(f"{config.python} does not answer", setup), {}
    broken = [f"{name}: {_error(one)}" for name, one in versions if _error(one)]
    if broken:
        return Finding("; ".join(broken), setup), found
    named = ", ".join(f"{name} {version}" for name, version in versions)
    return Finding(f"packages: Python {found.get('python', '')}, {named}"), found


def _cards(found: dict[str, Any]) -> Iterator[Finding]:
    here = cards()
    if not here:
        words = "no graphics card that its driver (nvidia-smi) knows"
        yield Finding(words, "Use a hosted trainer, or a machine with an NVIDIA card.")
        return
    for card in here:
        memory = f"{card.memory / GIB:.1f} GB, {card.free / GIB:.1f} of them free"
        words = f"card {card.index}: {card.name}, {memory}"
        if card.computes < KNOWS_BFLOAT16:
            yield Finding(f"{words}: only for SDXL and SD 1.5", "RTX 30 or newer", is_advice=True)
        else:
            yield Finding(words)
    if found:
        yield _seen(found)


def _seen(found: dict[str, Any]) -> Finding:
    """Return whether torch sees the card, and can hold a model in four bits."""
    todo = "Install torch for your driver: TORCH=… make setup-training (docs/trainer.md)."
    if error := _error(found.get("cuda")):
        return Finding(f"torch fails on the card: {error}", todo)
    if not found.get("cuda"):
        return Finding("torch sees no card: it is a build for the processor", todo)
    if error := _error(found.get("quantised")):
        return Finding(f"no base model in four bits: {error}", "bitsandbytes", is_advice=True)
    return Finding(f"torch sees the card, CUDA {found['cuda']}; four bits work")


def _models(config: Config) -> Iterator[Finding]:
    here = installed(config.models, config.hub)
    card = next(iter(cards()), None)
    real = [name for name in here if name != SHIPPED_MODEL]
    for name in real:
        why = why_not(KNOWN[name], card, here) if card else ""
        yield Finding(f"base model {name}" + (f": {why}" if why else ""), why, is_advice=True)
    if not real:
        words = "no base model on this machine"
        yield Finding(words, f"Run `{PROGRAM} models list`, then get one that fits.")
    has_token = bool(os.environ.get("HF_TOKEN"))
    yield Finding(
        f"token of huggingface.co: {'yes' if has_token else 'no (for gated models only)'}"
    )


def _room(config: Config) -> Iterator[Finding]:
    place = next(one for one in [config.folder, *config.folder.parents] if one.is_dir())
    free = shutil.disk_usage(place).free
    here = installed(config.models, config.hub)
    needed = most_usual(list(here))
    words = f"{gigabytes(free)} free on the disk of {config.folder}"
    words += f", a training of twenty photos needs up to {gigabytes(needed)}"
    yield Finding(words, "Free some disk, or set TRAINER_DIR." if free < needed else "")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    words = f"{memory / GIB:.0f} GB of memory"
    low = memory < _LEAST_MEMORY
    yield Finding(words, "16 GB or more: a base model passes through it" if low else "", low)


def _trial(config: Config) -> Finding:
    from trainer.commands.trial import try_out

    with tempfile.TemporaryDirectory(prefix="theway-doctor-") as folder:
        problem, seconds = asyncio.run(try_out(config, Path(folder)))
    if problem:
        return Finding(f"the trial failed: {problem}", "Look at what it printed above.")
    return Finding(f"trained the tiny model 20 steps and drew with it, in {seconds:.0f} s")


def _error(answer: Any) -> str:
    return str(answer.get("error", "")) if isinstance(answer, dict) else ""
