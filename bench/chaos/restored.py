"""A database that goes back in time: a backup is put back after calls were paid."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from random import Random

from bench.installation import ROOT, Installation

STRANGER = re.compile(r"has run (\S+) \(\S+\), which belongs to no job here")
PATIENCE = 60.0  # seconds until `manage.py reconcile` must have got its answers


def backup_restored(site: Installation, rng: Random) -> bool:
    """Back up, let calls be paid, put the backup back with everything stopped, and reconcile.

    The workers run again before that: until then they must not pay. Runs whose jobs the backup
    does not know are named by `reconcile` and kept in `site.named_strangers`.
    """
    copy = site.folder / f"backup-{rng.randrange(1 << 30)}"
    _copy(site, copy, is_restoring=False)
    time.sleep(rng.uniform(1.0, 4.0))
    for part in site.parts.values():
        if part.name not in site.elsewhere:
            part.kill()
    _copy(site, copy, is_restoring=True)
    for name in ("worker-1", "worker-2", "poller", "beat"):
        site.parts[name].start()
    time.sleep(rng.uniform(1.0, 2.0))
    site.restored += 1
    _reconcile(site)
    return True


def _copy(site: Installation, copy: Path, *, is_restoring: bool) -> None:
    """Copy the database's files, with the database stopped: a moment that it was in."""
    if not site.postgres:
        _copy_sqlite(site, copy, is_restoring=is_restoring)
        return
    data = Path(site.postgres.command[2])
    site.postgres.kill()
    source, target = (copy, data) if is_restoring else (data, copy)
    shutil.rmtree(target, ignore_errors=True)
    subprocess.run(["cp", "-a", str(source), str(target)], check=True)
    (target / "postmaster.pid").unlink(missing_ok=True)
    (source / "postmaster.pid").unlink(missing_ok=True)
    site.postgres.start()


def _copy_sqlite(site: Installation, copy: Path, *, is_restoring: bool) -> None:
    import sqlite3

    database = site.data / "db.sqlite3"
    if is_restoring:
        for suffix in ("-wal", "-shm"):
            database.with_name(database.name + suffix).unlink(missing_ok=True)
        shutil.copy2(copy, database)
        return
    source, target = sqlite3.connect(database, timeout=20), sqlite3.connect(copy)
    source.backup(target)
    source.close()
    target.close()


def _reconcile(site: Installation) -> None:
    """Do as the manual says, again until every provider answers."""
    deadline = time.monotonic() + PATIENCE
    while True:
        done = subprocess.run(
            [sys.executable, "manage.py", "reconcile"],
            cwd=ROOT,
            env=site.parts["worker-2"].env,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode == 0:
            site.named_strangers.update(STRANGER.findall(done.stdout))
            return
        if time.monotonic() > deadline:
            raise RuntimeError(f"reconcile: {done.stderr[-2000:]}")
        site.start_trainers()
        time.sleep(1)
