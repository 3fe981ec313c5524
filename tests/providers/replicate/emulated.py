"""Trainings at the emulator of Replicate: another process, reached over HTTP."""

from __future__ import annotations

import uuid
from dataclasses import replace

from providers.catalog import FLUX1_DEV
from providers.replicate.provider import Replicate
from providers.types import Photo, Run, RunRef, TrainingRequest, WorkKind
from tests.providers.samples import photos, training_request
from tests.trainer.process import wait_until
from training import weights


def captioned(count: int) -> list[Photo]:
    return [replace(photo, is_captioned=True) for photo in photos(count)]


def prepared(provider: Replicate, **changes: object) -> TrainingRequest:
    given = {"base_model": FLUX1_DEV, "steps": 200, "learning_rate": 0.0004, **changes}
    dataset = provider.upload_dataset(photos(4))
    request = training_request(dataset=dataset, correlation=f"tw-{uuid.uuid4().hex}", **given)
    return provider.prepare_training(request)


def start(provider: Replicate, **changes: object) -> Run:
    return provider.start_training(prepared(provider, **changes))


def finished(provider: Replicate, run: Run, kind: WorkKind = WorkKind.TRAINING) -> Run:
    ref = RunRef(run.id, kind)
    wait_until(lambda: provider.get_run(ref).status.is_over)
    return provider.get_run(ref)


def received(provider: Replicate, run: Run) -> weights.StoredWeights:
    with provider.download_weights(run) as download:
        return weights.receive(download, model_id=uuid.uuid4(), report=lambda _text: None)
