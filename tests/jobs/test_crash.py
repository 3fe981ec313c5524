"""The process dies at every single step of a submission; what is paid is never paid twice."""

import pytest
from django.utils import timezone

from jobs.engine import acceptance, poll, submit, sweep
from jobs.models import JobQueue
from jobs.states import Status
from training.selectors import next_idempotency_key
from training.services import start
from training.work import TrainingWork

pytestmark = pytest.mark.django_db


class Killed(BaseException):
    """Stops the code like SIGKILL does: no handler for exceptions runs."""


def die(*_args, **_kwargs):
    raise Killed


def killed_at(monkeypatch, owner, name, job):
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(owner, name, die)
        submit.submit(job.pk)


def lease_runs_out():
    JobQueue.objects.update(lease_until=timezone.now() - timezone.timedelta(seconds=1))
    sweep.recover_leases()


@pytest.fixture
def job(draft, scripted) -> JobQueue:
    return start(draft, idempotency_key=next_idempotency_key(draft))


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (submit, "_submit"),
        (TrainingWork, "prepare"),
        (submit, "mark_sent"),
    ],
)
def test_killed_before_the_mark_it_goes_back_to_the_queue(job, scripted, monkeypatch, owner, name):
    killed_at(monkeypatch, owner, name, job)
    job.refresh_from_db()
    assert (job.status, scripted.starts) == (Status.SUBMITTING, 0)
    lease_runs_out()
    scripted.accepts()
    submit.submit(job.pk)
    job.refresh_from_db()
    assert (job.status, scripted.starts) == (Status.RUNNING, 1)


@pytest.mark.parametrize(
    ("owner", "name", "was_paid"),
    [
        (TrainingWork, "submit", False),
        (submit, "accept_run", True),
        (acceptance, "mark_running", True),
    ],
)
def test_killed_after_the_mark_it_is_unclear_and_looked_up(
    job, scripted, monkeypatch, owner, name, was_paid
):
    scripted.accepts("ft-paid")
    killed_at(monkeypatch, owner, name, job)
    assert scripted.starts == was_paid
    lease_runs_out()
    job.refresh_from_db()
    assert job.status == Status.UNKNOWN
    submit.submit(job.pk)
    assert scripted.starts == was_paid
    if was_paid:
        scripted.lists({"id": "ft-paid", "status": "running", "suffix": job.correlation})
        poll.poll("local")
        job.refresh_from_db()
        assert (job.status, job.run_id, scripted.starts) == (Status.RUNNING, "ft-paid", 1)
