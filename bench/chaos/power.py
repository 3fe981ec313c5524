"""What happens to the machine's disk: it is full, or the power goes."""

from __future__ import annotations

import time
from collections.abc import Iterable
from random import Random

from bench.chaos.causes import later
from bench.chaos.ledgers import LEDGERS, ledgers, untold
from bench.installation import Installation
from theway.processes.process import Process
from theway.processes.waiting import wait_until

RECOVERY_SECONDS = 30.0


def disk_full(site: Installation, rng: Random) -> bool:
    """Not a byte can be added for a while: to the database, the journal, the media."""
    if not site.disk:
        return False
    had_room = site.disk.fill()
    later(site, rng.uniform(4, 8), lambda: _make_room(site))
    return had_room


def _make_room(site: Installation) -> None:
    if site.disk:
        site.disk.empty()
    if site.postgres:
        site.postgres.start()  # it ends where it cannot write its log


def power_cut(site: Installation, rng: Random) -> bool:
    """Everything ends at one moment, and what was written but not synced is lost.

    What was paid must be known afterwards, without a look at the providers.
    """
    if not site.disk:
        return False
    time.sleep(rng.uniform(0.8, 2.5))  # until something has been paid that can be forgotten
    own = [part for name, part in site.parts.items() if name not in site.elsewhere]
    own += [*site.twins, *([site.postgres] if site.postgres else [])]
    for part in own:
        part.freeze()
    site.disk.cut_power()
    for part in own:
        part.kill()
    if site.redis:
        site.redis.kill()
    time.sleep(rng.uniform(0, 0.5))
    site.disk.unmount()
    site.disk.mount()
    _note_what_is_forgotten(site)
    _start(site, own)
    return True


def _database_answers() -> bool:
    """PostgreSQL accepts connections before it has recovered, and refuses them."""
    from django.db import OperationalError, connection

    try:
        connection.ensure_connection()
    except OperationalError:
        return False
    return True


def _start(site: Installation, parts: Iterable[Process]) -> None:
    for part in (*site.services, *parts):
        if part not in site.twins:
            part.start()


def _note_what_is_forgotten(site: Installation) -> None:
    """Compare the ledgers with the database: a paid call that it does not know of is lost."""
    from django.db import connection

    from jobs.engine import journal
    from jobs.models import JobQueue

    for service in site.services:
        service.start()
    site.start_trainers()
    wait_until(_database_answers, RECOVERY_SECONDS)
    paid = [ledgers(site, kind) for kind in LEDGERS]
    known = set(JobQueue.objects.exclude(account="").values_list("correlation", flat=True))
    if forgotten := untold(site, paid, known):
        site.problems.append(f"a power cut lost that these were paid: {sorted(forgotten)}")
    if journal.is_database_behind():
        site.problems.append("after a power cut the database is older than a paid call")
    connection.close()
