"""A webhook finds a lost run and hurries a poll; it decides nothing else."""

from datetime import timedelta

import pytest
from django.utils import timezone

from jobs import services
from jobs.engine import orphans, webhooks
from jobs.engine.acceptance import accept_run
from jobs.engine.submit import submit
from jobs.models import JobQueue
from jobs.states import Status
from providers import registry
from providers.types import Run, RunStatus, Webhook
from tests.factories import JobFactory
from tests.scripted_trainer import BASE

pytestmark = pytest.mark.django_db


def test_a_lost_run_is_adopted_by_its_token():
    lost = JobFactory(unknown=True)
    for _ in range(2):
        webhooks.take("local", Webhook("ft-7", lost.correlation))
    lost.refresh_from_db()
    assert (lost.status, lost.run_id) == (Status.RUNNING, "ft-7")


def test_a_lost_run_is_adopted_by_its_look_up_key():
    lost = JobFactory(unknown=True, lookup_key="https://files.example/tw.zip")
    webhooks.take("local", Webhook("ft-7", lost.lookup_key))
    lost.refresh_from_db()
    assert (lost.status, lost.run_id) == (Status.RUNNING, "ft-7")


def test_a_running_job_becomes_due_and_stays_as_it_is():
    job = JobFactory(running=True, next_poll_at=timezone.now() + timedelta(hours=1))
    webhooks.take("local", Webhook(job.run_id))
    job.refresh_from_db()
    assert job.status == Status.RUNNING
    assert job.next_poll_at <= timezone.now()


def test_one_that_is_faster_than_the_answer_is_believed():
    job = JobFactory(submitting=True, sent_at=timezone.now())
    webhooks.take("local", Webhook("ft-7", job.correlation))
    answered = JobQueue.objects.get()
    assert (answered.status, answered.run_id) == (Status.RUNNING, "ft-7")
    accept_run(job, Run("ft-7", RunStatus.SUCCEEDED))
    answered.refresh_from_db()
    assert (answered.status, answered.incident) == (Status.FINISHING, "")


def test_one_prevents_the_call_that_a_person_asked_for_again(scripted):
    job = JobFactory(unknown=True)
    services.declare_not_started(job, by="ann")
    webhooks.take("local", Webhook("ft-7", job.correlation))
    submit(job.pk)
    job.refresh_from_db()
    assert (job.status, job.run_id, scripted.starts) == (Status.RUNNING, "ft-7", 0)


@pytest.mark.parametrize("status", ["cancelled", "failed", "running"])
def test_one_about_a_run_that_nobody_follows_is_told_and_has_it_stopped(status, scripted):
    """Without a list nobody else would ever look at it."""
    job = JobFactory(status=status, run_id="ft-1")
    for _ in range(2):
        webhooks.take("local", Webhook("ft-7", job.correlation))
    job.refresh_from_db()
    assert "ft-7" in job.incident
    scripted.mock.get(f"{BASE}/fine-tunes/ft-7", json={"id": "ft-7", "status": "running"})
    scripted.cancels("ft-7")
    orphans.stop_known(registry.get("local"))
    assert scripted.count("POST", "/fine-tunes/ft-7/cancel") == 1


def test_one_of_another_provider_or_without_a_token_adopts_nothing():
    lost = JobFactory(unknown=True)
    webhooks.take("together", Webhook("ft-7", lost.correlation))
    webhooks.take("local", Webhook("ft-7"))
    lost.refresh_from_db()
    assert lost.status == Status.UNKNOWN
