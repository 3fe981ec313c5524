"""Deliberate breakages of the engine, each of which the harness must notice.

Every entry replaces one exact text of one file. An entry whose text is gone is an error: bring
it up to date with the code, so that the rule it breaks stays guarded. Where real processes show
it without luck they are asked (`chaos`), otherwise the tests that it names.
"""

from __future__ import annotations

from dataclasses import dataclass

RECONCILE = "tests/jobs/test_reconcile.py"
JOURNAL = "tests/jobs/test_journal.py"
BULKHEADS = "tests/jobs/test_bulkheads.py"
CRASH = "tests/jobs/test_crash.py"
SUBMIT = "tests/jobs/test_submit.py"
ANSWERS = "tests/jobs/test_stored_answers.py"
RESTORE = "tests/jobs/test_restore.py"


@dataclass(frozen=True)
class Mutant:
    """One breakage: its name, the text it replaces, and what brings it out.

    `tests` are files or tests, `chaos` the options of one short run of `bench.chaos`.
    """

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...] = ()
    chaos: tuple[str, ...] = ()


def _aimed(*accidents: str, trials: int = 2) -> tuple[str, ...]:
    """Trials in which just these happen, for long enough that every wait is over."""
    aim = ("--trials", str(trials), "--only", ",".join(accidents), "--hold", "9")
    return (*aim, "--judge", "doubled")


MUTANTS = (
    # --- proof of absence ---------------------------------------------------------------
    Mutant(
        "one list is proof",
        "jobs/engine/reconcile.py",
        "LISTS_FOR_PROOF = 3",
        "LISTS_FOR_PROOF = 1",
        (RECONCILE,),
    ),
    Mutant(
        "no witness",
        "jobs/engine/reconcile.py",
        "    return bool(witnesses) and all(",
        "    return all(",
        (RECONCILE,),
        _aimed("answer lost", "admits nothing"),
    ),
    Mutant(
        "one run is witness enough",
        "jobs/engine/reconcile.py",
        "    return bool(witnesses) and all(",
        "    return bool(witnesses) and any(",
        (RECONCILE,),
    ),
    Mutant(
        "an incomplete list is proof",
        "providers/types.py",
        "        return self.complete_since is not None and self.complete_since <= moment",
        "        return self.complete_since is None or self.complete_since <= moment",
        (RECONCILE,),
    ),
    Mutant(
        "no proof at all",
        "jobs/engine/reconcile.py",
        "    if absences >= LISTS_FOR_PROOF and over_for >= provider.absence_after:",
        "    if over_for or absences:",
        (RECONCILE,),
        _aimed("answer lost", "admits nothing"),
    ),
    Mutant(
        "proof without waiting",
        "jobs/engine/reconcile.py",
        "    if absences >= LISTS_FOR_PROOF and over_for >= provider.absence_after:",
        "    if absences >= LISTS_FOR_PROOF:",
        (RECONCILE,),
    ),
    Mutant(
        "a list of another account is proof",
        "jobs/engine/reconcile.py",
        "    is_proof = is_witnessed and job.account == provider.account",
        "    is_proof = is_witnessed",
        (RECONCILE,),
    ),
    Mutant(
        "a run of another account is a witness",
        "jobs/engine/reconcile.py",
        "provider=provider.key, kind=kind, account=provider.account)\n    known",
        "provider=provider.key, kind=kind)\n    known",
        (RECONCILE,),
    ),
    # --- before and around the paid call ----------------------------------------------
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
        _aimed("answer lost"),
    ),
    Mutant(
        "a lost answer counts as not sent",
        "providers/http/client.py",
        "        kind = ProviderUnavailableError if stayed else OutcomeUnknownError",
        "        kind = ProviderUnavailableError if error else OutcomeUnknownError",
        (SUBMIT,),
        _aimed("answer lost"),
    ),
    Mutant(
        "no version in the write",
        "jobs/engine/transitions.py",
        "        pk=job.pk, version=job.version, status__in=sorted(sources(target))",
        "        pk=job.pk, status__in=sorted(sources(target))",
        ("tests/jobs/test_states.py", RECONCILE),
    ),
    # --- what was paid is kept ----------------------------------------------------------
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
        "theway/settings.py",
        "PRAGMA synchronous=FULL",
        "PRAGMA synchronous=NORMAL",
        chaos=(*_aimed("power cut", "accepted and never answered", trials=3), "--embedded"),
    ),
    Mutant(
        "PostgreSQL's commits are not waited for",
        "theway/settings.py",
        '        " -c synchronous_commit=on"\n',
        "",
        chaos=_aimed("power cut", "accepted and never answered", trials=3),
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
    # --- one never stops all --------------------------------------------------------------
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
