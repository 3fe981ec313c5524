"""Bringing a job and its run together where the answer to the paid call was lost.

It is found by its token, proved absent, or left to a person.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.core.exceptions import ImproperlyConfigured
from django.db.models import Value
from django.db.models.functions import Coalesce, NullIf
from django.utils.translation import gettext_noop

from jobs import clock
from jobs.engine.acceptance import accept_run
from jobs.engine.backoff import LONGEST
from jobs.engine.isolation import postpone
from jobs.engine.transitions import TransitionError, move
from jobs.events import note
from jobs.models import JobQueue
from jobs.paid_calls import Outcome
from jobs.states import FOLLOWED, Status
from providers import registry
from providers.base import Provider
from providers.errors import OutcomeUnknownError
from providers.types import EVER, FINDING, TOKEN_PREFIX, Run, RunList, WorkKind

# A process that was frozen after marking its call as sent must not send it late (seconds).
SEND_WITHIN = 10.0
# One list could be read before the provider stored the run; three over the whole time cannot.
LISTS_FOR_PROOF = 3
WITNESSES = 20  # of those that succeeded
# A claim younger than this is surely the first; an older one may be of a database that went
# back in time (a power cut, a restored backup), so its run is looked for before it is paid.
FRESH = timedelta(seconds=10)
# By how much our clock and a provider's may differ.
CLOCKS_DIFFER = timedelta(minutes=15)
# Our token as a list shows it.
_TOKEN = Coalesce(NullIf("lookup_key", Value("")), "correlation")


def call_over_at(job: JobQueue) -> datetime:
    """When a paid call that may still be under way is over at the latest.

    Its worker may live and only have lost touch with the database. From now on, not from when it
    was sent: a clock that was set ahead meanwhile must not make it shorter.
    """
    try:
        provider: Provider | type[Provider] = registry.get(job.provider)
    except ImproperlyConfigured:
        provider = Provider  # switched off since; the usual times
    return clock.now() + longest_call(provider, WorkKind(job.kind))


def longest_call(provider: Provider | type[Provider], kind: WorkKind) -> timedelta:
    """How long after its mark a paid call can be under way."""
    return timedelta(seconds=SEND_WITHIN + sum(provider.paid_timeouts[kind]))


def sent_after(job: JobQueue) -> datetime:
    """A moment before which its run cannot have been created, by the provider's clock either."""
    return job.created_at - CLOCKS_DIFFER


def find_lost_run(job: JobQueue, provider: Provider) -> Run | None:
    """Look for the run of every job that is not seconds old, just before it is paid."""
    kind = WorkKind(job.kind)
    age = clock.now() - job.created_at  # negative where a clock was set back: not fresh
    is_fresh = job.call_over_at is None and timedelta(0) <= age < FRESH
    if is_fresh or FINDING[kind] not in provider.capabilities:
        return None
    try:
        return provider.find_run(job.token, kind, since=sent_after(job))
    except OutcomeUnknownError:
        # An incomplete list proves nothing: the proof or the owner's word that led here stands.
        return None


def found(job: JobQueue, run: Run) -> None:
    """The provider has it after all: adopt it."""
    accept_run(job, run)
    if job.run_id == run.id:
        note(
            job, gettext_noop("Found at the trainer as %(run_id)s: it was accepted."), run_id=run.id
        )
    else:
        postpone(job)


def is_of_another(job: JobQueue, run: Run) -> bool:
    """Whether a run with the id that we follow carries a whole other token: it is not ours.

    A token that came back shortened says nothing, and a run that the job was told to adopt
    belongs to it whatever it carries.
    """
    token = run.correlation
    is_token = token.startswith(TOKEN_PREFIX) and len(token) == len(job.correlation)
    is_foreign = is_token and token != job.correlation
    return is_foreign and job.payload.get("adopt_run") != run.id


def is_witnessed(provider: Provider, kind: WorkKind, listed: RunList) -> bool:
    """Whether a list can prove an absence where it is complete: it is right about what we know.

    As far back as it reaches, every run that we follow and the newest ones that succeeded must be
    in it, each with its token, and at least one of them at all. Only runs count that were paid by
    the account that has read the list, and whose models are still here.
    """
    tokens = {run_id: run.correlation for run_id, run in listed.by_id.items()}
    known = JobQueue.objects.filter(provider=provider.key, kind=kind, account=provider.account)
    known = known.exclude(model=None).exclude(payload__has_key="adopt_run")
    if listed.complete_since and listed.complete_since > EVER:
        known = known.filter(submitted_at__gt=listed.complete_since + CLOCKS_DIFFER)
    rows = known.annotate(token_there=_TOKEN).values_list("run_id", "token_there")
    succeeded = rows.filter(status=Status.SUCCEEDED).order_by("-state_changed_at")[:WITNESSES]
    witnesses = [*rows.filter(status__in=sorted(FOLLOWED)), *succeeded]
    return bool(witnesses) and all(tokens.get(run_id) == token for run_id, token in witnesses)


def absent(job: JobQueue, provider: Provider, *, listed_at: datetime, is_witnessed: bool) -> None:
    """A list requested at `listed_at` does not hold it. Witnessed lists, read long enough after
    the call was over and by the account that took it, are the proof on which it is sent again."""
    over_for = listed_at - (job.call_over_at or job.state_changed_at)
    is_proof = is_witnessed and job.account == provider.account and over_for >= timedelta(0)
    # In a row: a list that contradicts itself in between has proved nothing.
    absences = job.absent_count + 1 if is_proof else 0
    if absences >= LISTS_FOR_PROOF and over_for >= provider.absence_after:
        try:
            never_came = Outcome.NOT_SENT
            move(
                job, Status.QUEUED, outcome=never_came, sent_at=None, error_code="", error_detail=""
            )
        except TransitionError:
            return
        note(
            job,
            gettext_noop("The trainer never received it, so it is sent again. Nothing was paid."),
        )
        return
    wait = min(provider.absence_after / LISTS_FOR_PROOF, timedelta(seconds=LONGEST))
    JobQueue.objects.filter(pk=job.pk, version=job.version).update(
        absent_count=absences, unanswered_count=0, next_poll_at=clock.now() + wait
    )


def cannot_know(job: JobQueue) -> None:
    """This provider has no list: only the owner can decide. Poll seldom, change nothing."""
    JobQueue.objects.filter(pk=job.pk, version=job.version).update(
        next_poll_at=clock.now() + timedelta(seconds=LONGEST)
    )
