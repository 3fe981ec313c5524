"""What can happen to processes, the database and the broker, each as one function.

A cause begins it and returns whether it struck; what has to end again ends by a timer.
"""

from __future__ import annotations

import contextlib
import signal
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from random import Random

from bench import clock_skew
from bench.installation import Installation
from theway.processes.process import Process

Cause = Callable[[Installation, Random], bool]


def later(site: Installation, seconds: float, action: Callable[[], object]) -> None:
    """Do it in some seconds; the end of the run waits for it."""
    timer = threading.Timer(seconds, action)
    timer.daemon = True
    timer.start()
    site.timers.append(timer)


def kill(*names: str) -> Cause:
    def cause(site: Installation, rng: Random) -> bool:
        return _killed(site.parts[rng.choice(names)])

    return cause


def kill_trainer(site: Installation, rng: Random) -> bool:
    return _killed(site.parts[rng.choice(site.trainers).provider])


def freeze_trainer(site: Installation, rng: Random) -> bool:
    part = site.parts[rng.choice(site.trainers).provider]
    return _frozen(site, part, rng.uniform(0.5, 9))


def freeze(*names: str, at_least: float, at_most: float) -> Cause:
    """Stop a process and let it go on later: longer than a lease, if `at_most` says so."""

    def cause(site: Installation, rng: Random) -> bool:
        part = site.parts[rng.choice(names)]
        return _frozen(site, part, rng.uniform(at_least, at_most))

    return cause


def everything_killed(site: Installation, rng: Random) -> bool:
    struck = [_killed(part) for part in site.parts.values()]
    return all(struck)


def second_beat(site: Installation, rng: Random) -> bool:
    """Somebody starts a second clock: every sweep comes twice for a while."""
    beat = site.parts["beat"]
    command = [*beat.command[:-1], str(site.folder / f"beat-{rng.randrange(1 << 20)}")]
    twin = replace(beat, name="second beat", command=command, log_file=site.folder / "beat-2.log")
    site.twins.append(twin)
    twin.start()
    later(site, rng.uniform(4, 12), twin.kill)
    return True


def broker_wiped(site: Installation, rng: Random) -> bool:
    if site.redis:
        site.redis.kill()
        site.redis.start()
    else:
        for message in (site.data / "var" / "broker" / "queue").glob("*"):
            message.unlink(missing_ok=True)
    return True


def broker_frozen(site: Installation, rng: Random) -> bool:
    return bool(site.redis) and _frozen(site, site.redis, rng.uniform(0.5, 4.0))


def broker_away(site: Installation, rng: Random) -> bool:
    """Redis is down, and stays it for longer than every wait."""
    if not site.redis:
        return False
    site.redis.kill()
    later(site, rng.uniform(7, 12), site.redis.start)
    return True


def connections_cut(site: Installation, rng: Random) -> bool:
    """Every connection to the database breaks."""
    if not site.postgres:
        return False
    sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
    command = ["psql", "-h", "127.0.0.1", "-p", str(site.postgres.port), "-U", "theway"]
    done = subprocess.run([*command, "-c", sql, "theway"], capture_output=True, check=False)
    return done.returncode == 0


def database_crashed(site: Installation, rng: Random) -> bool:
    if not site.postgres:
        return False
    site.postgres.kill()
    time.sleep(rng.uniform(0.2, 1.5))
    site.postgres.start()
    return True


def partition(site: Installation, rng: Random) -> bool:
    """A worker and the database no longer hear each other; nothing is refused or closed."""
    proxy = site.parts["proxy"]
    proxy.send(signal.SIGUSR1)
    later(site, rng.uniform(4, 9), lambda: proxy.send(signal.SIGUSR2))
    return True


def row_locked(site: Installation, rng: Random) -> bool:
    """Somebody's transaction holds a row and does nothing: on SQLite, every row."""
    seconds = rng.uniform(3, 6)
    if not site.postgres:
        file = sqlite3.connect(site.data / "db.sqlite3", timeout=5, check_same_thread=False)
        with contextlib.suppress(sqlite3.OperationalError):
            file.execute("BEGIN IMMEDIATE")
            later(site, seconds, file.close)
            return True
        return False
    import psycopg

    held = psycopg.connect(f"host=127.0.0.1 port={site.postgres.port} user=theway dbname=theway")
    unfinished = "('queued', 'submitting', 'unknown', 'running', 'finishing')"
    sql = f"SELECT id FROM jobs_jobqueue WHERE status IN {unfinished} LIMIT 1 FOR UPDATE"  # noqa: S608
    has_row = held.execute(sql).fetchone() is not None
    later(site, seconds if has_row else 0, held.close)
    return has_row


def skewed(seconds: float) -> Cause:
    """A worker comes back with a wrong clock, and later with the right one."""

    def cause(site: Installation, rng: Random) -> bool:
        worker = site.parts["worker-2"]
        restart(worker, {clock_skew.VARIABLE: str(seconds)})
        later(site, rng.uniform(6, 10), lambda: restart(worker, {clock_skew.VARIABLE: ""}))
        return True

    return cause


def restart(part: Process, changes: dict[str, str]) -> None:
    """Kill it and start it with these variables changed."""
    part.kill()
    part.env = {**(part.env or {}), **changes}
    part.start()


def _killed(part: Process) -> bool:
    was_alive = part.is_alive
    part.kill()
    return was_alive


def _frozen(site: Installation, part: Process, seconds: float) -> bool:
    was_alive = part.is_alive
    part.freeze()
    later(site, seconds, part.resume)
    return was_alive
