"""`manage.py check_providers`: call every configured provider and show what it can do."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError

from providers import registry
from providers.errors import ProviderError

HEADINGS = ("Provider", "Set up", "API key", "Trains", "Generates", "Engine", "Answered in")


@dataclass(frozen=True, slots=True)
class Answer:
    """One provider's line of the table, and its problem ("" where there is none)."""

    cells: tuple[str, ...]
    problem: str = ""
    notes: tuple[str, ...] = ()


class Command(BaseCommand):
    help = (
        "Check every configured provider: whether its key is valid and what it can do. "
        "Calls them over the network; costs nothing. Exit code 1 if one does not work."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        configured = registry.configured()
        others = [key for key in registry.CLASSES if key not in configured]
        answers = [check(key) for key in configured] + [not_set_up(key) for key in others]
        for line in table([answer.cells for answer in answers]):
            self.stdout.write(line)
        for answer in answers:
            for note in answer.notes:
                self.stdout.write(f"{answer.cells[0]}: {note}")
        if problems := [answer.problem for answer in answers if answer.problem]:
            raise CommandError("\n".join(problems))


def check(key: str) -> Answer:
    """Call one provider; return its problem as a sentence, never raise it."""
    label, started = registry.label_of(key), time.monotonic()
    try:
        description = registry.get(key).describe()
    except (ProviderError, ImproperlyConfigured) as error:
        took = f"{time.monotonic() - started:.1f} s"
        return Answer((label, "yes", "?", "?", "?", "", took), f"{label} does not work: {error}")
    took = f"{time.monotonic() - started:.1f} s"
    cells = (
        label,
        "yes",
        "valid" if description.key_is_valid else "refused",
        f"{len(description.can_train)} models",
        f"{len(description.can_generate)} models",
        description.engine,
        took,
    )
    problem = "" if description.key_is_valid else f"{label} refuses the API key."
    return Answer(cells, problem, description.notes)


def not_set_up(key: str) -> Answer:
    return Answer((registry.label_of(key), "no", "", "", "", "", ""))


def table(rows: list[tuple[str, ...]]) -> list[str]:
    """Return the rows as lines, in columns under the headings."""
    lines = [HEADINGS, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    ]
