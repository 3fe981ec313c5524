"""What a provider asks of us holds for all calls; what another host does is not its fault."""

import threading
from datetime import timedelta

import pytest
from django.utils import timezone

from jobs.engine import due, orphans, poll, provider_status
from jobs.engine.acceptance import remember_orphan
from jobs.engine.collect import collect
from jobs.engine.transitions import claim_queued
from jobs.models import JobQueue, ProviderStatus
from providers import registry
from providers.errors import ProviderUnavailableError, RateLimitedError
from providers.types import Run, RunStatus
from tests.factories import JobFactory, UserModelFactory
from tests.scripted_trainer import BASE

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("machine_clock")]
LIMITED = {"status": 429, "headers": {"Retry-After": "120"}}
RUN = f"{BASE}/fine-tunes/ft-1"


def pause_left() -> float:
    until = ProviderStatus.objects.get().paused_until
    return (until - timezone.now()).total_seconds() if until else 0.0


def test_a_shorter_wait_does_not_end_a_longer_one():
    provider_status.record_failure("local", RateLimitedError("local", retry_after=600))
    provider_status.record_failure("local", RateLimitedError("local"))
    for _ in range(4):
        provider_status.record_failure("local", ProviderUnavailableError("local"))
    assert pause_left() > 590


def test_a_wait_that_comes_without_a_rate_limit_holds_for_all_calls(scripted):
    JobFactory(running=True, run_id="ft-1")
    JobFactory(kind="generation", running=True, run_id="img-1")
    scripted.fails_to_list(503, headers={"Retry-After": "120"})
    poll.poll("local")
    assert 110 < pause_left() < 121
    assert len(scripted.mock.calls) == 1


def test_a_list_that_only_fails_is_followed_by_single_looks(scripted):
    job = JobFactory(running=True, run_id="ft-1")
    scripted.fails_to_list(503)
    scripted.mock.get(RUN, json={"id": "ft-1", "status": "running", "step": 3})
    scripted.logs("ft-1")
    poll.poll("local")
    job.refresh_from_db()
    assert (job.step, provider_status.paused()) == (3, [])


def test_single_looks_end_where_one_is_told_to_wait(scripted, monkeypatch):
    monkeypatch.setattr(poll, "CONCURRENT_CALLS", 1)
    jobs = [JobFactory(running=True, run_id=f"ft-{number}") for number in range(3)]
    scripted.lists()
    for job in jobs:
        scripted.mock.get(f"{BASE}/fine-tunes/{job.run_id}", **LIMITED)
    poll.poll("local")
    assert len(scripted.mock.calls) == 2  # the list, and one of them
    assert all(job.next_poll_at > timezone.now() for job in JobQueue.objects.all())


def orphan_is_stopped(scripted):
    scripted.mock.post(f"{RUN}/cancel", **LIMITED)
    run = Run("ft-1", RunStatus.RUNNING, correlation=JobFactory(cancelled=True).correlation)
    orphans.stop_orphans(registry.get("local"), [run])


def ended_run_is_stopped(scripted):
    remember_orphan(JobFactory(failed=True, run_id="ft-1"), "ft-1")
    scripted.mock.get(RUN, **LIMITED)
    poll.poll("local")


def cancellation_is_passed_on(scripted):
    JobFactory(running=True, run_id="ft-1", cancel_requested_at=timezone.now())
    scripted.lists({"id": "ft-1", "status": "running"})
    scripted.mock.post(f"{RUN}/cancel", **LIMITED)
    poll.poll("local")


def reason_is_asked_for(scripted):
    JobFactory(running=True, run_id="ft-1")
    scripted.lists({"id": "ft-1", "status": "error"})
    scripted.mock.get(RUN, **LIMITED)
    poll.poll("local")


def log_is_read(scripted):
    JobFactory(running=True, run_id="ft-1")
    scripted.lists({"id": "ft-1", "status": "running"})
    url = f"{RUN}/events"
    scripted.mock.upsert("GET", url, status=503, headers={"Retry-After": "120"})
    poll.poll("local")


def address_is_asked_for(scripted):
    job = JobFactory(finishing=True, run_id="ft-1")
    scripted.logs("ft-1")
    scripted.mock.get(f"{BASE}/finetune/download", status=404)
    scripted.mock.get(RUN, **LIMITED)
    collect(job.pk)


def weights_are_fetched(scripted):
    job = JobFactory(finishing=True, run_id="ft-1")
    scripted.logs("ft-1")
    scripted.mock.get(f"{BASE}/finetune/download", **LIMITED)
    collect(job.pk)


@pytest.mark.parametrize(
    "call",
    [
        orphan_is_stopped,
        ended_run_is_stopped,
        cancellation_is_passed_on,
        reason_is_asked_for,
        log_is_read,
        address_is_asked_for,
        weights_are_fetched,
    ],
)
def test_what_any_call_is_told_about_waiting_is_heard(scripted, call):
    call(scripted)
    assert pause_left() > 110


def test_calls_of_no_bookkeeping_are_not_made_while_the_provider_wants_us_to_wait(scripted):
    provider_status.record_failure("local", RateLimitedError("local", retry_after=60))
    run = Run("ft-1", RunStatus.RUNNING, correlation=JobFactory(cancelled=True).correlation)
    orphans.stop_orphans(registry.get("local"), [run])
    assert len(scripted.mock.calls) == 0


def test_that_a_run_cannot_be_stopped_says_nothing_about_its_provider(scripted):
    run = Run("ft-1", RunStatus.RUNNING, correlation=JobFactory(cancelled=True).correlation)
    scripted.mock.post(f"{RUN}/cancel", status=500)
    for _ in range(5):
        JobQueue.objects.update(cancel_sent_at=None)
        orphans.stop_orphans(registry.get("local"), [run])
    assert provider_status.paused() == []


@pytest.mark.parametrize("answer", [{}, {"status": 429, "headers": {"Retry-After": "900"}}])
def test_another_host_that_does_not_answer_does_not_stop_the_provider(
    scripted, monkeypatch, answer
):
    """A picture lies somewhere else; the trainings of all others must not wait for that."""
    monkeypatch.setattr("providers.http.fetch._require_public", lambda parts: None)
    url = "https://pictures.example.com/1.jpg"
    if answer:
        scripted.mock.get(url, **answer)  # else: the mock refuses to connect
    picture = JobFactory(
        kind="generation",
        model=UserModelFactory(ready=True),
        finishing=True,
        run_id="img-1",
        result={"outputs": [{"url": url}]},
    )
    waiting = JobFactory()
    for _ in range(5):
        JobQueue.objects.filter(pk=picture.pk).update(next_poll_at=timezone.now())
        collect(picture.pk)
    picture.refresh_from_db()
    assert picture.unanswered_count == 5
    assert claim_queued(waiting.pk) is not None
    assert due.collections() == []


def test_a_slow_provider_is_polled_by_one_worker(monkeypatch):
    """The lease of a poll that outlasts it is renewed."""
    renewals: list[timedelta] = []
    renewed = threading.Event()

    class Held:
        def update(self, *, lease_until):
            renewals.append(lease_until - timezone.now())
            if len(renewals) == 3:
                renewed.set()
            return 1

    monkeypatch.setattr(provider_status, "POLL_LEASE", timedelta(seconds=0.03))
    done = threading.Event()
    thread = threading.Thread(target=provider_status._renew_until, args=(done, Held()))
    thread.start()
    assert renewed.wait(timeout=5)
    done.set()
    thread.join()
    assert all(left <= timedelta(seconds=0.03) for left in renewals)


def test_a_poll_renews_its_lease_beside_its_work_and_gives_it_back(monkeypatch):
    started = threading.Event()
    ended = threading.Event()

    def watched(done, held):
        started.set()
        done.wait(5)
        ended.set()

    monkeypatch.setattr(provider_status, "_renew_until", watched)
    with provider_status.polling_lease("local") as is_held:
        assert is_held and started.wait(timeout=5)
        assert not ended.is_set()
    assert ended.is_set()
    assert ProviderStatus.objects.get().lease is None
