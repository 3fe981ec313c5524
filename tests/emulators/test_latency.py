"""A trainer that is far away."""

from __future__ import annotations

import time

import httpx
import pytest


@pytest.mark.service
def test_latency_is_added_to_every_answer(own_trainer):
    trainer = own_trainer(module="emulators.trainer", EMULATOR_LATENCY_MS=150)
    begun = time.monotonic()

    answer = httpx.get(f"{trainer.url}/v1/fine-tunes", headers=trainer.headers)

    assert time.monotonic() - begun >= 0.15
    assert answer.status_code == 200
