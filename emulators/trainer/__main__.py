"""`python -m emulators.trainer`: the trainer, which fails on request.

Reads the trainer's variables and EMULATOR_LATENCY_MS, waited before every request.
"""

from __future__ import annotations

import logging
import os
import sys

from emulators.faults.connection import protocol
from emulators.faults.layer import FaultLayer
from emulators.faults.ledger import Ledger
from emulators.faults.plan import Plan
from emulators.trainer.engine import StuckEngine
from emulators.trainer.service import TrainerService
from environment.reading import Environment
from environment.values import Number
from trainer.app import create_app
from trainer.config import Config
from trainer.engines import choice
from trainer.server import serve

log = logging.getLogger("emulators.trainer")
LATENCY_MS = Number("EMULATOR_LATENCY_MS", 0, high=60_000)


def emulate(config: Config) -> FaultLayer:
    """Return the trainer's application in the fault layer; raise as `serve` knows."""
    latency = Environment(os.environ).get(LATENCY_MS) / 1000
    log.warning(
        "FAULT INJECTION IS ON: this trainer fails on request. Never use it with real photos"
    )
    plan = Plan()
    app = create_app(config, StuckEngine(choice.build(config), plan))
    service = TrainerService(app.state.parts)
    ledger = Ledger(config.folder / "ledger.jsonl", service.paid_routes.values())
    return FaultLayer(app, service, plan, ledger, latency=latency)


if __name__ == "__main__":
    sys.exit(serve(emulate, protocol()))
