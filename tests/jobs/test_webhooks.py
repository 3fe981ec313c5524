"""A webhook finds a lost run and hurries a poll; it decides nothing else."""

from datetime import timedelta

import pytest
from django.utils import timezone

from jobs.engine import webhooks
from jobs.states import Status
from providers.types import Webhook
from tests.factories import JobFactory

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


@pytest.mark.parametrize("status", ["submitting", "cancelled", "failed"])
def test_one_that_comes_too_early_or_too_late_changes_nothing(status):
    job = JobFactory(status=status)
    webhooks.take("local", Webhook("ft-7", job.correlation))
    before = (job.status, job.run_id, job.version)
    job.refresh_from_db()
    assert (job.status, job.run_id, job.version) == before


def test_one_of_another_provider_or_without_a_token_adopts_nothing():
    lost = JobFactory(unknown=True)
    webhooks.take("together", Webhook("ft-7", lost.correlation))
    webhooks.take("local", Webhook("ft-7"))
    lost.refresh_from_db()
    assert lost.status == Status.UNKNOWN
