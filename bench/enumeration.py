"""How long each way in takes for an address with an account and for one without.

    python -m bench.enumeration --rounds 40

Runs in this process on a throw-away database, with the real password hasher, and no worker
to send the mails, so that nothing but the site's own work is measured. The two kinds take turns.
Prints the medians and, as a yardstick, how often two random halves of all the times differ by
as much.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

SHUFFLES = 2000
PASSWORD = "a phrase for one measurement"  # noqa: S105
KNOWN = "known@example.org"


def installation(folder: Path) -> None:
    """Set Django up on its own data in `folder`, as a public site that confirms addresses."""
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "theway.settings",
        "THEWAY_DATA_DIR": str(folder),
        "EMAIL_URL": f"filemail:///{folder}/mails",
        "EMAIL_VERIFICATION": "",
        "DATABASE_URL": f"sqlite:///{folder}/db.sqlite3",
        "REDIS_URL": "",
        "DJANGO_DEBUG": "true",  # static files by their own names; nothing else of it matters
        "LOG_LEVEL": "ERROR",
        "DJANGO_ALLOWED_HOSTS": "testserver",
    }
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command

    settings.ACCOUNT_RATE_LIMITS = False  # one address asks more often than anybody may
    call_command("migrate", verbosity=0)


def ways_in() -> dict[str, Callable[[str], None]]:
    """Return each way in, as a function of the address."""
    from django.test import Client
    from django.urls import reverse

    def post(name: str, **data: str) -> None:
        Client().post(reverse(name), data)

    return {
        "sign in": lambda email: post("account_login", login=email, password="wrong"),  # noqa: S106
        "sign up": lambda email: post("account_signup", email=email, password1=PASSWORD),
        "reset": lambda email: post("account_reset_password", email=email),
    }


def times(way: Callable[[str], None], rounds: int) -> tuple[list[float], list[float]]:
    """Return milliseconds for the known address and for ones that nobody has."""
    known: list[float] = []
    unknown: list[float] = []
    for number in range(rounds):
        kinds = [(known, KNOWN), (unknown, f"nobody{number}@example.org")]
        random.shuffle(kinds)
        for taken, email in kinds:
            started = time.perf_counter()
            way(email)
            taken.append((time.perf_counter() - started) * 1000)
    return known, unknown


def chance(known: list[float], unknown: list[float]) -> float:
    """Return how often random halves differ in the median by at least as much as these."""
    difference = abs(statistics.median(known) - statistics.median(unknown))
    pool, hits = known + unknown, 0
    for _ in range(SHUFFLES):
        random.shuffle(pool)
        halves = pool[: len(known)], pool[len(known) :]
        hits += abs(statistics.median(halves[0]) - statistics.median(halves[1])) >= difference
    return hits / SHUFFLES


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=40)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory(prefix="theway-enumeration-") as folder:
        installation(Path(folder))
        from accounts import addresses
        from accounts.models import User

        addresses.claim(User.objects.create_user(KNOWN, PASSWORD))
        print(f"{'':10}{'known':>10}{'unknown':>10}   by chance")
        for name, way in ways_in().items():
            times(way, 2)
            known, unknown = times(way, rounds)
            middles = [f"{statistics.median(kind):7.1f} ms" for kind in (known, unknown)]
            print(f"{name:10}{middles[0]}{middles[1]}   {chance(known, unknown):.2f}")


if __name__ == "__main__":
    main()
