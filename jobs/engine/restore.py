"""After a database came back older than it was: every unsettled job is looked up before it pays.

A power cut, a restored backup or a failed-over replica can lose what was committed since. Runs
that were started meanwhile are adopted by their token; what cannot be looked up becomes unclear
and is left to a person.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db import transaction

from jobs.engine import journal
from jobs.engine.acceptance import accept_run, mark_unclear
from jobs.engine.isolation import isolated
from jobs.engine.reconcile import is_witnessed, sent_after
from jobs.engine.transitions import move
from jobs.models import JobQueue
from jobs.states import Status
from providers import registry
from providers.base import Provider
from providers.types import FINDING, TOKEN_PREFIX, Run, RunStatus, WorkKind

# In these a job may have been paid although the database does not know it (any more).
UNSETTLED = (Status.QUEUED, Status.SUBMITTING, Status.UNKNOWN)


@dataclass(slots=True)
class Outcome:
    """What was found. `strangers` are runs with a token of ours that no job here has."""

    adopted: list[JobQueue] = field(default_factory=list)
    unclear: list[JobQueue] = field(default_factory=list)
    strangers: list[tuple[str, Run]] = field(default_factory=list)


def reconcile_all() -> Outcome:
    """Look every unsettled job up at its provider, then let jobs be paid again.

    Raises ProviderError where a provider does not answer: nothing is paid before all have.
    """
    outcome = Outcome()
    for key in registry.configured():
        provider = registry.get(key)
        for kind in WorkKind:
            _reconcile(provider, kind, outcome)
    journal.reset_mark()
    return outcome


def _reconcile(provider: Provider, kind: WorkKind, outcome: Outcome) -> None:
    jobs = JobQueue.objects.filter(provider=provider.key, kind=kind)
    unsettled = list(jobs.filter(status__in=UNSETTLED))
    if FINDING[kind] not in provider.capabilities:
        _leave_to_a_person(unsettled, outcome)
        return
    listed = provider.list_runs(kind)
    by_token = {run.correlation: run for run in reversed(listed.runs) if run.correlation}
    is_proof = is_witnessed(provider, kind, listed)
    for job in unsettled:
        # A look-up key that was stored after the backup is lost with it.
        is_listed_as = job.lookup_key or provider.shows_correlation
        if run := by_token.get(job.token):
            accept_run(job, run)
            outcome.adopted.append(job)
        elif not (is_proof and is_listed_as and listed.covers(sent_after(job))):
            _leave_to_a_person([job], outcome)
    known = set(jobs.filter(correlation__in=by_token).values_list("correlation", flat=True))
    outcome.strangers += _strangers(provider, by_token.values(), known)


def _leave_to_a_person(jobs: Iterable[JobQueue], outcome: Outcome) -> None:
    """Nobody can tell whether these were paid after the backup was made."""
    for job in jobs:
        if job.status == Status.UNKNOWN:
            continue
        with isolated(job), transaction.atomic():
            if job.status == Status.QUEUED:
                move(job, Status.SUBMITTING)
            mark_unclear(job, "The database was restored from an earlier time.")
            outcome.unclear.append(job)


def _strangers(provider: Provider, runs: Iterable[Run], known: set[str]) -> list[tuple[str, Run]]:
    """Runs that the database has lost its job of, or that another installation started."""
    harmless = {RunStatus.FAILED, RunStatus.CANCELLED}
    return [
        (provider.key, run)
        for run in runs
        if run.correlation.startswith(TOKEN_PREFIX)
        and run.correlation not in known
        and run.status not in harmless
    ]
