"""A deadline ends what has no hope, never what only could not be seen."""

from datetime import timedelta

import pytest
from django.utils import timezone

from jobs import services
from jobs.engine import poll, sweep
from jobs.engine.collect import collect
from jobs.engine.submit import submit
from jobs.models import JobQueue
from jobs.states import Status
from tests.factories import JobFactory, UserModelFactory
from training.selectors import next_idempotency_key
from training.services import start, try_again

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("machine_clock")]
HOUR = timedelta(hours=1)
BASE = "http://127.0.0.1:9/v1"


def ended(job: JobQueue) -> JobQueue:
    sweep.end_overdue()
    job.refresh_from_db()
    return job


def test_a_computer_that_slept_past_the_deadline_looks_before_it_gives_up(scripted):
    now = timezone.now()
    job = JobFactory(
        running=True, run_id="ft-1", deadline_at=now - HOUR, last_seen_at=now - 9 * HOUR
    )
    assert ended(job).status == Status.RUNNING
    scripted.lists({"id": "ft-1", "status": "completed"})
    poll.poll("local")
    assert ended(job).status == Status.FINISHING


def test_a_run_that_is_seen_to_go_on_past_its_deadline_ends(scripted):
    now = timezone.now()
    job = JobFactory(running=True, deadline_at=now - HOUR, last_seen_at=now)
    assert (ended(job).status, job.error_code) == (Status.FAILED, "deadline")


def test_a_run_that_nobody_could_see_for_a_week_is_given_up_and_may_be_fetched_later(scripted):
    now = timezone.now()
    job = JobFactory(
        running=True,
        run_id="ft-1",
        deadline_at=now - 8 * 24 * HOUR,
        last_seen_at=now - 9 * 24 * HOUR,
    )
    assert (ended(job).status, job.error_code) == (Status.FAILED, "lost_contact")


def test_a_run_the_trainer_has_forgotten_ends_at_its_deadline(scripted):
    job = JobFactory(running=True, run_id="ft-1", deadline_at=timezone.now() - HOUR)
    scripted.lists()
    scripted.mock.get(f"{BASE}/fine-tunes/ft-1", status=404)
    poll.poll("local")
    job.refresh_from_db()
    assert (job.status, job.error_code) == (Status.FAILED, "run_not_found")


def test_a_training_that_waited_long_for_its_trainer_has_its_whole_time_to_run(draft, scripted):
    job = start(draft, idempotency_key=next_idempotency_key(draft))
    JobQueue.objects.update(deadline_at=timezone.now() + timedelta(minutes=1))
    scripted.accepts()
    submit(job.pk)
    job.refresh_from_db()
    assert job.deadline_at > timezone.now() + 23 * HOUR


def test_a_lost_run_found_after_its_deadline_is_followed(scripted):
    job = JobFactory(unknown=True, deadline_at=timezone.now() - HOUR)
    scripted.lists({"id": "ft-1", "status": "running", "suffix": job.correlation})
    poll.poll("local")
    assert ended(job).status == Status.RUNNING


def test_a_job_sent_again_after_its_deadline_is_really_sent_again(scripted):
    job = JobFactory(unknown=True, deadline_at=timezone.now() - HOUR)
    services.declare_not_started(job, by="ann@example.org")
    assert ended(job).status == Status.QUEUED


def test_a_result_found_late_has_its_whole_time_to_be_fetched(scripted):
    job = JobFactory(running=True, run_id="ft-1", deadline_at=timezone.now() - HOUR)
    scripted.lists({"id": "ft-1", "status": "completed"})
    poll.poll("local")
    assert ended(job).status == Status.FINISHING


def test_a_result_is_fetched_once_more_after_a_sleep_before_it_is_given_up(scripted):
    now = timezone.now()
    job = JobFactory(
        finishing=True, run_id="ft-1", deadline_at=now - HOUR, next_poll_at=now - 9 * HOUR
    )
    assert ended(job).status == Status.FINISHING
    scripted.logs("ft-1")
    scripted.mock.get(f"{BASE}/finetune/download", status=500)
    collect(job.pk)
    assert (ended(job).status, job.error_code) == (Status.FAILED, "fetch_deadline")


def test_a_result_that_nobody_could_try_to_fetch_for_a_week_is_given_up(scripted):
    past = timezone.now() - 8 * 24 * HOUR
    job = JobFactory(finishing=True, run_id="ft-1", deadline_at=past, next_poll_at=past)
    assert (ended(job).status, job.error_code) == (Status.FAILED, "fetch_deadline")


def test_pictures_that_lie_here_already_are_not_given_up_at_a_deadline(scripted):
    job = JobFactory(
        kind="generation",
        model=UserModelFactory(ready=True),
        finishing=True,
        run_id="img-1",
        deadline_at=timezone.now() - HOUR,
        result={"outputs": [{"file": "images/incoming/1"}]},
    )
    assert ended(job).status == Status.FINISHING
    JobQueue.objects.update(result={"outputs": [{"url": f"{BASE}/1.jpg"}]})
    assert ended(job).status == Status.FAILED


@pytest.mark.parametrize("code", ["lost_contact", "fetch_deadline", "authentication_failed"])
def test_what_only_could_not_be_reached_is_never_trained_anew(draft, scripted, code):
    job = start(draft, idempotency_key=next_idempotency_key(draft))
    for _ in range(3):
        JobQueue.objects.filter(pk=job.pk).update(
            status=Status.FAILED, error_code=code, run_id="ft-1"
        )
        type(draft).objects.update(started_at=None, status="failed")
        job.refresh_from_db()
        job = try_again(job, idempotency_key=next_idempotency_key(draft))
        assert job.payload["adopt_run"] == "ft-1"


def test_a_run_that_failed_or_is_gone_is_trained_anew(draft, scripted):
    job = start(draft, idempotency_key=next_idempotency_key(draft))
    for code in ("run_failed", "run_not_found", "deadline"):
        JobQueue.objects.filter(pk=job.pk).update(
            status=Status.FAILED, error_code=code, run_id="ft-1"
        )
        type(draft).objects.update(started_at=None, status="failed")
        job.refresh_from_db()
        job = try_again(job, idempotency_key=next_idempotency_key(draft))
        assert "adopt_run" not in job.payload
