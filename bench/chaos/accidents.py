"""Everything that can happen to an installation, each as one function of it."""

from __future__ import annotations

import contextlib
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import Any

import requests

from bench.installation import Installation
from theway.processes.installation import TRAINER_KEY

AUTH = {"Authorization": f"Bearer {TRAINER_KEY}"}


@dataclass(frozen=True)
class Accident:
    """One kind of trouble. `cause` begins it, `kills` counts the processes it hits."""

    name: str
    cause: Callable[[Installation, Random], None]
    kills: int = 1


def _kill(*names: str) -> Callable[[Installation, Random], None]:
    def cause(site: Installation, rng: Random) -> None:
        site.parts[rng.choice(names)].kill()

    return cause


def _freeze(*names: str, at_least: float, at_most: float) -> Callable[[Installation, Random], None]:
    """Stop a process and let it go on later: longer than a lease, if `at_most` says so."""

    def cause(site: Installation, rng: Random) -> None:
        part = site.parts[rng.choice(names)]
        part.freeze()
        _later(rng.uniform(at_least, at_most), part.resume)

    return cause


def _later(seconds: float, action: Callable[[], None]) -> None:
    timer = threading.Timer(seconds, action)
    timer.daemon = True
    timer.start()


def _everything_killed(site: Installation, rng: Random) -> None:
    for part in site.parts.values():
        part.kill()


def _second_beat(site: Installation, rng: Random) -> None:
    """Somebody starts a second clock: every tick comes twice for a while."""
    beat = site.parts["beat"]
    command = [*beat.command[:-1], str(site.folder / f"beat-{rng.randrange(1 << 20)}")]
    twin = replace(beat, name="second beat", command=command, log_file=site.folder / "beat-2.log")
    site.twins.append(twin)
    twin.start()
    _later(rng.uniform(4, 12), twin.kill)


def _wipe_broker(site: Installation, rng: Random) -> None:
    if site.redis:
        site.redis.kill()
        site.redis.start()
    else:
        for message in (site.folder / "var" / "broker" / "queue").glob("*"):
            message.unlink(missing_ok=True)


def _freeze_broker(site: Installation, rng: Random) -> None:
    if not site.redis:
        return _wipe_broker(site, rng)
    site.redis.freeze()
    return _later(rng.uniform(0.5, 4.0), site.redis.resume)


def _cut_database(site: Installation, rng: Random) -> None:
    """Every connection to the database breaks; on SQLite a worker dies instead."""
    if not site.postgres:
        return site.parts["worker-1"].kill()
    sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
    command = ["psql", "-h", "127.0.0.1", "-p", str(site.postgres.port), "-U", "theway"]
    subprocess.run([*command, "-c", sql, "theway"], capture_output=True, check=False)
    return None


def _crash_database(site: Installation, rng: Random) -> None:
    if not site.postgres:
        return _everything_killed(site, rng)
    site.postgres.kill()
    time.sleep(rng.uniform(0.2, 1.5))
    return site.postgres.start()


def _rules(*rules: Mapping[str, Any]) -> Callable[[Installation, Random], None]:
    def cause(site: Installation, rng: Random) -> None:
        set_faults(site, rng.randrange(1 << 30), list(rules))

    return cause


def set_faults(site: Installation, seed: int, rules: list[Mapping[str, Any]]) -> None:
    """Make the trainer fail by these rules; a trainer that is down fails anyway."""
    with contextlib.suppress(requests.ConnectionError, requests.Timeout):
        body = {"seed": seed, "rules": rules}
        reply = requests.put(f"{site.trainer_url}/faults", json=body, headers=AUTH, timeout=5)
        reply.raise_for_status()


def end_faults(site: Installation) -> int:
    """End all faults; return how many requests have failed by them."""
    struck = 0
    with contextlib.suppress(requests.ConnectionError, requests.Timeout):
        shown = requests.get(f"{site.trainer_url}/faults", headers=AUTH, timeout=5).json()
        struck = sum(rule["struck"] for rule in shown["rules"])
    set_faults(site, 0, [])
    return struck


def _rule(route: str, fault: str, probability: float = 0.7, **more: Any) -> dict[str, Any]:
    return {"route": route, "fault": fault, "probability": probability, **more}


ACCIDENTS: tuple[Accident, ...] = (
    Accident("web killed", _kill("web-1", "web-2")),
    Accident("web frozen", _freeze("web-1", "web-2", at_least=0.5, at_most=4)),
    Accident("worker killed", _kill("worker-1", "worker-2")),
    Accident("worker frozen shortly", _freeze("worker-1", "worker-2", at_least=0.5, at_most=5)),
    Accident("worker frozen past its lease", _freeze("worker-1", at_least=35, at_most=60)),
    Accident("beat killed", _kill("beat")),
    Accident("beat started twice", _second_beat, kills=0),
    Accident("trainer killed", _kill("trainer")),
    Accident("trainer frozen", _freeze("trainer", at_least=0.5, at_most=6)),
    Accident("everything killed", _everything_killed, kills=6),
    Accident("broker wiped", _wipe_broker),
    Accident("broker frozen", _freeze_broker),
    Accident("database connections cut", _cut_database),
    Accident("database crashed", _crash_database),
    Accident("answer lost", _rules(_rule("create", "answer_lost")), kills=0),
    Accident("reset before", _rules(_rule("create", "reset_before")), kills=0),
    Accident("error after accepting", _rules(_rule("create", "error_after", status=502)), kills=0),
    Accident("malformed answer", _rules(_rule("*", "malformed", 0.3)), kills=0),
    Accident("429 with Retry-After", _rules(_rule("*", "rate_limited", retry_after=2)), kills=0),
    Accident("429 without Retry-After", _rules(_rule("*", "rate_limited", 0.5)), kills=0),
    Accident("500", _rules(_rule("*", "error", 0.5, status=500)), kills=0),
    Accident("503", _rules(_rule("*", "error", 0.5, status=503)), kills=0),
    Accident("504", _rules(_rule("create", "error", status=504)), kills=0),
    Accident("slow", _rules(_rule("*", "slow", seconds=1.5)), kills=0),
    Accident("hanging", _rules(_rule("list", "hang", 0.5, seconds=30)), kills=0),
    Accident("unknown word", _rules(_rule("*", "unknown_status")), kills=0),
    Accident("stuck run", _rules(_rule("*", "stuck", 1.0)), kills=0),
    Accident("backwards", _rules(_rule("*", "backwards")), kills=0),
    Accident("weights cut short", _rules(_rule("download", "truncated")), kills=0),
    Accident("incomplete list", _rules(_rule("list", "incomplete_list")), kills=0),
    Accident("stale list", _rules(_rule("list", "stale_list", 1.0, seconds=8)), kills=0),
    Accident("trainer dies accepting", _rules(_rule("create", "restart", 0.5))),
)
