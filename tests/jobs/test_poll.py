"""Following runs: batched, bounded, and never taking blindness for an end."""

from datetime import timedelta

import pytest
import requests
import time_machine
from django.utils import timezone

from jobs import selectors
from jobs.engine import due, poll
from jobs.models import JobEvent, JobQueue, ProviderStatus, new_correlation
from jobs.states import Status
from models_app.models import UserModel
from tests.factories import JobFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("machine_clock")]


@pytest.fixture
def job(scripted) -> JobQueue:
    return JobFactory(running=True, run_id="ft-1")


def seen(scripted, job, **run):
    scripted.lists({"id": job.run_id, **run})
    JobQueue.objects.update(next_poll_at=timezone.now())
    poll.poll("local")
    job.refresh_from_db()


def test_two_hundred_runs_are_seen_with_one_list_call(scripted):
    jobs = [JobFactory(running=True) for _ in range(200)]
    scripted.lists(*({"id": job.run_id, "status": "running", "step": 3} for job in jobs))
    poll.poll("local")
    assert scripted.count("GET", "/fine-tunes") == 1
    assert JobQueue.objects.filter(step=3).count() == 200


def test_progress_is_stored_and_told_once(scripted, job):
    for _ in range(2):
        seen(scripted, job, status="running", step=30, total_steps=100)
    assert (job.step, job.total_steps, job.progress) == (30, 100, 0.3)
    assert job.events.filter(kind=JobEvent.Kind.PROGRESS).count() == 1


def test_progress_never_goes_backwards(scripted, job):
    seen(scripted, job, status="running", step=60, total_steps=100)
    seen(scripted, job, status="running", step=20, total_steps=100)
    assert (job.step, job.progress) == (60, 0.6)


@pytest.mark.parametrize("total", [None, 10, 90])
def test_the_end_takes_no_step_back(scripted, job, total):
    JobQueue.objects.update(step=50, total_steps=total)
    seen(scripted, job, status="completed")
    assert (job.status, job.step) == (Status.FINISHING, max(50, total or 0))


def test_a_word_nobody_knows_is_no_end(scripted, job):
    seen(scripted, job, status="hibernating")
    assert job.status == Status.RUNNING


@pytest.mark.parametrize("status", [500, 502, 503, 429])
def test_a_network_error_is_not_a_failed_training(scripted, job, status):
    scripted.fails_to_list(status)
    poll.poll("local")
    job.refresh_from_db()
    assert job.status == Status.RUNNING
    assert UserModel.objects.get().status == UserModel.Status.TRAINING
    assert job.next_poll_at > timezone.now()


def test_a_trainer_that_is_away_is_asked_less_and_less_often(scripted, job):
    scripted.fails_to_list(body=requests.ConnectionError("refused"))
    waits = []
    for _ in range(7):
        JobQueue.objects.update(next_poll_at=timezone.now())
        ProviderStatus.objects.update(paused_until=None)
        before = timezone.now()
        poll.poll("local")
        job.refresh_from_db()
        waits.append(round((job.next_poll_at - before).total_seconds()))
    assert waits == [2, 4, 8, 16, 32, 60, 60]


def test_a_run_missing_in_the_list_is_asked_for_by_itself(scripted, job):
    scripted.lists()
    scripted.mock.get(
        "http://127.0.0.1:9/v1/fine-tunes/ft-1", json={"id": "ft-1", "status": "running", "step": 9}
    )
    scripted.logs("ft-1")
    poll.poll("local")
    job.refresh_from_db()
    assert (job.status, job.step) == (Status.RUNNING, 9)


def test_a_run_the_trainer_does_not_know_is_not_declared_dead(scripted, job):
    scripted.lists()
    scripted.mock.get("http://127.0.0.1:9/v1/fine-tunes/ft-1", status=404)
    poll.poll("local")
    job.refresh_from_db()
    assert job.status == Status.RUNNING


def test_a_completed_run_is_fetched(scripted, job):
    seen(scripted, job, status="completed")
    assert (job.status, job.progress) == (Status.FINISHING, 1.0)
    assert due.collections() == [str(job.pk)]


def test_a_failed_run_tells_the_trainers_own_words(scripted, job):
    events = [{"type": "job_error", "level": "error", "message": "Bad photo in line 3"}]
    scripted.mock.get(
        "http://127.0.0.1:9/v1/fine-tunes/ft-1",
        json={"id": "ft-1", "status": "error", "events": events},
    )
    seen(scripted, job, status="error")
    model = UserModel.objects.get()
    assert (job.status, job.error_code) == (Status.FAILED, "run_failed")
    assert "Bad photo in line 3" in model.failed_reason
    assert model.is_editable


def test_a_late_word_cannot_revive_a_finished_job(scripted):
    job = JobFactory(succeeded=True, run_id="ft-1")
    JobFactory(running=True, run_id="ft-2")
    scripted.lists(
        {"id": "ft-1", "status": "running"}, {"id": "ft-2", "status": "running", "step": 1}
    )
    poll.poll("local")
    job.refresh_from_db()
    assert job.status == Status.SUCCEEDED


def test_a_wish_to_cancel_is_passed_on_once_and_confirmed_by_the_trainer(scripted, job):
    JobQueue.objects.update(cancel_requested_at=timezone.now())
    scripted.cancels("ft-1")
    for _ in range(3):
        seen(scripted, job, status="running")
    assert scripted.count("POST", "/fine-tunes/ft-1/cancel") == 1
    seen(scripted, job, status="cancelled")
    assert job.status == Status.CANCELLED
    assert UserModel.objects.get().is_editable


def test_log_lines_and_losses_arrive_once(scripted, job):
    scripted.lists({"id": "ft-1", "status": "running", "step": 2})
    scripted.logs(
        "ft-1",
        events=[{"message": "Training started", "type": "training_start", "level": "info"}],
        metrics=[{"train/loss": 0.5, "train/global_step": 1}],
    )
    for second in (0, 3):
        with time_machine.travel(timezone.now() + timedelta(seconds=second), tick=False):
            JobQueue.objects.update(next_poll_at=timezone.now())
            poll.poll("local")
    assert [line.text for line in selectors.log_lines(job)] == ["Training started"]
    assert selectors.losses(job) == [(1, 0.5)]


def test_the_time_left_follows_the_real_rate(scripted, job):
    start = timezone.now()
    for second, step in ((0, 100), (10, 150), (20, 200)):
        with time_machine.travel(start + timedelta(seconds=second), tick=False):
            seen(scripted, job, status="running", step=step, total_steps=1000)
    # 100 steps in 20 s: 800 more take 160 s.
    assert job.eta_at == start + timedelta(seconds=180)


def test_without_a_rate_no_time_left_is_invented(scripted, job):
    seen(scripted, job, status="running", step=1, total_steps=1000)
    assert job.eta_at is None


def test_two_workers_do_not_ask_the_same_provider_at_once(scripted, job):
    from jobs.engine import provider_status

    scripted.lists({"id": "ft-1", "status": "running"})
    with provider_status.polling_lease("local") as is_first:
        poll.poll("local")
    assert is_first
    assert scripted.count("GET", "/fine-tunes") == 0


def test_a_provider_that_asked_for_time_is_left_alone(scripted, job):
    scripted.lists({"id": "ft-1", "status": "running"})
    ProviderStatus.objects.create(
        provider="local", paused_until=timezone.now() + timedelta(seconds=30)
    )
    poll.poll("local")
    assert scripted.count("GET", "/fine-tunes") == 0


def test_where_only_the_list_fails_each_run_is_asked_for(scripted):
    jobs = [JobFactory(running=True, run_id=f"ft-{number}") for number in range(3)]
    scripted.fails_to_list(500)
    for job in jobs:
        scripted.mock.get(
            f"http://127.0.0.1:9/v1/fine-tunes/{job.run_id}",
            json={"id": job.run_id, "status": "running", "step": 9},
        )
        scripted.logs(job.run_id)
    poll.poll("local")
    assert JobQueue.objects.filter(step=9).count() == 3


def test_a_trainer_that_is_away_is_not_asked_for_every_run(scripted):
    for number in range(10):
        JobFactory(running=True, run_id=f"ft-{number}")
    scripted.fails_to_list(body=requests.ConnectionError("refused"))
    poll.poll("local")
    assert len(scripted.mock.calls) == 2  # the list, and one run


def test_a_rate_limit_of_the_list_asks_for_nothing_else(scripted, job):
    scripted.fails_to_list(429)
    poll.poll("local")
    assert len(scripted.mock.calls) == 1


@pytest.mark.parametrize("is_listed", [True, False])
def test_a_run_with_the_token_of_another_job_is_not_followed(scripted, job, is_listed):
    run = {"id": "ft-1", "status": "completed", "suffix": new_correlation()}
    scripted.lists(*([run] if is_listed else []))
    scripted.mock.get("http://127.0.0.1:9/v1/fine-tunes/ft-1", json=run)
    poll.poll("local")
    job.refresh_from_db()
    assert job.status == Status.RUNNING
    assert job.next_poll_at > timezone.now()
