"""The installation is updated, or set back to the release before, while people use it."""

from __future__ import annotations

import subprocess
import sys
import time
from random import Random

from bench.chaos.causes import later, restart
from bench.installation import ROOT, Installation

VARIABLE, NEXT = "BENCH_RELEASE", "next"
PARTS = ("worker-1", "worker-2", "poller", "beat", "web-1", "web-2")
FORGOTTEN = "worker-2"
PATIENCE = 60.0  # seconds for a migration to get the locks that it needs


def killed_in_migration(site: Installation, rng: Random) -> bool:
    """The migration is killed on its way and run again; then all is restarted, one by one."""
    _turn(site)
    begun = _begin_migration(site)
    time.sleep(rng.uniform(0.8, 2.0))
    was_alive = begun.poll() is None
    begun.kill()
    begun.communicate()
    _migrate(site)
    for name in PARTS:
        restart(site.parts[name], {VARIABLE: site.release})
    return was_alive


def old_beside_new(site: Installation, rng: Random) -> bool:
    """One worker is forgotten and goes on with the old release for a while."""
    _turn(site)
    _migrate(site)
    for name in PARTS:
        if name != FORGOTTEN:
            restart(site.parts[name], {VARIABLE: site.release})
    last = {VARIABLE: site.release}
    later(site, rng.uniform(6, 10), lambda: restart(site.parts[FORGOTTEN], last))
    return True


def _turn(site: Installation) -> None:
    site.release = "" if site.release else NEXT


def _begin_migration(site: Installation) -> subprocess.Popen[str]:
    """Start the migration to `site.release`; the next release's code knows the way back too."""
    from jobs.engine.release import KNOWN

    target = [] if site.release else [max(KNOWN)]
    return subprocess.Popen(
        [sys.executable, "manage.py", "migrate", "-v0", "jobs", *target],
        cwd=ROOT,
        env={**(site.parts["worker-2"].env or {}), VARIABLE: NEXT},
        stderr=subprocess.PIPE,
        text=True,
    )


def _migrate(site: Installation) -> None:
    """As an operator does it: again, until it works."""
    deadline = time.monotonic() + PATIENCE
    while (begun := _begin_migration(site)).wait():
        said = begun.communicate()[1]
        if time.monotonic() > deadline:
            raise RuntimeError(f"migrate: {said[-2000:]}")
        time.sleep(0.5)
