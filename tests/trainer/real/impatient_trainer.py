"""`python -m tests.trainer.real.impatient_trainer`: the trainer, which waits for no child long."""

from __future__ import annotations

import sys

from starlette.types import ASGIApp

from trainer.app import create_app
from trainer.config import Config
from trainer.engines.diffusers.cards import cards
from trainer.engines.diffusers.child_process import Limits
from trainer.engines.diffusers.engine import DiffusersEngine
from trainer.engines.diffusers.setup import Places
from trainer.server import serve

LIMITS = Limits(silent=1.0, beat=3.0, end=0.5)


def impatient(config: Config) -> ASGIApp:
    """Return the trainer's application with limits of a second or so."""
    measured = config.folder / "measured.json"
    places = Places(config.python, config.models, config.hub, measured)
    return create_app(config, DiffusersEngine(places, cards(), LIMITS, config.keep_seconds))


if __name__ == "__main__":
    sys.exit(serve(impatient))
