"""One row for every paid call, from its mark to what it really cost, whatever comes between."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
import requests
import time_machine
from django.utils import timezone

from accounts.models import User
from jobs import services
from jobs.budgets import this_month, usage_of
from jobs.deletion import delete_account, delete_model
from jobs.engine import acceptance, journal, poll, sweep
from jobs.engine.progress import end
from jobs.engine.submit import submit
from jobs.messages import explain
from jobs.models import JobQueue, PaidCall, ProviderStatus
from jobs.paid_calls import Outcome
from jobs.states import Status
from models_app.models import UserModel
from providers import registry
from providers.types import Run, RunStatus
from tests.factories import JobFactory
from tests.jobs.test_crash import Killed, die, lease_runs_out
from training.selectors import next_idempotency_key
from training.services import start, try_again
from training.work import TrainingWork

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("machine_clock")]
PRICE = Decimal("2.5000")


@pytest.fixture
def job(draft, scripted) -> JobQueue:
    """A training for 2.50 that has been started and not been sent."""
    job = start(draft, idempotency_key=next_idempotency_key(draft))
    JobQueue.objects.update(budget_usd=PRICE)
    job.refresh_from_db()
    return job


def outcomes() -> list[str]:
    return list(PaidCall.objects.order_by("pk").values_list("outcome", flat=True))


def counted(job: JobQueue) -> Decimal:
    return Decimal(usage_of(User.objects.get(pk=job.owner_id)).used) / 10_000


def ended(job: JobQueue, status: RunStatus, **said: object) -> PaidCall:
    """The job after its provider has said how its run ended."""
    job.refresh_from_db()
    end(job, Run(job.run_id, status, error="No.", **said), registry.get("local"))
    return PaidCall.objects.get()


# --- what becomes of a call -----------------------------------------------------------------


def test_an_accepted_call_is_one_row_with_what_is_known_before_it(job, scripted):
    scripted.accepts("ft-7")
    submit(job.pk)
    call = PaidCall.objects.get()
    assert (call.job, call.owner_id, call.provider) == (job, job.owner_id, "local")
    assert (call.kind, call.base_model) == ("training", job.payload["base_model"])
    assert (call.estimate_usd, call.actual_usd, call.outcome) == (PRICE, None, Outcome.ACCEPTED)
    assert call.account == registry.get("local").account
    assert call.day == timezone.now().date()
    assert counted(job) == PRICE


def test_what_waits_counts_and_has_no_row(job):
    assert outcomes() == []
    assert counted(job) == PRICE


def test_there_are_as_many_rows_as_calls_that_were_marked(job, scripted):
    scripted.answers(429)
    for _ in range(3):
        JobQueue.objects.update(next_poll_at=timezone.now())
        ProviderStatus.objects.update(paused_until=None)
        submit(job.pk)
    assert ProviderStatus.objects.get().paid_calls == PaidCall.objects.count() == 3


def test_a_call_that_surely_did_not_leave_counts_as_what_waits_and_no_more(job, scripted):
    scripted.answers(429)
    submit(job.pk)
    assert outcomes() == [Outcome.NOT_SENT]
    assert counted(job) == PRICE


@pytest.mark.parametrize("status", [400, 401, 402])
def test_a_refused_call_costs_nothing(job, scripted, status):
    scripted.answers(status, json={"error": {"message": "No.", "type": "x"}})
    submit(job.pk)
    assert outcomes() == [Outcome.REFUSED]
    assert counted(job) == 0


def test_a_lost_call_counts_until_it_is_known(job, scripted):
    scripted.breaks(requests.ReadTimeout("slow"))
    submit(job.pk)
    assert outcomes() == [Outcome.UNCLEAR]
    assert counted(job) == PRICE
    scripted.lists({"id": "ft-1", "status": "running", "suffix": job.correlation})
    poll.poll("local")
    assert outcomes() == [Outcome.ACCEPTED]
    assert counted(job) == PRICE


def test_a_lost_call_that_is_abandoned_still_counts(job, scripted):
    scripted.breaks(requests.ReadTimeout("slow"))
    submit(job.pk)
    services.abandon(JobQueue.objects.get(), by="ann")
    assert outcomes() == [Outcome.UNCLEAR]
    assert counted(job) == PRICE


def test_a_crash_between_the_mark_and_the_answer_leaves_one_row(job, scripted, monkeypatch):
    scripted.accepts("ft-paid")
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(TrainingWork, "submit", die)
        submit(job.pk)
    assert outcomes() == [Outcome.SENT]
    lease_runs_out()
    assert outcomes() == [Outcome.UNCLEAR]
    scripted.lists({"id": "ft-paid", "status": "running", "suffix": job.correlation})
    poll.poll("local")
    assert outcomes() == [Outcome.ACCEPTED]
    assert counted(job) == PRICE


def test_a_crash_at_the_mark_leaves_neither_mark_nor_row(job, scripted, monkeypatch):
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(ProviderStatus.objects, "filter", die)
        submit(job.pk)
    job.refresh_from_db()
    assert (job.sent_at, outcomes()) == (None, [])


def test_an_answer_that_is_stored_late_is_its_calls(job, scripted, monkeypatch):
    scripted.accepts("ft-paid")
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(acceptance, "mark_running", die)
        submit(job.pk)
    lease_runs_out()
    run = Run("ft-paid", RunStatus.RUNNING, cost_usd=1.0, billed="1 s")
    path = journal.keep_answer(JobQueue.objects.get(), run)
    assert journal.read_answer(path)[1] == run
    sweep.adopt_kept_answers()
    assert outcomes() == [Outcome.ACCEPTED]


def test_a_job_that_is_sent_again_after_proof_of_absence_counts_once(job, scripted):
    scripted.breaks(requests.ReadTimeout("slow"))
    submit(job.pk)
    known = JobFactory(running=True, run_id="ft-known")
    scripted.lists({"id": known.run_id, "status": "running", "suffix": known.correlation})
    for seconds in (200, 400, 600):
        with time_machine.travel(timezone.now() + timedelta(seconds=seconds), tick=False):
            JobQueue.objects.update(next_poll_at=timezone.now())
            poll.poll("local")
    job.refresh_from_db()
    assert (job.status, outcomes()) == (Status.QUEUED, [Outcome.NOT_SENT])
    assert counted(job) == PRICE
    JobQueue.objects.update(call_over_at=timezone.now(), next_poll_at=timezone.now())
    scripted.mock.remove("POST", "http://127.0.0.1:9/v1/fine-tunes")
    scripted.accepts("ft-2")
    submit(job.pk)
    assert outcomes() == [Outcome.NOT_SENT, Outcome.ACCEPTED]
    assert counted(job) == PRICE


def test_a_persons_word_is_no_proof_so_both_calls_count(job, scripted):
    scripted.breaks(requests.ReadTimeout("slow"))
    submit(job.pk)
    services.declare_not_started(JobQueue.objects.get(), by="ann")
    assert outcomes() == [Outcome.UNCLEAR]
    assert counted(job) == 2 * PRICE


def test_a_call_that_a_restored_database_does_not_know_of_gets_its_row(job):
    from jobs.engine.restore import Outcome as Found, _leave_to_a_person

    _leave_to_a_person([job], Found())
    assert outcomes() == [Outcome.UNCLEAR]
    assert counted(job) == PRICE


# --- what it really cost --------------------------------------------------------------------


@pytest.fixture
def running(job, scripted) -> JobQueue:
    scripted.accepts("ft-1")
    submit(job.pk)
    return job


@pytest.mark.parametrize(
    ("status", "reached"),
    [
        (RunStatus.SUCCEEDED, Status.FINISHING),
        (RunStatus.FAILED, Status.FAILED),
        (RunStatus.CANCELLED, Status.CANCELLED),
    ],
)
def test_what_the_provider_says_it_cost_replaces_the_estimate(running, status, reached):
    call = ended(running, status, cost_usd=1.23, billed="812.4 s")
    assert (call.actual_usd, call.billed, call.outcome) == (
        Decimal("1.23"),
        "812.4 s",
        Outcome.ACCEPTED,
    )
    assert call.settled_at is not None
    assert counted(running) == Decimal("1.23")
    running.refresh_from_db()
    assert (running.status, running.cost_usd) == (reached, Decimal("1.23"))


def test_a_job_says_what_it_really_cost(running):
    running.refresh_from_db()
    running.provider = "together"  # a call to one's own trainer is free whatever it says
    running.cost_usd = Decimal("1.23")
    assert explain(running).cost == "It cost $1.23."
    running.cost_usd = Decimal("0.0125")
    assert explain(running).cost == "It cost $0.0125."
    running.cost_usd = Decimal(0)
    assert explain(running).cost == "It cost nothing."
    running.cost_usd = None
    assert explain(running).cost == "The trainer charges for it."


def test_a_failed_run_that_was_not_charged_counts_nothing(running):
    call = ended(running, RunStatus.FAILED, cost_usd=0.0)
    assert (call.outcome, call.actual_usd) == (Outcome.NOTHING_CHARGED, 0)
    assert counted(running) == 0


@pytest.mark.parametrize("status", [RunStatus.SUCCEEDED, RunStatus.FAILED, RunStatus.CANCELLED])
def test_where_nobody_says_what_it_cost_the_estimate_stays(running, scripted, status):
    scripted.lists()
    call = ended(running, status)
    assert (call.outcome, call.actual_usd, call.settled_at) == (Outcome.ACCEPTED, None, None)
    assert counted(running) == PRICE


@pytest.mark.parametrize("nonsense", [float("nan"), float("inf"), -1.0, 1e300])
def test_an_impossible_amount_ends_the_run_and_changes_no_estimate(running, nonsense):
    call = ended(running, RunStatus.FAILED, cost_usd=nonsense, billed="x" * 10_000)
    running.refresh_from_db()
    assert (running.status, running.cost_usd, call.actual_usd) == (Status.FAILED, None, None)
    assert counted(running) == PRICE


def test_a_part_of_a_hundredth_of_a_cent_is_rounded_up(running):
    call = ended(running, RunStatus.SUCCEEDED, cost_usd=0.00001, billed="\x00" + "x" * 10_000)
    assert call.actual_usd == Decimal("0.0001")
    assert len(call.billed) <= 120


def test_a_result_that_is_fetched_again_settles_the_call_that_was_paid(running, scripted):
    scripted.logs("ft-1")
    JobQueue.objects.update(status=Status.FAILED, error_code="fetch_deadline")
    UserModel.objects.update(status=UserModel.Status.FAILED, started_at=None)
    running.refresh_from_db()
    again = try_again(running, idempotency_key=next_idempotency_key(running.model))
    assert again.budget_usd == 0
    submit(again.pk)
    again.refresh_from_db()
    end(again, Run("ft-1", RunStatus.SUCCEEDED, cost_usd=1.5), registry.get("local"))
    assert PaidCall.objects.get().actual_usd == Decimal("1.5")
    assert JobQueue.objects.get(pk=running.pk).cost_usd == Decimal("1.5")
    assert counted(running) == Decimal("1.5")


# --- months and deletions -------------------------------------------------------------------


def test_a_month_is_the_installations(settings, job, scripted):
    scripted.accepts()
    settings.TIME_ZONE = "Pacific/Auckland"  # 13 hours before UTC in summer
    with time_machine.travel("2026-11-30T12:00:00Z", tick=False):
        JobQueue.objects.update(next_poll_at=timezone.now(), created_at=timezone.now())
        submit(job.pk)
        assert str(PaidCall.objects.get().day) == "2026-12-01"
        assert str(this_month()) == "2026-12-01"
        assert counted(job) == PRICE
    with time_machine.travel("2026-12-31T11:00:00Z", tick=False):
        assert str(this_month()) == "2027-01-01"
        assert counted(job) == 0


def test_what_waits_over_the_end_of_a_month_counts_in_the_next(job):
    with time_machine.travel(timezone.now() + timedelta(days=40), tick=False):
        assert counted(job) == PRICE


@pytest.mark.parametrize("delete", ["model", "account"])
def test_rows_outlive_model_and_account_without_a_word_of_theirs(running, delete):
    ended(running, RunStatus.FAILED, cost_usd=1.0, billed="12 s")
    running.refresh_from_db()
    email = running.owner.email
    before = PaidCall.objects.values().get()
    if delete == "model":
        delete_model(running.model)
    else:
        delete_account(running.owner)
    kept = PaidCall.objects.values().get()
    assert kept["owner_id"] == (None if delete == "account" else before["owner_id"])
    assert {**kept, "owner_id": 0} == {**before, "owner_id": 0}
    assert email not in str(kept)
    assert running.payload.get("trigger_word", "Ann") not in str(kept)


def test_rows_outlive_their_jobs(running):
    ended(running, RunStatus.FAILED, cost_usd=1.0)
    JobQueue.objects.all().delete()
    assert PaidCall.objects.get().actual_usd == 1
