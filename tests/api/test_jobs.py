"""Jobs and their events, and what a person does about them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from jobs.models import JobEvent, JobQueue
from jobs.selectors import SETTLED_AFTER
from tests.api.conftest import problem, program_of
from tests.factories import JobFactory, TrainingImageFactory, UserModelFactory


@pytest.fixture
def job(owner):
    return JobFactory(model=UserModelFactory(owner=owner, training=True), running=True)


def events(job, count: int, *, seconds_ago: float = 3600.0):
    at = timezone.now() - timedelta(seconds=seconds_ago)
    rows = [JobEvent(job=job, kind="note", text=f"line {n}", at=at) for n in range(count)]
    return JobEvent.objects.bulk_create(rows)


def test_jobs_are_listed_by_kind_newest_first(owner, job, program, strange_program):
    drawn = JobFactory(model=job.model, kind="generation", succeeded=True)
    listed = program.get("/api/jobs").json()["items"]
    assert [one["id"] for one in listed] == [str(drawn.pk), str(job.pk)]
    [only] = program.get("/api/jobs?kind=training").json()["items"]
    assert only["id"] == str(job.pk)
    assert strange_program.get("/api/jobs").json()["items"] == []
    problem(program.get("/api/jobs?kind=cleaning"), 422, "invalid")


def test_a_job_says_what_it_cost(owner, program):
    ready = UserModelFactory(owner=owner, ready=True)
    job = JobFactory(model=ready, succeeded=True, provider="together", cost_usd="1.2300")
    told = program.get(f"/api/jobs/{job.pk}").json()
    assert (told["cost"], told["costUsd"], told["isOver"]) == ("It cost $1.23.", "1.2300", True)


def test_events_come_page_by_page_in_their_order(job, program):
    rows = events(job, 5)
    seen, after, more = [], 0, True
    while more:
        page = program.get(f"/api/jobs/{job.pk}/events?after={after}&limit=2").json()
        seen += [one["id"] for one in page["items"]]
        after, more = page["nextAfter"], page["hasMore"]
    assert seen == [row.pk for row in rows]
    assert program.get(f"/api/jobs/{job.pk}/events?after={after}").json()["items"] == []


def test_young_events_come_again_so_that_none_is_missed(job, program):
    [old] = events(job, 1)
    [young] = events(job, 1, seconds_ago=SETTLED_AFTER.total_seconds() / 2)
    page = program.get(f"/api/jobs/{job.pk}/events").json()
    assert [one["id"] for one in page["items"]] == [old.pk, young.pk]
    assert page["nextAfter"] == old.pk


def test_events_of_all_jobs_are_the_persons_own(job, program, strange_program, nobody):
    [mine] = events(job, 1)
    [listed] = program.get("/api/events").json()["items"]
    assert (listed["id"], listed["jobId"], listed["text"]) == (mine.pk, str(job.pk), "line 0")
    assert strange_program.get("/api/events").json()["items"] == []
    problem(strange_program.get(f"/api/jobs/{job.pk}/events"), 404, "not_found")
    problem(nobody.get("/api/events"), 401, "unauthorized")


def test_a_stream_that_this_server_cannot_send_is_refused_with_what_helps(job, program):
    found = problem(program.get(f"/api/jobs/{job.pk}/events/stream"), 503, "unavailable")
    assert "List the events" in found["detail"]


def test_a_job_is_cancelled_by_who_owns_it(job, program, strange_program, owner):
    problem(strange_program.post(f"/api/jobs/{job.pk}/cancel"), 404, "not_found")
    problem(program_of(owner, "read").post(f"/api/jobs/{job.pk}/cancel"), 403, "scope_missing")
    assert program_of(owner, "write").post(f"/api/jobs/{job.pk}/cancel").status_code == 200
    job.refresh_from_db()
    assert job.cancel_requested_at is not None


def test_what_is_over_is_not_cancelled(owner, program):
    job = JobFactory(model=UserModelFactory(owner=owner, ready=True), succeeded=True)
    problem(program.post(f"/api/jobs/{job.pk}/cancel"), 409, "not_possible")


def test_only_an_unclear_job_is_given_up_or_sent_again(owner, job, program):
    for action in ("abandon", "not-started"):
        problem(program.post(f"/api/jobs/{job.pk}/{action}"), 409, "not_possible")
    unclear = JobFactory(model=UserModelFactory(owner=owner, training=True), unknown=True)
    assert program.post(f"/api/jobs/{unclear.pk}/abandon").json()["status"] == "cancelled"


def test_a_failed_training_is_done_again_once(owner, program, trainer):
    model = UserModelFactory(owner=owner, failed=True)
    TrainingImageFactory.create_batch(4, model=model)
    job = JobFactory(model=model, failed=True, run_id="", error_code="bad_dataset")
    first = program.post(f"/api/jobs/{job.pk}/retry", {}).json()
    again = program.post(f"/api/jobs/{job.pk}/retry", {}).json()
    assert first["id"] == again["id"] != str(job.pk)
    assert JobQueue.objects.count() == 2


def test_what_followed_a_job_is_its_answer_even_where_that_has_failed_too(owner, program, trainer):
    model = UserModelFactory(owner=owner, failed=True)
    TrainingImageFactory.create_batch(4, model=model)
    first = JobFactory(model=model, failed=True, run_id="", error_code="bad_dataset")
    second = JobFactory(model=model, failed=True, run_id="", error_code="bad_dataset")
    again = program.post(f"/api/jobs/{first.pk}/retry", {})
    assert (again.status_code, again.json()["id"]) == (200, str(second.pk))
    assert JobQueue.objects.count() == 2


def test_a_running_job_is_not_done_again(job, program):
    problem(program.post(f"/api/jobs/{job.pk}/retry", {}), 409, "not_startable")


def test_doing_again_takes_a_token_that_may_spend(job, owner):
    refused = program_of(owner, "write").post(f"/api/jobs/{job.pk}/retry", {})
    problem(refused, 403, "scope_missing")
