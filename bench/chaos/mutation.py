"""`make chaos MUTANTS=1`: breaks the engine on purpose, piece by piece, in a copy of the tree."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench.chaos.mutant import Mutant
from bench.chaos.mutants import MUTANTS
from bench.installation import ROOT

LIMIT = 600.0  # seconds for one check
PYTEST = ("pytest", "-q", "-x", "-p", "no:cacheprovider", "-p", "no:randomly")
CHAOS = ("bench.chaos", "--seed", "3")


class OutdatedMutantError(Exception):
    """The text that a mutant replaces is not, or not exactly once, in its file."""


def run_mutants(only: str) -> int:
    """Check every mutant whose name contains `only`, or a part of it between commas; print a table,
    return the exit code."""
    parts = only.split(",")
    chosen = [mutant for mutant in MUTANTS if any(part in mutant.name for part in parts)]
    with tempfile.TemporaryDirectory(prefix="theway-mutants-") as folder:
        tree = Path(folder)
        _copy_tree(tree)
        for mutant in chosen:
            _mutated(tree, mutant)  # all of them apply, before any is tried
        if failed := _fails_unchanged(tree, chosen):
            print(f"fails without any mutant, so it proves nothing: {' '.join(failed)}")
            return 1
        survivors = [mutant.name for mutant in chosen if not _is_caught(tree, mutant)]
    print(f"mutants={len(chosen)} caught={len(chosen) - len(survivors)}")
    return 1 if survivors else 0


def _copy_tree(tree: Path) -> None:
    """Copy what Git knows or would take, uncommitted changes included."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True)
    for name in listed.stdout.split("\0"):
        source = ROOT / name
        if name and source.is_file():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, tree / name)


def _mutated(tree: Path, mutant: Mutant) -> str:
    text = (tree / mutant.file).read_text()
    if text.count(mutant.old) != 1:
        count = text.count(mutant.old)
        raise OutdatedMutantError(f"{mutant.name}: its text is {count} times in {mutant.file}")
    return text.replace(mutant.old, mutant.new)


def _checks(mutant: Mutant) -> list[Sequence[str]]:
    checks: list[Sequence[str]] = []
    if mutant.tests:
        checks.append((*PYTEST, *mutant.tests))
    if mutant.chaos:
        checks.append((*CHAOS, *mutant.chaos))
    return checks


def _fails_unchanged(tree: Path, mutants: Sequence[Mutant]) -> Sequence[str]:
    """Return the first check that fails although nothing is broken; () where none does."""
    tests = sorted({test for mutant in mutants for test in mutant.tests})
    runs = sorted({mutant.chaos for mutant in mutants if mutant.chaos})
    checks = [(*PYTEST, *tests)] if tests else []
    for check in [*checks, *((*CHAOS, *run) for run in runs)]:
        if not _passes(tree, check):
            return check
    return ()


def _is_caught(tree: Path, mutant: Mutant) -> bool:
    """Break it, run all its checks, mend it; whether each of them has noticed."""
    path = tree / mutant.file
    before = path.read_text()
    path.write_text(_mutated(tree, mutant))
    try:
        blind = [check[0] for check in _checks(mutant) if _passes(tree, check)]
    finally:
        path.write_text(before)
    print(f"{'SURVIVED' if blind else 'caught  '} {mutant.name} {' '.join(blind)}", flush=True)
    return not blind


def _passes(tree: Path, check: Sequence[str]) -> bool:
    env = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    # Bytecode is told apart by whole seconds and size only, and mutants are quicker than that.
    env |= {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(tree)}
    try:
        done = subprocess.run(
            [sys.executable, "-m", *check],
            cwd=tree,
            env=env,
            capture_output=True,
            check=False,
            timeout=LIMIT,
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0
