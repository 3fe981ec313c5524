"""Breakages: what comes before a paid call, and around it."""

from __future__ import annotations

from bench.chaos.mutant import CRASH, JOURNAL, RECONCILE, SUBMIT, Mutant, aimed

PAYING = (
    Mutant(
        "no look-up before paying",
        "jobs/engine/reconcile.py",
        "    if is_fresh or FINDING[kind] not in provider.capabilities:",
        "    if kind in WorkKind:",
        (RECONCILE, JOURNAL),
    ),
    Mutant(
        "every claim is fresh",
        "jobs/engine/reconcile.py",
        "FRESH = timedelta(seconds=10)",
        "FRESH = timedelta(days=10)",
        (JOURNAL,),
    ),
    Mutant(
        "no mark before the call",
        "jobs/engine/transitions.py",
        '    changes = {"sent_at": now, ',
        '    changes = {"sent_at": None, ',
        (CRASH,),
    ),
    Mutant(
        "claimed before the lost call is over",
        "jobs/engine/transitions.py",
        "        is_call_over(),\n        pk=job_id,",
        "        pk=job_id,",
        (JOURNAL, "tests/jobs/test_frozen_worker.py"),
    ),
    Mutant(
        "sent late",
        "jobs/engine/submit.py",
        "    not_after = steady_seconds() + SEND_WITHIN",
        "    not_after = steady_seconds() + 3600 + SEND_WITHIN",
        ("tests/jobs/test_frozen_worker.py",),
    ),
    Mutant(
        "a lost answer is tried again",
        "jobs/engine/submit.py",
        "        mark_unclear(job, error_text(error))",
        "        _retry_or_fail(job, error)",
        (SUBMIT,),
        aimed("answer lost"),
    ),
    Mutant(
        "a lost answer counts as not sent",
        "providers/http/client.py",
        "        kind = ProviderUnavailableError if stayed else OutcomeUnknownError",
        "        kind = ProviderUnavailableError if error else OutcomeUnknownError",
        (SUBMIT,),
        aimed("answer lost"),
    ),
    Mutant(
        "no version in the write",
        "jobs/engine/transitions.py",
        "        pk=job.pk, version=job.version, status__in=sorted(sources(target))",
        "        pk=job.pk, status__in=sorted(sources(target))",
        ("tests/jobs/test_states.py", RECONCILE),
    ),
)
