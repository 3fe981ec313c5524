"""The bundled trainer for tests: one shared and fast, or one of a test's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.trainer.process import TrainerProcess

OwnTrainer = Callable[..., TrainerProcess]


@pytest.fixture(scope="session")
def trainer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrainerProcess]:
    """A running trainer: a training takes a second, a picture 0.05 s. Shared: leave it running."""
    folder = tmp_path_factory.mktemp("trainer") / "data"
    process = TrainerProcess(folder, seconds=1, image_seconds=0.05, slots=8)
    process.start()
    yield process
    process.stop()


@pytest.fixture
def own_trainer(tmp_path: Path) -> Iterator[OwnTrainer]:
    """Starts trainers that a test may stop, kill and start again on the same port and folder.

    Keywords become TRAINER_ variables: `own_trainer(seconds=5, slots=1)`; `key` is the one key.
    """
    started: list[TrainerProcess] = []

    def start(**environment: object) -> TrainerProcess:
        settings = {"seconds": 1, "image_seconds": 0.05, **environment}
        process = TrainerProcess(tmp_path / f"trainer-{len(started)}", **settings)  # type: ignore[arg-type]
        started.append(process)
        process.start()
        return process

    yield start
    for process in started:
        process.kill()
