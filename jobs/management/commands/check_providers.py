"""`manage.py check_providers`: call every configured provider and show what it can do."""

from __future__ import annotations

import time
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError

from jobs import provider_report
from jobs.provider_report import Report
from jobs.webhook_check import webhook_lines
from providers import registry
from providers.errors import ProviderError

HEADINGS = ("Provider", "Set up", "API key", "Trains", "Generates", "Engine", "Answered in")


class Command(BaseCommand):
    help = (
        "Check every configured provider: whether its key is valid and what it can do. "
        "Calls them over the network; costs nothing. Exit code 1 if one does not work."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        configured = registry.configured()
        checked = [check(key) for key in configured]
        others = [key for key in registry.CLASSES if key not in configured]
        rows = [cells(report, took) for report, took in checked]
        rows += [cells(provider_report.not_set_up(key), "") for key in others]
        for line in table(rows):
            self.stdout.write(line)
        for report, _took in checked:
            webhooks = [] if report.problem else webhook_lines(report.key)
            for line in [*details(report), *webhooks]:
                self.stdout.write(f"{report.label}: {line}")
        if problems := [
            f"{one.label}: {one.problem} {one.fix}" for one, _took in checked if one.problem
        ]:
            raise CommandError("\n".join(problems))


def check(key: str) -> tuple[Report, str]:
    """Call one provider; return the report on it, and how long it took."""
    started = time.monotonic()
    try:
        report = provider_report.answered(key, registry.get(key).describe())
    except (ProviderError, ImproperlyConfigured) as error:
        report = provider_report.away(key, str(error))
    return report, f"{time.monotonic() - started:.1f} s"


def cells(report: Report, took: str) -> tuple[str, ...]:
    """Return one provider's line of the table."""
    if not report.is_set_up:
        return (report.label, "no", "", "", "", "", "")
    is_known = report.key_text != "?"
    counts = [f"{len(one)} models" if is_known else "?" for one in (report.trains, report.draws)]
    return (report.label, "yes", report.key_text, *counts, report.engine, took)


def details(report: Report) -> list[str]:
    """Return what else is to be said of a provider that answers."""
    lines = []
    if report.trains:
        lines.append(f"trains {', '.join(report.trains)}")
    if report.draws:
        lines.append(f"makes pictures with {', '.join(report.draws)}")
    return [*lines, *report.notes]


def table(rows: list[tuple[str, ...]]) -> list[str]:
    """Return the rows as lines, in columns under the headings."""
    lines = [HEADINGS, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    ]
