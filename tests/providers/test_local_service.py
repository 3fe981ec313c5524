"""The same promises, kept against the really running trainer."""

from __future__ import annotations

import hashlib
import uuid
from datetime import UTC, datetime, timedelta

import pytest

from providers import errors
from providers.catalog import FLUX1_DEV
from providers.http.send_once import steady_seconds
from providers.local.provider import Local
from providers.types import Lora, Run, RunRef, RunStatus, WorkKind
from tests.providers.samples import generation_request, photo, photos, training_request
from tests.trainer.process import wait_until

pytestmark = pytest.mark.service


@pytest.fixture
def local(trainer) -> Local:
    return Local(api_key=trainer.key, base_url=trainer.url)


def token() -> str:
    return f"tw-{uuid.uuid4().hex}"


def start(local: Local, correlation: str = "", epochs: int = 5) -> Run:
    dataset = local.upload_dataset(photos(4))
    request = training_request(
        base_model=FLUX1_DEV,
        dataset=dataset,
        epochs=epochs,
        steps=4 * epochs,
        photo_count=4,
        correlation=correlation or token(),
    )
    return local.start_training(request)


def finished(local: Local, run: Run) -> Run:
    wait_until(lambda: local.get_run(RunRef(run.id)).status.is_over)
    return local.get_run(RunRef(run.id))


def test_training_from_photos_to_weights_and_a_picture(local):
    correlation = token()
    run = start(local, correlation)
    assert run.status is RunStatus.QUEUED
    assert (run.correlation, run.engine) == (correlation, "simulated")

    done = finished(local, run)
    assert done.status is RunStatus.SUCCEEDED, done.error
    assert (done.step, done.total_steps) == (20, 20)

    with local.download_weights(done) as download:
        weights = b"".join(download.chunks)
    assert download.size == len(weights)
    assert int.from_bytes(weights[:8], "little") < len(weights)

    log = local.run_log(RunRef(done.id))
    assert log.lines[0].at <= log.lines[-1].at
    assert log.losses[0][1] > log.losses[-1][1]

    drawn_as = token()
    drawn = local.generate(
        generation_request(
            base_model=FLUX1_DEV,
            correlation=drawn_as,
            lora=Lora(done.remote_ref, 0.9),
            width=256,
            height=256,
            count=2,
        )
    )
    assert (drawn.status, drawn.engine, len(drawn.outputs)) == (
        RunStatus.SUCCEEDED,
        "simulated",
        2,
    )
    images = []
    for output in drawn.outputs:
        with local.download_output(output) as download:
            images.append(b"".join(download.chunks))
    assert all(image.startswith(b"\xff\xd8\xff") for image in images)
    assert len({hashlib.sha256(image).hexdigest() for image in images}) == 2

    found = local.find_run(drawn_as, WorkKind.GENERATION)
    assert found is not None
    assert (found.id, found.outputs) == (drawn.id, drawn.outputs)
    assert local.get_run(RunRef(drawn.id, WorkKind.GENERATION)).outputs == drawn.outputs


def test_run_is_found_by_our_token_and_an_unsent_one_is_absent(local):
    correlation = token()
    run = start(local, correlation)
    found = local.find_run(correlation, WorkKind.TRAINING)
    assert found is not None
    assert found.id == run.id
    assert local.find_run(token(), WorkKind.TRAINING) is None
    lately = datetime.now(UTC) - timedelta(hours=1)
    assert local.find_run(token(), WorkKind.GENERATION, since=lately) is None


def test_call_after_its_time_leaves_nothing_at_the_trainer(local):
    correlation = token()
    dataset = local.upload_dataset(photos(4))
    request = training_request(base_model=FLUX1_DEV, dataset=dataset, correlation=correlation)
    with pytest.raises(errors.ProviderUnavailableError, match="too late"):
        local.start_training(request, not_after=steady_seconds() - 0.001)
    assert local.find_run(correlation, WorkKind.TRAINING) is None


def test_cancelling_twice_and_after_the_end_is_safe(own_trainer):
    process = own_trainer(seconds=60)
    local = Local(api_key=process.key, base_url=process.url)
    run = start(local)
    local.cancel_run(RunRef(run.id))
    local.cancel_run(RunRef(run.id))
    assert finished(local, run).status is RunStatus.CANCELLED
    local.cancel_run(RunRef(run.id))


def test_photo_that_is_none_fails_the_run_with_the_trainers_words(local):
    dataset = local.upload_dataset([*photos(3), photo(b"not a picture", 4)])
    request = training_request(base_model=FLUX1_DEV, dataset=dataset, correlation=token())
    done = finished(local, local.start_training(request))
    assert done.status is RunStatus.FAILED
    assert "4" in done.error


def test_same_photos_can_be_uploaded_again(local):
    assert local.upload_dataset(photos(4))
    assert local.upload_dataset(photos(4))


def test_description_comes_from_the_trainer(local):
    described = local.describe()
    assert described.key_is_valid
    assert FLUX1_DEV in described.can_train
    assert (described.engine, described.training_seconds) == ("simulated", 1.0)


def test_wrong_key_is_described_as_refused_and_refused_elsewhere(trainer):
    stranger = Local(api_key="not-the-key", base_url=trainer.url)
    assert not stranger.describe().key_is_valid
    with pytest.raises(errors.AuthenticationFailedError):
        stranger.list_runs(WorkKind.TRAINING)


def test_unknown_run_is_not_found(local):
    with pytest.raises(errors.RunNotFoundError):
        local.get_run(RunRef("ft-doesnotexist"))


def test_strange_weights_are_refused_with_a_reason(local):
    request = generation_request(
        base_model=FLUX1_DEV, lora=Lora("https://example.com/other.safetensors", 1.0)
    )
    with pytest.raises(errors.RequestRejectedError, match="its own"):
        local.generate(request)


def test_trainer_that_died_is_unavailable_for_a_paid_call(own_trainer):
    process = own_trainer()
    local = Local(api_key=process.key, base_url=process.url)
    dataset = local.upload_dataset(photos(4))
    process.kill()
    with pytest.raises(errors.ProviderUnavailableError):
        local.start_training(training_request(base_model=FLUX1_DEV, dataset=dataset))
