"""Lost answers, lists that hide runs, and trainings that end otherwise, at the emulator."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from jobs.work import InvalidResultError
from providers import errors
from providers.catalog import FLUX1_DEV, QWEN_IMAGE
from providers.types import RunRef, RunStatus, WorkKind
from tests.emulators.replicate.process import OSTRIS
from tests.providers.replicate.emulated import finished, prepared, received, start

pytestmark = pytest.mark.service


@pytest.mark.parametrize("fault", ["answer_lost", "cut", "malformed", "error_after"])
def test_run_whose_answer_was_lost_is_found_by_its_photos(emulated, service, fault):
    request = prepared(emulated)
    service.rules({"route": "create", "fault": fault, "script": [True]})
    with pytest.raises(errors.OutcomeUnknownError):
        emulated.start_training(request)
    service.clear()
    key = emulated.lookup_key(request)
    run = emulated.find_run(key, WorkKind.TRAINING)
    assert run is not None
    assert run.correlation == key
    assert service.ledger()["creations"][key] == [run.id]


def test_call_that_never_arrived_is_absent(emulated, service):
    request = prepared(emulated)
    service.rules({"route": "create", "fault": "reset_before", "script": [True]})
    with pytest.raises(errors.ProviderError):
        emulated.start_training(request)
    service.clear()
    assert emulated.find_run(emulated.lookup_key(request), WorkKind.TRAINING) is None


def test_lost_run_is_found_on_an_older_page_and_only_as_far_back(own, emulated_own):
    lost = start(emulated_own)
    own.pass_time(3600)
    others = prepared(emulated_own)
    for _ in range(101):
        emulated_own.start_training(others)
    found = emulated_own.find_run(lost.correlation, WorkKind.TRAINING)
    assert found is not None
    assert found.id == lost.id
    newer = datetime.now(UTC) + timedelta(minutes=30)
    listed = emulated_own.list_runs(WorkKind.TRAINING, since=newer)
    assert len(listed.runs) in {101, 102}


@pytest.mark.parametrize("fault", ["list_without_inputs", "incomplete_list"])
def test_list_that_may_hide_a_run_proves_nothing(emulated, service, fault):
    start(emulated)
    service.rules({"route": "list", "fault": fault})
    with pytest.raises(errors.ProviderError):
        emulated.find_run("http://127.0.0.1/v1/files/none", WorkKind.TRAINING)


def test_throttled_call_was_not_accepted_and_tells_the_wait(emulated, service):
    request = prepared(emulated)
    service.rules({"route": "create", "fault": "rate_limited", "script": [True]})
    with pytest.raises(errors.RateLimitedError) as raised:
        emulated.start_training(request)
    assert raised.value.retry_after is not None
    assert raised.value.retry_after >= 1
    assert emulated.lookup_key(request) not in service.ledger()["creations"]


def test_one_destination_takes_every_training(emulated):
    first, second = (finished(emulated, start(emulated, steps=100)) for _ in range(2))
    assert first.remote_ref.partition(":")[0] == second.remote_ref.partition(":")[0]
    assert first.remote_ref != second.remote_ref


@pytest.mark.parametrize(
    ("fault", "code"),
    [("out_of_memory", "out_of_memory"), ("moderated", "moderation"), ("interrupted", "")],
)
def test_cause_of_a_failure_is_told(emulated, service, fault, code):
    service.rules({"fault": fault})
    done = finished(emulated, start(emulated))
    assert (done.status, done.error_code) == (RunStatus.FAILED, code)
    assert done.error


def test_aborted_training_is_cancelled_and_free(emulated, service):
    service.rules({"fault": "aborted"})
    done = finished(emulated, start(emulated))
    assert (done.status, done.cost_usd) == (RunStatus.CANCELLED, 0.0)


def test_cancelling_is_safe_twice(own, emulated_own):
    run = start(emulated_own)
    for _ in range(2):
        emulated_own.cancel_run(RunRef(run.id))
    assert finished(emulated_own, run).status is RunStatus.CANCELLED
    emulated_own.cancel_run(RunRef(run.id))


def test_photos_that_are_no_longer_there_are_noticed_before_anything_is_paid(emulated):
    request = prepared(emulated)
    emulated.delete_dataset(request.dataset)
    with pytest.raises(errors.InputExpiredError):
        emulated.prepare_training(request)


def test_training_on_photos_that_went_meanwhile_fails_with_its_cause(emulated):
    request = prepared(emulated)
    emulated.delete_dataset(request.dataset)
    try:
        run = finished(emulated, emulated.start_training(request))
    except errors.InputExpiredError:
        return
    assert (run.status, run.error_code) == (RunStatus.FAILED, "input_expired")


def test_vanished_trainer_is_neither_offered_nor_paid(emulated, service):
    service.rules({"fault": "trainer_gone", "only": OSTRIS})
    described = emulated.describe()
    assert described.can_train == (QWEN_IMAGE,)
    with pytest.raises(errors.TrainerGoneError, match="flux-dev-lora-trainer"):
        prepared(emulated)


def test_trainer_that_calls_its_inputs_otherwise_is_neither_offered_nor_paid(emulated, service):
    request = prepared(emulated)
    service.rules({"fault": "changed_schema", "only": OSTRIS})
    assert FLUX1_DEV not in emulated.describe().can_train
    with pytest.raises(errors.TrainerGoneError, match="“input_images”"):
        emulated.prepare_training(request)
    with pytest.raises(errors.RequestRejectedError):
        emulated.start_training(request)


def test_hostile_archive_brings_nothing_home(emulated, service):
    service.rules({"fault": "hostile_archive"})
    done = finished(emulated, start(emulated))
    with pytest.raises(InvalidResultError):
        received(emulated, done)
