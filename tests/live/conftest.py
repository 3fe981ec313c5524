"""The site with streams for programs."""

from __future__ import annotations

import pytest

from live import addresses as stream_addresses, rendering
from tests.factories import JobFactory, UserModelFactory
from tests.live.addresses import register
from tests.live.happening import token_of
from tests.live.programs import Programs


@pytest.fixture(autouse=True)
def site(settings, monkeypatch):
    monkeypatch.setattr(stream_addresses, "_patterns", set(stream_addresses._patterns))
    monkeypatch.setattr(rendering, "_renders", dict(rendering._renders))
    settings.ROOT_URLCONF = "tests.live.addresses"
    register()


@pytest.fixture
def job(owner):
    return JobFactory(model=UserModelFactory(owner=owner, training=True), running=True)


@pytest.fixture
def token(owner) -> str:
    return token_of(owner)


@pytest.fixture
def programs() -> Programs:
    return Programs()
