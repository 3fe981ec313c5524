"""Words that several places use mean the same in all of them."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone

from dashboard.templatetags.ui import model_tag
from jobs.models import JobQueue
from jobs.querysets import STUCK_AFTER, attention
from jobs.states import UNFINISHED
from models_app.models import UserModel
from models_app.selectors import drafts_of, drafts_used
from tests.factories import JobFactory, UserModelFactory
from theway.front_page import needing_attention

pytestmark = pytest.mark.django_db
STATES = ("submitting", "unknown", "running", "finishing", "succeeded", "failed", "cancelled")


@pytest.fixture
def jobs(owner) -> list[JobQueue]:
    """Jobs of every state, old and new, observed lately or not, some with an incident."""
    made = [JobFactory(model__owner=owner, **{state: True}) for state in STATES]
    made += [JobFactory(model__owner=owner), JobFactory(model__owner=owner, incident="Odd.")]
    long_ago = timezone.now() - STUCK_AFTER - timedelta(minutes=1)
    for state in (*STATES, ""):
        old = JobFactory(
            model__owner=owner, created_at=long_ago, **({state: True} if state else {})
        )
        made.append(old)
    yesterday = timezone.now() - timedelta(hours=25)
    made.append(JobFactory(model__owner=owner, failed=True, finished_at=yesterday))
    return made


def in_the_terminal(*options: str) -> set[str]:
    out = StringIO()
    call_command("jobs", "list", *options, "--limit", "1000", stdout=out)
    return {line[:8] for line in out.getvalue().splitlines()}


def in_the_admin(client, **filters: str) -> set[str]:
    page = client.get("/admin/jobs/jobqueue/", filters | {"all": ""})
    return {str(job.pk)[:8] for job in page.context["cl"].queryset}


def in_the_metrics(client) -> dict[str, int]:
    prefix = 'theway_jobs_needing_attention{reason="'
    lines = [line for line in client.get("/metrics").text.splitlines() if line.startswith(prefix)]
    split = [line.removeprefix(prefix).split('"} ') for line in lines]
    return {reason: int(float(count)) for reason, count in split}


def test_a_failed_job_is_listed_as_trouble(owner):
    job = JobFactory(failed=True)
    assert in_the_terminal("--trouble") == in_the_terminal("--attention") == {str(job.pk)[:8]}


def test_what_needs_attention_is_the_same_in_terminal_and_admin(jobs, operator_client):
    listed = in_the_terminal("--attention")
    assert listed == in_the_terminal("--trouble") == in_the_admin(operator_client, attention="any")
    assert 0 < len(listed) < len(jobs)


@pytest.mark.parametrize("reason", attention())
def test_each_reason_counts_the_same_in_admin_front_page_and_metrics(
    jobs, client, operator_client, reason
):
    found = len(in_the_admin(operator_client, attention=reason))
    tallies = {tally.url.rpartition("=")[2]: tally.count for tally in needing_attention()}
    assert found == in_the_metrics(client)[reason] == tallies[reason] > 0


def test_a_job_that_is_marked_as_stuck_is_one_that_is_found_as_stuck(jobs):
    marked = {job.pk for job in JobQueue.objects.with_is_stuck() if job.is_stuck}
    assert marked == {job.pk for job in JobQueue.objects.needs_attention("stuck")}
    assert {job.status for job in jobs if job.pk in marked} == set(UNFINISHED)


def test_a_draft_is_the_same_in_lists_in_limits_and_on_its_tag(owner, owner_client):
    """One that was stopped again is one too; it has a page, where it can start again."""
    never = UserModelFactory(owner=owner)
    cancelled = UserModelFactory(owner=owner)
    JobFactory(model=cancelled, cancelled=True)
    for kind in ({"training": True}, {"ready": True}, {"failed": True}):
        UserModelFactory(owner=owner, **kind)
    drafts = set(drafts_of(owner))
    assert drafts == {one for one in UserModel.objects.all() if one.is_draft} == {never, cancelled}
    assert drafts_used(owner).used == len(drafts)
    tagged = {one for one in UserModel.objects.all() if model_tag(one)["label"] == "Draft"}
    assert tagged == drafts
    page = owner_client.get("/dashboard/models/new").text
    assert all(f"/dashboard/models/new/{one.pk}/" in page for one in drafts)
    assert owner_client.get(f"/dashboard/models/{never.pk}").status_code == 302
    assert owner_client.get(f"/dashboard/models/{cancelled.pk}").status_code == 200
