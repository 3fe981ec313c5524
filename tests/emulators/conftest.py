"""Emulators as what they are: other processes, reached over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.emulators.faulty import FaultyTrainer
from tests.trainer.photos import write_dataset
from tests.trainer.process import TrainerProcess
from tests.trainer_fixtures import OwnTrainer


@pytest.fixture(scope="module")
def shared_faulty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaultyTrainer]:
    """A trainer that fails on request."""
    folder = tmp_path_factory.mktemp("faulty")
    process = TrainerProcess(
        folder / "data", module="emulators.trainer", seconds=1, image_seconds=0.05, slots=8
    )
    process.start()
    faulty = FaultyTrainer(process)
    faulty.upload(write_dataset(folder / "set.jsonl"))
    yield faulty
    process.stop()


@pytest.fixture
def faulty(shared_faulty: FaultyTrainer) -> Iterator[FaultyTrainer]:
    """The shared failing trainer, without faults before and after."""
    shared_faulty.clear()
    yield shared_faulty
    shared_faulty.clear()


@pytest.fixture
def own_faulty(own_trainer: OwnTrainer, tmp_path: Path) -> Callable[..., FaultyTrainer]:
    """Starts failing trainers of a test's own."""

    def start(**environment: object) -> FaultyTrainer:
        faulty = FaultyTrainer(own_trainer(module="emulators.trainer", **environment))
        faulty.upload(write_dataset(tmp_path / "set.jsonl"))
        return faulty

    return start
