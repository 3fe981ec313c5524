"""A workshop, and trainers in it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.trainer.process import TrainerProcess
from tests.trainer.real.workshop import KLEIN, Workshop

Begin = Callable[..., TrainerProcess]


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    """One card of 24 GB, and a base model that fits."""
    workshop = Workshop(tmp_path / "workshop")
    workshop.has_model(KLEIN)
    return workshop


@pytest.fixture
def begin(own_trainer, workshop: Workshop) -> Begin:
    """Starts a trainer in the workshop, by default one that waits for no child long."""

    def start(module: str = "tests.trainer.real.impatient_trainer", **more: object):
        return own_trainer(module=module, **{**workshop.environment, **more})

    return start
