"""One shared emulator of fal, and emulators of a test's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.emulators.fal.process import Fal, FalProcess
from tests.emulators.replicate.receiver import Receiver, listening


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FalProcess]:
    """A running emulator: a training takes 0.15 s, a picture 0.05 s."""
    process = FalProcess(tmp_path_factory.mktemp("fal") / "data")
    process.start()
    yield process
    process.stop()


@pytest.fixture
def fal(process: FalProcess) -> Iterator[Fal]:
    """Talks to the shared emulator, without faults before and after."""
    fal = Fal(process)
    fal.clear()
    yield fal
    fal.clear()
    fal.close()


@pytest.fixture
def stranger(process: FalProcess) -> Iterator[Fal]:
    """Talks to the shared emulator with the key of another account."""
    fal = Fal(process, "account-2:secret")
    yield fal
    fal.close()


@pytest.fixture
def own_fal(tmp_path: Path) -> Iterator[Callable[..., Fal]]:
    """Starts emulators that a test may kill and start again; keywords are seconds."""
    started: list[Fal] = []

    def start(**seconds: float) -> Fal:
        process = FalProcess(tmp_path / f"fal-{len(started)}", **seconds)
        process.start()
        started.append(Fal(process))
        return started[-1]

    yield start
    for fal in started:
        fal.close()
        fal.process.kill()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Takes webhooks."""
    with listening() as receiver:
        yield receiver
