"""Replicate keeps what every provider must keep. Its own ways: tests/providers/replicate."""

from __future__ import annotations

import os

import pytest

from providers.catalog import FLUX1_DEV, QWEN_IMAGE
from providers.replicate.provider import Replicate
from providers.types import GenerationRequest, TrainingRequest
from tests.providers.contract import ProviderContract
from tests.providers.replicate.samples import API, OSTRIS, ROOT, picture_request, training_request


class TestReplicateContract(ProviderContract):
    provider_class = Replicate
    base_url = API
    entries = "results"

    def training_request(self) -> TrainingRequest:
        target = {"version": OSTRIS, "destination": "acme/theway-loras", "input": {"steps": 1000}}
        return training_request(target=target)

    def generation_request(self) -> GenerationRequest:
        return picture_request()


@pytest.mark.live
@pytest.mark.skipif(not os.environ.get("REPLICATE_API_TOKEN"), reason="needs REPLICATE_API_TOKEN")
def test_real_service_accepts_our_key_and_says_what_it_trains():
    replicate = Replicate(api_key=os.environ["REPLICATE_API_TOKEN"], base_url=ROOT)
    described = replicate.describe()
    assert described.key_is_valid
    assert described.can_train == (FLUX1_DEV, QWEN_IMAGE)
