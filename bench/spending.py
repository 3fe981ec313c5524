"""What a large ledger costs: a start that is checked against budgets, the operator's page, the CSV.

    python -m bench.spending [--rows 200000]

So many paid calls of 500 people at three providers, first spread over a year, then all in this
month, on SQLite and, where it is installed, on PostgreSQL. Times are medians in milliseconds.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from bench import services

PEOPLE, ROUNDS, BATCH = 500, 15, 5000
PROVIDERS = ("replicate", "fal", "together")


def median(work: Callable[[], Any]) -> float:
    """Return the milliseconds that `work` takes."""
    taken = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        work()
        taken.append(1000 * (time.perf_counter() - began))
    return statistics.median(taken)


def fill(rows: int, days: int) -> None:
    """Write so many rows, evenly over so many days until today."""
    from django.utils import timezone

    from accounts.models import User
    from jobs.models import PaidCall

    PaidCall.objects.all().delete()
    people = list(User.objects.values_list("pk", flat=True))
    now = timezone.now()

    def row(number: int) -> PaidCall:
        at = now - timedelta(days=number * days / rows)
        return PaidCall(
            owner_id=people[number % len(people)],
            provider=PROVIDERS[number % len(PROVIDERS)],
            kind="training",
            sent_at=at,
            day=at.date(),
            outcome="refused" if number % 10 == 0 else "accepted",
            estimate_usd=Decimal("2.1234"),
            actual_usd=None if number % 3 == 0 else Decimal("1.2345"),
        )

    for start in range(0, rows, BATCH):
        PaidCall.objects.bulk_create(map(row, range(start, min(start + BATCH, rows))))


def measure(rows: int, days: int) -> None:
    """Print what the ledger costs once it holds so much."""
    from django.db import connection, transaction

    from accounts import limits
    from accounts.models import User
    from jobs import budgets
    from theway.spending_csv import lines_of
    from theway.spending_page import page_of

    fill(rows, days)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    month = budgets.this_month()
    person = User.objects.order_by("pk").first()
    assert person

    def start() -> None:
        with transaction.atomic():
            budgets.require(limits.lock(person.pk), Decimal("0.01"))

    of_month = budgets.calls_of(month).count()
    print(f"  {rows:,} rows over {days} days, {of_month:,} of this month:")
    print(f"    what a person has spent    {median(lambda: budgets.usage_of(person)):8.1f} ms")
    print(f"    what everybody has spent   {median(budgets.installation_allowance):8.1f} ms")
    print(f"    a start, checked for both  {median(start):8.1f} ms")
    print(f"    the operator's page        {median(lambda: page_of(month)):8.1f} ms")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.perf_counter()
    written = sum(map(len, lines_of(month)))
    took = time.perf_counter() - began
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(
        f"    CSV of {written / 1e6:.1f} MB: {of_month / took:,.0f} rows/s, "
        f"peak memory grew by {grown:.1f} MB"
    )


def one(rows: int) -> None:
    """Measure on the database that the environment names."""
    import django

    django.setup()
    from django.core.management import call_command

    from accounts.models import User

    call_command("migrate", verbosity=0)
    User.objects.bulk_create(User(email=f"p{number}@example.org") for number in range(PEOPLE))
    for days in (365, 1):
        measure(rows, days)


def run(rows: int, name: str, **environment: str) -> None:
    """Measure in a process of its own: the settings are read once."""
    print(f"{name}:", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        settings = {"DJANGO_SETTINGS_MODULE": "theway.settings", "THEWAY_DATA_DIR": folder}
        budgets = {"BUDGET_USD": "9000000", "BUDGET_PER_PERSON_USD": "9000000"}
        command = [sys.executable, "-m", "bench.spending", "--one", "--rows", str(rows)]
        subprocess.run(command, env=os.environ | settings | budgets | environment, check=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        one(options.rows)
        return
    run(options.rows, "SQLite")
    if services.find_postgres():
        with services.postgres() as database:
            run(options.rows, "PostgreSQL", DATABASE_URL=services.postgres_url(database))


if __name__ == "__main__":
    main()
