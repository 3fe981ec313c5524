"""Breakages: what was paid is kept, and what nobody follows is told."""

from __future__ import annotations

from bench.chaos.mutant import ANSWERS, BULKHEADS, JOURNAL, RESTORE, SUBMIT, Mutant, aimed

KEPT = (
    Mutant(
        "bookkeeping before saving the run",
        "jobs/engine/submit.py",
        "    accept_run(job, run)  # before any bookkeeping\n"
        "    provider_status.record_answer(job.provider)",
        "    provider_status.record_answer(job.provider)\n    accept_run(job, run)",
        (SUBMIT,),
    ),
    Mutant(
        "answers are not kept in the journal",
        "jobs/engine/acceptance.py",
        "        path = journal.keep_answer(job, run)\n",
        "        return None\n",
        (ANSWERS,),
    ),
    Mutant(
        "a try to store an answer spoils the next",
        "jobs/engine/acceptance.py",
        "            vars(job).update(before)  # rolled back",
        "            pass  # rolled back",
        (ANSWERS,),
    ),
    Mutant(
        "the journal is not asked before paying",
        "jobs/engine/submit.py",
        "    adopt_kept_answers(job_id)\n    if journal.kept_answers(job_id):",
        "    if not job_id:",
        (ANSWERS,),
    ),
    Mutant(
        "SQLite's commits are not synced",
        "theway/database_settings.py",
        "PRAGMA synchronous=FULL",
        "PRAGMA synchronous=NORMAL",
        chaos=(*aimed("power cut", "accepted and never answered", trials=3), "--embedded"),
    ),
    Mutant(
        "PostgreSQL's commits are not waited for",
        "theway/database_settings.py",
        '        "synchronous_commit": "on",\n',
        "",
        chaos=aimed("power cut", "accepted and never answered", trials=3),
    ),
    Mutant(
        "files are not synced",
        "models_app/synced_storage.py",
        "        sync(path)\n",
        "",
        ("tests/models_app/test_synced_storage.py",),
    ),
    Mutant(
        "an old release pays",
        "jobs/engine/submit.py",
        "    if not release.is_current():",
        "    if False:",
        ("tests/jobs/test_release.py",),
    ),
    Mutant(
        "the journal is not adopted",
        "jobs/engine/sweep.py",
        '        "adopt_kept_answers": adopt_kept_answers,\n',
        "",
        (JOURNAL,),
    ),
    Mutant(
        "no high-water mark",
        "jobs/engine/submit.py",
        "    if journal.is_database_behind():",
        "    if False:",
        (JOURNAL, RESTORE),
    ),
    Mutant(
        "the high-water mark is not raised",
        "jobs/engine/submit.py",
        "        journal.raise_mark()\n",
        "        pass\n",
        (JOURNAL,),
    ),
    Mutant(
        "reconcile adopts nothing",
        "jobs/engine/restore.py",
        "            accept_run(job, run)\n",
        "",
        (RESTORE,),
    ),
    Mutant(
        "completed second runs are not reported",
        "jobs/engine/orphans.py",
        "    sentence = _COMPLETED if len(live) < len(runs) else _STOPPED\n",
        "    sentence = _STOPPED\n",
        (BULKHEADS,),
    ),
    Mutant(
        "ended runs are not asked to stop",
        "jobs/engine/sweep.py",
        "            if job.status == Status.RUNNING:  # its",
        "            if job.status == Status.QUEUED:  # its",
        (BULKHEADS,),
    ),
)
