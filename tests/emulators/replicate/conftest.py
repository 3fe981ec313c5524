"""One shared emulator of Replicate, and emulators of a test's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import replicate as client_of_replicate

from tests.emulators.replicate.process import KEY, Replicate, ReplicateProcess
from tests.emulators.replicate.receiver import Receiver, listening


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReplicateProcess]:
    """A running emulator: a training takes 0.4 s, a picture 0.05 s."""
    process = ReplicateProcess(tmp_path_factory.mktemp("replicate") / "data")
    process.start()
    yield process
    process.stop()


@pytest.fixture
def replicate(process: ReplicateProcess) -> Iterator[Replicate]:
    """Talks to the shared emulator, without faults before and after."""
    replicate = Replicate(process)
    replicate.clear()
    yield replicate
    replicate.clear()


@pytest.fixture
def own_replicate(tmp_path: Path) -> Iterator[Callable[..., Replicate]]:
    """Starts emulators that a test may kill, age and start again on the same port and folder."""
    started: list[ReplicateProcess] = []

    def start(**seconds: float) -> Replicate:
        process = ReplicateProcess(tmp_path / f"replicate-{len(started)}", **seconds)
        started.append(process)
        process.start()
        return Replicate(process)

    yield start
    for process in started:
        process.kill()


@pytest.fixture
def client(
    replicate: Replicate, monkeypatch: pytest.MonkeyPatch
) -> Iterator[client_of_replicate.Client]:
    """Replicate's own client, unchanged, at the shared emulator."""
    monkeypatch.setenv("REPLICATE_POLL_INTERVAL", "0.02")
    client = client_of_replicate.Client(api_token=KEY, base_url=replicate.process.url)
    yield client
    client._client.close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Takes webhooks."""
    with listening() as receiver:
        yield receiver
