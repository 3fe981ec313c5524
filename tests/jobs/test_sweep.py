from datetime import timedelta

import pytest
from django.utils import timezone

from jobs import services, tasks
from jobs.engine import due, sweep
from jobs.models import JobQueue
from jobs.states import Status
from models_app.models import UserModel
from tests.factories import JobFactory

pytestmark = pytest.mark.django_db
PAST = timedelta(seconds=-1)


def test_a_queued_job_whose_bell_was_lost_is_found():
    job = JobFactory()
    assert due.submissions() == [str(job.pk)]


def test_a_job_that_waits_for_its_next_try_is_left_alone():
    JobFactory(next_poll_at=timezone.now() + timedelta(seconds=30))
    assert due.submissions() == []


def test_a_live_claim_is_not_taken_away():
    job = JobFactory(submitting=True)
    sweep.recover_leases()
    job.refresh_from_db()
    assert job.status == Status.SUBMITTING


@pytest.mark.parametrize(
    ("sent_at", "status"), [(None, Status.QUEUED), (timezone.now(), Status.UNKNOWN)]
)
def test_a_dead_workers_job_is_sent_again_only_where_nothing_was_sent(sent_at, status):
    job = JobFactory(submitting=True, lease_until=timezone.now() + PAST, sent_at=sent_at)
    sweep.recover_leases()
    job.refresh_from_db()
    assert job.status == status


@pytest.mark.parametrize(
    ("trait", "status"),
    [("running", Status.FAILED), ("finishing", Status.FAILED), ("unknown", Status.UNKNOWN)],
)
def test_a_deadline_ends_everything_but_the_unclear(trait, status):
    now = timezone.now()
    job = JobFactory(**{trait: True}, deadline_at=now + PAST, last_seen_at=now)
    sweep.end_overdue()
    job.refresh_from_db()
    assert job.status == status


def test_a_job_that_waited_too_long_leaves_the_queue_and_frees_its_model():
    job = JobFactory(deadline_at=timezone.now() + PAST)
    sweep.end_overdue()
    job.refresh_from_db()
    assert job.status == Status.CANCELLED
    assert UserModel.objects.get().is_editable


def test_a_queued_job_is_cancelled_at_once():
    job = JobFactory()
    services.cancel(job, by="ann@example.org")
    assert job.status == Status.CANCELLED


def test_a_job_cancelled_on_its_way_back_to_the_queue_ends():
    job = JobFactory(cancel_requested_at=timezone.now())
    assert due.submissions() == []
    sweep.end_cancelled_in_queue()
    job.refresh_from_db()
    assert job.status == Status.CANCELLED


@pytest.mark.parametrize("trait", ["finishing", "succeeded", "failed", "cancelled", "unknown"])
def test_where_nothing_can_be_stopped_cancelling_is_refused(trait):
    job = JobFactory(**{trait: True})
    with pytest.raises(services.TransitionError):
        services.cancel(job, by="ann@example.org")


def test_cancelling_twice_asks_once():
    job = JobFactory(running=True)
    services.cancel(job, by="ann@example.org")
    with pytest.raises(services.TransitionError):
        services.cancel(job, by="ann@example.org")
    assert JobQueue.objects.get().status == Status.RUNNING


def test_a_sweep_dispatches_everything_due(monkeypatch, settings):
    settings.PROVIDERS = {"local": {"base_url": "http://127.0.0.1:9", "api_key": "k"}}
    queued, running = JobFactory(), JobFactory(running=True)
    finishing = JobFactory(finishing=True)
    dispatched: list[tuple[str, str]] = []
    monkeypatch.setattr(
        tasks, "dispatch", lambda task, arg, **_: dispatched.append((task.__name__, arg))
    )
    tasks.sweep_jobs()
    assert running.status == Status.RUNNING
    assert set(dispatched) == {
        ("submit_job", str(queued.pk)),
        ("poll_provider", "local"),
        ("collect_job", str(finishing.pk)),
        ("describe_provider", "local"),
    }


def test_a_broker_that_is_away_does_not_break_the_start(draft_with_failing_dispatch):
    assert JobQueue.objects.get().status == Status.QUEUED


@pytest.fixture
def draft_with_failing_dispatch(draft, scripted, monkeypatch, django_capture_on_commit_callbacks):
    from kombu.exceptions import OperationalError

    from training.selectors import next_idempotency_key
    from training.services import start

    def down(*_args, **_kwargs):
        raise OperationalError("broker away")

    monkeypatch.setattr(tasks.submit_job, "apply_async", down)
    with django_capture_on_commit_callbacks(execute=True):
        start(draft, idempotency_key=next_idempotency_key(draft))
