"""Breakages: one never stops all."""

from __future__ import annotations

from bench.chaos.mutant import BULKHEADS, Mutant

ONE_NEVER_STOPS_ALL = (
    Mutant(
        "no isolation of a bad row",
        "jobs/engine/isolation.py",
        "        postpone(job)\n\n\ndef postpone",
        "        postpone(job)\n        raise\n\n\ndef postpone",
        ("tests/jobs/test_one_bad_row.py",),
    ),
    Mutant(
        "no isolation of a stage",
        "jobs/engine/sweep.py",
        '        except Exception:\n            log.exception("the sweep',
        '        except ZeroDivisionError:\n            log.exception("the sweep',
        (BULKHEADS,),
    ),
    Mutant(
        "a locked row stops the others",
        "jobs/engine/isolation.py",
        "        if not is_row_locked(error):\n            raise\n        log.warning",
        "        raise\n        log.warning",
        (BULKHEADS,),
    ),
    Mutant(
        "no limit per provider",
        "jobs/engine/transitions.py",
        "    return max(CALLS_PER_PROVIDER - held.count(), 0)",
        "    return max(1000 - held.count(), 0)",
        (BULKHEADS,),
    ),
    Mutant(
        "the queue is filled with what must wait",
        "jobs/engine/due.py",
        "[:room])",
        "[: room + 200])",
        ("tests/jobs/test_due.py",),
    ),
    Mutant(
        "a crowd goes first",
        "jobs/querysets.py",
        'partition_by=["provider", "owner_id"],',
        'partition_by=["provider"],',
        (BULKHEADS,),
    ),
    Mutant(
        "a pause is ignored",
        "jobs/engine/transitions.py",
        "    if row.paused_until and row.paused_until > now:",
        "    if row.paused_until is now:",
        (BULKHEADS,),
    ),
    Mutant(
        "late polls write",
        "jobs/engine/observations.py",
        '" WHERE id = %s AND version = %s AND status = %s"',
        '" WHERE id = %s AND (version = %s OR TRUE) AND status = %s"',
        (BULKHEADS,),
    ),
    Mutant(
        "progress goes backwards",
        "jobs/engine/progress.py",
        '        "progress": max(job.progress, min(share or 0.0, 1.0)),',
        '        "progress": min(share or 0.0, 1.0),',
        ("tests/jobs/test_poll.py",),
    ),
)
