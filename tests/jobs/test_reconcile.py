"""Jobs whose answer was lost: found, proved absent, or decided by a person."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from jobs import services
from jobs.engine import poll
from jobs.models import JobQueue
from jobs.states import Status
from tests.factories import ACCOUNT, JobFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("machine_clock")]


@pytest.fixture
def lost(scripted) -> JobQueue:
    return JobFactory(unknown=True)


@pytest.fixture
def witness(scripted) -> dict[str, str]:
    """A run of ours that the provider surely has, as its list shows it."""
    job = JobFactory(running=True, run_id="ft-known")
    return {"id": job.run_id, "status": "running", "suffix": job.correlation}


def polled_after(seconds: float) -> None:
    with time_machine.travel(timezone.now() + timedelta(seconds=seconds), tick=False):
        JobQueue.objects.update(next_poll_at=timezone.now())
        poll.poll("local")


def test_a_lost_run_is_found_by_its_token_and_followed(lost, scripted):
    scripted.lists({"id": "ft-9", "status": "running", "suffix": lost.correlation})
    poll.poll("local")
    lost.refresh_from_db()
    assert (lost.status, lost.run_id) == (Status.RUNNING, "ft-9")


def test_another_run_with_the_same_looks_is_not_taken_for_it(lost, scripted):
    scripted.lists({"id": "ft-9", "status": "running", "suffix": "somebody-elses"})
    poll.poll("local")
    lost.refresh_from_db()
    assert lost.status == Status.UNKNOWN


def test_one_list_without_it_proves_nothing(lost, scripted, witness):
    scripted.lists(witness)
    polled_after(3600)
    lost.refresh_from_db()
    assert lost.status == Status.UNKNOWN


def test_three_lists_soon_after_the_call_prove_nothing(lost, scripted, witness):
    scripted.lists(witness)
    for second in (1, 2, 3, 4):
        polled_after(second)
    lost.refresh_from_db()
    assert lost.status == Status.UNKNOWN


def test_three_complete_lists_over_the_whole_time_send_it_again(lost, scripted, witness):
    scripted.lists(witness)
    for second in (7, 14, 21):
        polled_after(second)
    lost.refresh_from_db()
    assert (lost.status, lost.sent_at) == (Status.QUEUED, None)


def test_lists_that_show_no_run_we_know_prove_nothing(lost, scripted):
    """Empty for whatever reason: another account, a list that admits nothing."""
    scripted.lists()
    for second in (70, 140, 210, 3600):
        polled_after(second)
    lost.refresh_from_db()
    assert (lost.status, lost.absent_count) == (Status.UNKNOWN, 0)


def test_a_list_without_tokens_proves_nothing(lost, scripted, witness):
    scripted.lists({"id": witness["id"], "status": "running"})
    for second in (70, 140, 210, 3600):
        polled_after(second)
    lost.refresh_from_db()
    assert lost.status == Status.UNKNOWN


def test_a_list_that_lacks_a_run_we_follow_proves_nothing(lost, scripted, witness):
    JobFactory(running=True, run_id="ft-followed")
    scripted.lists(witness)
    scripted.mock.get("http://127.0.0.1:9/v1/fine-tunes/ft-followed", json={"id": "ft-followed"})
    for second in (70, 140, 210, 3600):
        polled_after(second)
    lost.refresh_from_db()
    assert lost.status == Status.UNKNOWN


def test_a_list_that_lacks_a_run_that_succeeded_lately_proves_nothing(lost, scripted, witness):
    """It shows an old run of ours and may still be hours old itself."""
    JobFactory(succeeded=True, run_id="ft-newer", account=lost.account)
    scripted.lists(witness)
    for second in (70, 140, 210, 3600):
        polled_after(second)
    lost.refresh_from_db()
    assert lost.status == Status.UNKNOWN


def test_what_a_list_forgets_by_its_own_word_needs_not_be_in_it(scripted, witness):
    lost = JobFactory(unknown=True)
    old = timezone.now() - timedelta(days=3)
    JobFactory(succeeded=True, run_id="ft-old", account=lost.account, submitted_at=old)
    since = (timezone.now() - timedelta(days=1)).isoformat()
    scripted.mock.get(
        "http://127.0.0.1:9/v1/fine-tunes", json={"data": [witness], "complete_since": since}
    )
    for second in (70, 140, 210):
        polled_after(second)
    lost.refresh_from_db()
    assert lost.status == Status.QUEUED


def test_a_list_read_as_another_account_proves_nothing(scripted, witness):
    lost = JobFactory(unknown=True, account="of-an-older-key")
    scripted.lists(witness)
    for second in (70, 140, 210, 3600):
        polled_after(second)
    lost.refresh_from_db()
    assert lost.status == Status.UNKNOWN


def test_a_run_that_another_account_paid_is_no_witness(lost, scripted):
    foreign = JobFactory(running=True, run_id="ft-foreign", account="of-an-older-key")
    scripted.lists({"id": "ft-foreign", "status": "running", "suffix": foreign.correlation})
    for second in (70, 140, 210, 3600):
        polled_after(second)
    lost.refresh_from_db()
    assert lost.status == Status.UNKNOWN


def test_a_list_that_says_it_is_incomplete_proves_nothing(lost, scripted, witness):
    scripted.lists(witness)
    url = "http://127.0.0.1:9/v1/fine-tunes"
    scripted.mock.upsert("GET", url, json={"data": [witness], "has_more": True})
    for second in (70, 140, 210, 3600):
        polled_after(second)
    lost.refresh_from_db()
    assert lost.status == Status.UNKNOWN


def test_a_list_that_fails_is_no_proof(lost, scripted):
    scripted.fails_to_list()
    for second in (7, 14, 21, 28):
        polled_after(second)
    lost.refresh_from_db()
    assert (lost.status, lost.attempts) == (Status.UNKNOWN, 0)


def test_the_owner_may_say_that_it_did_not_start(lost, scripted):
    services.declare_not_started(lost, by="ann@example.org")
    assert lost.status == Status.QUEUED


def test_the_owner_may_forget_it(lost, scripted):
    services.abandon(lost, by="ann@example.org")
    assert lost.status == Status.CANCELLED


@pytest.mark.parametrize("decide", [services.abandon, services.declare_not_started])
def test_only_an_unclear_job_can_be_decided_about(decide, scripted):
    job = JobFactory(running=True)
    with pytest.raises(services.TransitionError):
        decide(job, by="ann@example.org")


def test_a_run_that_turns_up_after_it_was_forgotten_is_stopped_with_an_incident(lost, scripted):
    services.abandon(lost, by="ann@example.org")
    JobFactory(running=True, run_id="ft-other")
    scripted.lists(
        {"id": "ft-late", "status": "running", "suffix": lost.correlation},
        {"id": "ft-other", "status": "running"},
    )
    scripted.cancels("ft-late")
    poll.poll("local")
    lost.refresh_from_db()
    assert lost.status == Status.CANCELLED
    assert "ft-late" in lost.incident
    assert scripted.count("POST", "/fine-tunes/ft-late/cancel") == 1


def test_of_two_runs_with_one_token_the_followed_one_stays(scripted):
    job = JobFactory(running=True, run_id="ft-new")
    scripted.lists(
        {"id": "ft-new", "status": "running", "suffix": job.correlation},
        {"id": "ft-old", "status": "running", "suffix": job.correlation},
    )
    scripted.cancels("ft-old")
    poll.poll("local")
    job.refresh_from_db()
    assert (job.status, job.run_id) == (Status.RUNNING, "ft-new")
    assert "ft-old" in job.incident


def test_sending_again_while_the_lost_run_turns_up_later_ends_with_one_run_and_an_incident(
    scripted, draft
):
    from jobs.engine.submit import submit
    from training.selectors import next_idempotency_key
    from training.services import start

    job = start(draft, idempotency_key=next_idempotency_key(draft))
    scripted.breaks(ConnectionResetError("after it was accepted"))
    submit(job.pk)
    services.declare_not_started(JobQueue.objects.get(), by="ann@example.org")
    scripted.mock.remove("POST", "http://127.0.0.1:9/v1/fine-tunes")
    scripted.lists()
    scripted.accepts("ft-second")
    submit(job.pk)
    scripted.lists(
        {"id": "ft-first", "status": "running", "suffix": job.correlation},
        {"id": "ft-second", "status": "running", "suffix": job.correlation},
    )
    scripted.cancels("ft-first")
    poll.poll("local")
    job.refresh_from_db()
    assert (job.status, job.run_id) == (Status.RUNNING, "ft-second")
    assert "ft-first" in job.incident
    assert scripted.count("POST", "/fine-tunes/ft-first/cancel") == 1


def test_a_decision_on_an_older_reading_does_not_send_a_second_time(lost, scripted):
    """The list is being read while the owner sends it again: the reader must not requeue."""
    from jobs.engine import reconcile
    from jobs.engine.transitions import claim_queued, mark_sent
    from providers import registry

    stale = JobQueue.objects.get()
    stale.absent_count = 5
    services.declare_not_started(lost, by="ann@example.org")
    claimed = claim_queued(lost.pk)
    assert mark_sent(claimed, ACCOUNT)
    reconcile.absent(
        stale,
        registry.get("local"),
        listed_at=timezone.now() + timedelta(hours=1),
        is_witnessed=True,
    )
    assert JobQueue.objects.get().status == Status.SUBMITTING


def test_a_worker_that_may_still_be_sending_is_waited_for(scripted):
    """Its lease ran out, but it may live: its call can arrive for as long as it could last."""
    from jobs.engine import sweep

    sent_at = timezone.now() - timedelta(seconds=31)
    job = JobFactory(submitting=True, sent_at=sent_at, lease_until=timezone.now() - timedelta(1))
    sweep.recover_leases()
    known = JobFactory(running=True, run_id="ft-known")
    scripted.lists({"id": "ft-known", "status": "running", "suffix": known.correlation})
    for second in (10, 20, 30):
        polled_after(second)
    job.refresh_from_db()
    assert (job.status, job.absent_count) == (Status.UNKNOWN, 0)
    for second in (100, 110, 120):
        polled_after(second)
    job.refresh_from_db()
    assert job.status == Status.QUEUED


def test_a_job_that_was_unclear_is_looked_up_before_it_is_paid_again(scripted, draft):
    from jobs.engine.submit import submit
    from training.selectors import next_idempotency_key
    from training.services import start

    job = start(draft, idempotency_key=next_idempotency_key(draft))
    JobQueue.objects.update(call_over_at=timezone.now())
    scripted.lists({"id": "ft-after-all", "status": "running", "suffix": job.correlation})
    submit(job.pk)
    job.refresh_from_db()
    assert (job.status, job.run_id, scripted.starts) == (Status.RUNNING, "ft-after-all", 0)


@pytest.mark.parametrize("status", ["queued", "submitting", "unknown"])
def test_a_late_answer_before_a_second_call_prevents_that_call(scripted, status):
    from jobs.engine.acceptance import accept_run
    from jobs.engine.transitions import mark_sent
    from providers.types import Run, RunStatus

    frozen = JobFactory(submitting=True)
    JobQueue.objects.update(status=status, version=7, sent_at=None)
    other = JobQueue.objects.get()
    accept_run(frozen, Run("ft-late", RunStatus.RUNNING))
    current = JobQueue.objects.get()
    assert (current.status, current.run_id) == (Status.RUNNING, "ft-late")
    assert not mark_sent(other, ACCOUNT)
