"""What one deliberate breakage is, and how real processes are aimed at it."""

from __future__ import annotations

from dataclasses import dataclass

RECONCILE = "tests/jobs/test_reconcile.py"
JOURNAL = "tests/jobs/test_journal.py"
BULKHEADS = "tests/jobs/test_bulkheads.py"
CRASH = "tests/jobs/test_crash.py"
SUBMIT = "tests/jobs/test_submit.py"
ANSWERS = "tests/jobs/test_stored_answers.py"
RESTORE = "tests/jobs/test_restore.py"
SEAMS = "tests/jobs/test_provider_seams.py"
ORPHANS = "tests/jobs/test_orphan_runs.py"
TURNS = "tests/jobs/test_turns.py"
WEBHOOKS = "tests/webhooks/test_taking.py"


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


def aimed(*accidents: str, trials: int = 2) -> tuple[str, ...]:
    """Trials in which just these happen, for long enough that every wait is over."""
    aim = ("--trials", str(trials), "--only", ",".join(accidents), "--hold", "9")
    return (*aim, "--judge", "doubled")
