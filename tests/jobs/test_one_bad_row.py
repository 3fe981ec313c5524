"""One job that cannot be worked on never holds up the others."""

import math
from datetime import timedelta

import pytest
from django.utils import timezone

from jobs import selectors
from jobs.engine import describe, poll, sweep
from jobs.engine.collect import collect
from jobs.engine.submit import submit
from jobs.models import JobQueue, ProviderStatus
from jobs.states import Status
from models_app.models import UserModel
from tests.factories import JobFactory, UserModelFactory
from tests.training.test_weights import safetensors
from training.selectors import next_idempotency_key
from training.services import start

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("machine_clock")]
PAST = timedelta(seconds=-1)
BASE = "http://127.0.0.1:9/v1"
# Legal in JSON, impossible in a database: PostgreSQL refuses the first, UTF-8 the second.
ODD_WORDS = ["null \x00 byte", "half a pair \ud800"]


def state_of(job: JobQueue) -> str:
    return JobQueue.objects.get(pk=job.pk).status


def test_a_sent_job_of_a_removed_provider_becomes_unclear_and_the_tick_goes_on(scripted):
    expired = {"submitting": True, "sent_at": timezone.now(), "lease_until": timezone.now() + PAST}
    removed, other = JobFactory(provider="together", **expired), JobFactory(**expired)
    sweep.recover_leases()
    assert {state_of(removed), state_of(other)} == {Status.UNKNOWN}


def test_a_tick_that_trips_over_one_job_serves_the_rest(scripted, monkeypatch):
    bad, good = (JobFactory(deadline_at=timezone.now() + PAST) for _ in range(2))
    move = sweep.move

    def trips(job, target, **changes):
        if job.pk == bad.pk:
            raise RuntimeError("a surprise")
        move(job, target, **changes)

    monkeypatch.setattr(sweep, "move", trips)
    sweep.end_overdue()
    assert (state_of(bad), state_of(good)) == (Status.QUEUED, Status.CANCELLED)


def test_a_loss_that_is_no_number_does_not_cost_the_training(scripted):
    """A training that diverges reports NaN, which JSON columns refuse."""
    points = [{"train/global_step": n, "train/loss": loss} for n, loss in ((1, 0.5), (2, math.nan))]
    job = JobFactory(
        finishing=True, run_id="ft-1", payload={"base_model": "black-forest-labs/FLUX.1-dev"}
    )
    scripted.logs("ft-1", metrics=points)
    scripted.mock.get(f"{BASE}/finetune/download", body=safetensors())
    collect(job.pk)
    assert state_of(job) == Status.SUCCEEDED
    assert selectors.losses(job) == [(1, 0.5)]


@pytest.mark.parametrize("text", ODD_WORDS, ids=["nul", "surrogate"])
def test_log_lines_that_no_database_takes_are_mended(scripted, text):
    job = JobFactory(running=True, run_id="ft-1")
    scripted.lists({"id": "ft-1", "status": "running"})
    scripted.logs("ft-1", events=[{"message": text, "type": "training_start"}])
    poll.poll("local")
    stored = selectors.log_lines(job)[0].text
    assert stored.startswith(text[:4]) and "\x00" not in stored
    stored.encode()


@pytest.mark.parametrize("words", ODD_WORDS, ids=["nul", "surrogate"])
def test_a_refusal_in_odd_characters_is_still_a_refusal(draft, scripted, words):
    job = start(draft, idempotency_key=next_idempotency_key(draft))
    scripted.answers(400, json={"error": {"message": words}})
    submit(job.pk)
    job.refresh_from_db()
    assert job.status == Status.FAILED
    assert "\x00" not in job.error_detail


def test_a_trainer_that_is_away_in_odd_characters_is_only_away(draft, scripted):
    job = start(draft, idempotency_key=next_idempotency_key(draft))
    scripted.answers(429, json={"error": {"message": "slow \ud800"}})
    submit(job.pk)
    assert state_of(job) == Status.QUEUED
    assert ProviderStatus.objects.get().last_error


@pytest.mark.parametrize(
    "odd",
    [
        {"progress": {"estimate_available": True, "seconds_remaining": 1e300}},
        {"step": 10**30, "total_steps": 10**30},
        {"engine": "x" * 500},
    ],
)
def test_an_answer_with_impossible_values_leaves_the_other_runs_followed(scripted, odd):
    JobFactory(running=True, run_id="ft-odd")
    good = JobFactory(running=True, run_id="ft-good")
    scripted.lists(
        {"id": "ft-odd", "status": "running", **odd},
        {"id": "ft-good", "status": "running", "step": 7, "total_steps": 10},
    )
    poll.poll("local")
    good.refresh_from_db()
    assert good.step == 7


def test_a_run_that_cannot_be_written_is_looked_at_later_and_the_others_now(scripted, monkeypatch):
    from jobs.engine import observations

    bad, good = (JobFactory(running=True, run_id=f"ft-{n}") for n in ("bad", "good"))
    scripted.lists(*({"id": job.run_id, "status": "running", "step": 7} for job in (bad, good)))
    store = observations.store

    def refuses(seen):
        if any(job.pk == bad.pk for job, _values in seen):
            raise ValueError("the database does not take it")
        return store(seen)

    monkeypatch.setattr(observations, "store", refuses)
    poll.poll("local")
    bad.refresh_from_db(), good.refresh_from_db()
    assert (bad.status, good.step) == (Status.RUNNING, 7)
    assert bad.next_poll_at > timezone.now()


def test_a_lost_run_that_another_job_follows_does_not_stop_the_look(scripted):
    lost = JobFactory(unknown=True)
    other = JobFactory(running=True, run_id="ft-1", payload={"adopt_run": "ft-1"})
    scripted.lists({"id": "ft-1", "status": "running", "step": 7, "suffix": lost.correlation})
    poll.poll("local")
    lost.refresh_from_db(), other.refresh_from_db()
    assert (lost.status, other.step) == (Status.UNKNOWN, 7)
    assert "ft-1" in lost.incident
    assert lost.next_poll_at > timezone.now()


def test_a_trainer_that_gives_two_jobs_the_same_run_raises_an_incident(draft, scripted):
    JobFactory(running=True, run_id="ft-1")
    job = start(draft, idempotency_key=next_idempotency_key(draft))
    scripted.accepts("ft-1")
    submit(job.pk)
    job.refresh_from_db()
    assert (job.status, scripted.starts) == (Status.UNKNOWN, 1)
    assert "ft-1" in job.incident


def test_a_single_look_that_trips_leaves_the_others_looked_at(scripted, monkeypatch):
    from providers.local.provider import Local

    bad, good = (JobFactory(running=True, run_id=f"ft-{n}") for n in ("bad", "good"))
    scripted.lists()
    scripted.logs("ft-good")
    scripted.mock.get(
        f"{BASE}/fine-tunes/ft-good", json={"id": "ft-good", "status": "running", "step": 7}
    )
    ask = Local.get_run

    def trips(self, ref):
        if ref.id == "ft-bad":
            raise RuntimeError("a surprise")
        return ask(self, ref)

    monkeypatch.setattr(Local, "get_run", trips)
    poll.poll("local")
    bad.refresh_from_db(), good.refresh_from_db()
    assert (bad.status, good.step) == (Status.RUNNING, 7)
    assert bad.next_poll_at > timezone.now()


def test_a_finished_run_that_cannot_be_noted_down_does_not_stop_the_look(scripted, monkeypatch):
    from training.work import TrainingWork

    bad, good = (JobFactory(running=True, run_id=f"ft-{n}") for n in ("bad", "good"))
    scripted.lists(*({"id": job.run_id, "status": "completed"} for job in (bad, good)))
    result_of = TrainingWork.result_of

    def full(self, job, run):
        if job.pk == bad.pk:
            raise OSError(28, "No space left on device")
        return result_of(self, job, run)

    monkeypatch.setattr(TrainingWork, "result_of", full)
    poll.poll("local")
    assert (state_of(bad), state_of(good)) == (Status.RUNNING, Status.FINISHING)


def test_a_result_that_cannot_be_entered_is_a_failed_try_and_not_a_loop(scripted):
    """A base model that is gone from the catalog: counted, then given up, still recoverable."""
    job = JobFactory(finishing=True, run_id="ft-1", payload={"base_model": "gone/gone"})
    scripted.logs("ft-1")
    scripted.mock.get(f"{BASE}/finetune/download", body=safetensors())
    collect(job.pk)
    job.refresh_from_db()
    assert (job.status, job.attempts, job.error_code) == (Status.FINISHING, 1, "internal")


def test_a_removed_provider_does_not_use_up_the_tries_of_fetching(scripted):
    job = JobFactory(finishing=True, run_id="ft-1", provider="together")
    collect(job.pk)
    job.refresh_from_db()
    assert (job.status, job.attempts, job.error_code) == (Status.FINISHING, 0, "not_configured")


def test_a_job_for_a_removed_provider_waits_and_says_so(scripted):
    job = JobFactory(provider="together")
    for _ in range(10):
        JobQueue.objects.update(next_poll_at=timezone.now())
        submit(job.pk)
    job.refresh_from_db()
    assert (job.status, job.error_code) == (Status.QUEUED, "not_configured")


def test_an_outage_does_not_use_up_the_tries_of_a_hiccup_of_ours(scripted, monkeypatch):
    from training.work import TrainingWork

    def hiccup(*_args):
        raise RuntimeError("database is locked")

    monkeypatch.setattr(TrainingWork, "prepare", hiccup)
    job = JobFactory(unanswered_count=50, error_code="unavailable")
    submit(job.pk)
    assert state_of(job) == Status.QUEUED


def test_a_hanging_provider_is_asked_about_itself_by_one_worker_only(scripted):
    from jobs.engine import provider_status

    scripted.mock.get(f"{BASE}/fine-tunes/models/supported", json={"models": []})
    with provider_status.polling_lease("local"):
        describe.describe("local")
    assert scripted.count("GET", "/fine-tunes/models/supported") == 0


def test_a_run_the_trainer_has_lost_does_not_make_the_trainer_silent(scripted):
    JobFactory(running=True, run_id="ft-1")
    scripted.lists()
    scripted.mock.get(f"{BASE}/fine-tunes/ft-1", status=404)
    poll.poll("local")
    assert ProviderStatus.objects.get().last_error == ""


def test_an_own_model_is_untouched_by_what_happens_to_others(scripted):
    UserModelFactory(status="training")
    JobFactory(running=True, run_id="ft-1")
    scripted.lists({"id": "ft-1", "status": "cancelled"})
    poll.poll("local")
    assert sorted(UserModel.objects.values_list("status", flat=True)) == ["pending", "training"]
