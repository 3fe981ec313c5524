"""Which engine trains and generates here."""

from __future__ import annotations

import logging
import subprocess

from trainer.config import Config
from trainer.engines.base import Engine
from trainer.engines.diffusers.cards import PROCESSOR, cards
from trainer.engines.diffusers.engine import DiffusersEngine
from trainer.engines.diffusers.known import SHIPPED_MODEL
from trainer.engines.diffusers.measured import FILE
from trainer.engines.diffusers.setup import Places
from trainer.errors import ConfigurationError

log = logging.getLogger("trainer")

_ASK_SECONDS = 60.0


def build(config: Config) -> Engine:
    """Return the configured engine, and say in the log which and why. Raises ConfigurationError
    where the real one is asked for and cannot be had."""
    measured = config.folder / FILE
    places = Places(config.python, config.models, config.hub, measured)
    if config.engine == "diffusers":
        return _real(places, config)
    missing = _missing(places) if config.engine == "auto" else ""
    if config.engine == "auto" and not missing:
        return _real(places, config)
    if missing:
        log.info("The engine is simulated and learns nothing: %s", missing)
    from trainer.engines.simulated.engine import SimulatedEngine

    return SimulatedEngine(config.training_seconds, config.image_seconds, config.slots, missing)


def _real(places: Places, config: Config) -> Engine:
    build = _build_of_torch(places)
    if not build:
        raise ConfigurationError("TRAINER_ENGINE=diffusers needs `make setup-training`.")
    found = cards() if build == "cuda" else []
    engine = DiffusersEngine(places, found, keep_seconds=config.keep_seconds)
    on = ", ".join(card.name for card in found) or PROCESSOR.name
    names = ", ".join(engine.models()) or "no base model yet"
    log.info("The engine is diffusers on %s, for: %s", on, names)
    return engine


def _missing(places: Places) -> str:
    """Return what the real engine lacks; empty where nothing is missing."""
    if not places.python.is_file():
        return "there are no packages for training (`make setup-training`)"
    if not cards():
        return "there is no graphics card that its driver knows"
    if not places.installed().keys() - {SHIPPED_MODEL}:
        # What comes with the project is for trying: alone it is no reason to train for real.
        return "no base model is on this machine (docs/trainer.md)"
    build = _build_of_torch(places)
    if not build:
        return "the packages for training are not complete"
    return "" if build == "cuda" else "torch is a build for the processor (docs/trainer.md)"


_ASKED = """
import importlib.util as u, runpy
assert all(map(u.find_spec, ["diffusers", "peft", "transformers", "safetensors"]))
torch = u.find_spec("torch").submodule_search_locations[0]
print("cuda" if runpy.run_path(torch + "/version.py").get("cuda") else "cpu")
"""


def _build_of_torch(places: Places) -> str:
    """Return cuda or cpu where that Python finds what the child imports, else nothing. Nothing is
    imported for it: that would take seconds."""
    try:
        done = subprocess.run(
            [places.python, "-c", _ASKED], capture_output=True, text=True, timeout=_ASK_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
