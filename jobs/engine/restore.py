"""After a database came back older than it was: every unsettled job is looked up before it pays.

A power cut, a restored backup or a failed-over replica can lose what was committed since. Runs
that were started meanwhile are adopted by their token, or by the look-up key that the journal
kept; what cannot be looked up becomes unclear and is left to a person.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import chain

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from jobs.engine import journal
from jobs.engine.acceptance import accept_run, mark_unclear
from jobs.engine.isolation import isolated
from jobs.engine.orphans import HARMLESS
from jobs.engine.reconcile import call_over_at, is_witnessed, longest_call, sent_after
from jobs.engine.transitions import move
from jobs.models import JobQueue, PaidCall
from jobs.states import Status
from models_app import remote_archives
from providers import registry
from providers.base import Provider
from providers.types import FINDING, TOKEN_PREFIX, Run, RunList, WorkKind

# A token of ours, alone or within an address.
TOKEN = re.compile(rf"{TOKEN_PREFIX}[0-9a-f]{{32}}")
# In these a job may have been paid although the database does not know it (any more).
UNSETTLED = (Status.QUEUED, Status.SUBMITTING, Status.UNKNOWN)


@dataclass(slots=True)
class Outcome:
    """What was found. `strangers` are runs with a token of ours that no job here has."""

    adopted: list[JobQueue] = field(default_factory=list)
    unclear: list[JobQueue] = field(default_factory=list)
    strangers: list[tuple[str, Run]] = field(default_factory=list)


class TooEarlyError(Exception):
    """A call may have left too lately for a list to prove that it did not arrive."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__(f"in {wait.total_seconds():.0f} s")
        self.wait = wait


def reconcile_all() -> Outcome:
    """Look every unsettled job up at its provider, then let jobs be paid again.

    Raises ProviderError where a provider does not answer, TooEarlyError where its list may still
    lack the last call: nothing is paid before both are over.
    """
    outcome = Outcome()
    keys = registry.configured()
    for key in keys:
        provider = registry.get(key)
        for kind in WorkKind:
            _reconcile(provider, kind, outcome)
    # Switched off now, and perhaps on again later.
    _leave_to_a_person(_unsettled(JobQueue.objects.exclude(provider__in=keys)), outcome)
    remote_archives.end_after_restore()
    journal.reset_mark()
    return outcome


def _unsettled(jobs: QuerySet[JobQueue]) -> list[JobQueue]:
    return list(jobs.filter(status__in=UNSETTLED))


def _reconcile(provider: Provider, kind: WorkKind, outcome: Outcome) -> None:
    jobs = JobQueue.objects.filter(provider=provider.key, kind=kind)
    unsettled = _unsettled(jobs)
    if FINDING[kind] not in provider.capabilities:
        _leave_to_a_person(unsettled, outcome)
        return
    listed = provider.list_runs(kind)
    is_proof = is_witnessed(provider, kind, listed)
    kept = journal.lookup_keys()
    for job in unsettled:
        if run := _found(listed, job, kept.get(job.pk, [])):
            accept_run(job, run)
            outcome.adopted.append(job)
        elif job.status == Status.UNKNOWN:
            _begin_proof_anew(job)
        elif not (is_proof and _would_show(provider, listed, job)):
            _leave_to_a_person([job], outcome)
        elif (wait := _wait_for(provider, kind)) > timedelta(0):
            raise TooEarlyError(wait)
    outcome.strangers += _strangers(provider, listed.runs, set(chain(*kept.values())))


def _found(listed: RunList, job: JobQueue, kept: Sequence[str]) -> Run | None:
    """Return its run, by any token of its calls. The job learns the newest of its look-up keys
    again, so that a run which appears later is recognised as well."""
    tokens = [*kept, job.token]
    run = next(filter(None, map(listed.find, tokens)), None)
    newest = run.correlation if run else tokens[0]
    if newest not in {job.lookup_key, job.correlation}:
        JobQueue.objects.filter(pk=job.pk).update(lookup_key=newest)
        job.lookup_key = newest
    return run


def _begin_proof_anew(job: JobQueue) -> None:
    """It may have been sent again after the backup: what was read before is no proof any more."""
    rows = JobQueue.objects.filter(pk=job.pk, status=Status.UNKNOWN)
    rows.update(call_over_at=call_over_at(job), absent_count=0)


def _would_show(provider: Provider, listed: RunList, job: JobQueue) -> bool:
    """Whether its run would be in the list if it had one. A look-up key that was stored after
    the backup is lost with it where the journal is lost, too."""
    is_known_as = bool(job.lookup_key) or provider.shows_correlation
    return is_known_as and listed.covers(sent_after(job)) and not listed.hints_at(job.token)


def _wait_for(provider: Provider, kind: WorkKind) -> timedelta:
    """How long until a list proves the absence of a call that left just before the restore."""
    longest = longest_call(provider, kind) + provider.absence_after
    return longest - (timezone.now() - journal.marked_at())


def _leave_to_a_person(jobs: Iterable[JobQueue], outcome: Outcome) -> None:
    """Nobody can tell whether these were paid after the backup was made."""
    for job in jobs:
        if job.status == Status.UNKNOWN:
            continue
        with isolated(job), transaction.atomic():
            if job.status == Status.QUEUED:
                move(job, Status.SUBMITTING)
            detail = "The database was restored from an earlier time."
            mark_unclear(job, detail, call_over_at(job))
            outcome.unclear.append(job)


def _strangers(
    provider: Provider, runs: Iterable[Run], kept: Container[str]
) -> list[tuple[str, Run]]:
    """Runs that the database has lost its job of, or that another installation started: by a
    token of ours, or one of the look-up keys that are kept."""
    named = {run.id: _tokens(run, kept) for run in runs}
    tokens = {token for found in named.values() for token in found}
    jobs = JobQueue.objects.filter(Q(correlation__in=tokens) | Q(lookup_key__in=tokens))
    calls = PaidCall.objects.filter(lookup_key__in=tokens).exclude(job=None)
    known = {*chain(*jobs.values_list("correlation", "lookup_key"))}
    known.update(calls.values_list("lookup_key", flat=True))
    return [
        (provider.key, run)
        for run in runs
        if run.status not in HARMLESS and any(token not in known for token in named[run.id])
    ]


def _tokens(run: Run, kept: Container[str]) -> list[str]:
    return [run.correlation] if run.correlation in kept else TOKEN.findall(run.correlation)
