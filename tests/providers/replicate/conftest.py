"""Replicate with recorded answers, and Replicate's emulator."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import responses

from providers.replicate.fast import ReplicateFast
from providers.replicate.provider import Replicate
from tests.emulators.replicate.process import (
    KEY as EMULATED_KEY,
    Replicate as Service,
    ReplicateProcess,
)
from tests.providers.replicate.samples import API, HASH, ROOT, reply
from tests.providers.samples import KEY


@pytest.fixture
def replicate() -> Replicate:
    return Replicate(api_key=KEY, base_url=ROOT)


@pytest.fixture
def fast() -> ReplicateFast:
    return ReplicateFast(api_key=KEY, base_url=ROOT)


@pytest.fixture
def wire():
    """Every free call that precedes a paid one, answered as on a usual day."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mocked:
        mocked.get(f"{API}/account", json=reply("account"))
        mocked.get(f"{API}/files/ZmI4", json=reply("file"))
        mocked.get(f"{API}/models/acme/theway-loras", json=reply("destination"))
        mocked.get(f"{API}/models/acme/theway-loras/versions/{HASH}", json=reply("version_own"))
        for model in ("ostris", "fast", "qwen", "flux_runner", "klein_runner"):
            data = reply(f"model_{model}")
            mocked.get(f"{API}/models/{data['owner']}/{data['name']}", json=data)
        small = {**reply("model_klein_runner"), "name": "flux-2-klein-4b-base-lora"}
        mocked.get(f"{API}/models/{small['owner']}/{small['name']}", json=small)
        yield mocked


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReplicateProcess]:
    process = ReplicateProcess(tmp_path_factory.mktemp("replicate") / "data")
    process.start()
    yield process
    process.stop()


@pytest.fixture
def service(process: ReplicateProcess) -> Iterator[Service]:
    """What stands in for Replicate, to look at it and to let it fail."""
    service = Service(process)
    service.clear()
    yield service
    service.clear()


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Service]:
    """One of a test's own, whose trainings take long."""
    process = ReplicateProcess(tmp_path / "own", training=600.0)
    process.start()
    yield Service(process)
    process.stop()


@pytest.fixture
def emulated(service: Service) -> Replicate:
    return Replicate(api_key=EMULATED_KEY, base_url=service.process.url)


@pytest.fixture
def emulated_own(own: Service) -> Replicate:
    return Replicate(api_key=EMULATED_KEY, base_url=own.process.url)
