from __future__ import annotations

import pytest
import responses

from providers.replicate.fast import ReplicateFast
from providers.replicate.provider import Replicate
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
