"""`manage.py describe_api`: writes the API's description into docs/openapi.json."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from api.app import api
from api.compatibility import breaking_changes

STORED = Path(settings.BASE_DIR) / "docs" / "openapi.json"


class Command(BaseCommand):
    help = "Write docs/openapi.json anew. What would break programs is refused."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--breaking",
            action="store_true",
            help="write it all the same: raise VERSION in api/app.py and say it in the changelog",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        now = described()
        if STORED.exists() and not options["breaking"]:
            broken = breaking_changes(json.loads(STORED.read_text()), now)
            if broken:
                raise CommandError("\n".join(["This would break programs:", *broken]))
        STORED.write_text(f"{json.dumps(now, indent=1, ensure_ascii=False)}\n")
        self.stdout.write(f"{STORED.name}: {len(now['paths'])} addresses")


def described() -> dict[str, Any]:
    """Return the description as the code has it, as JSON has it."""
    found: dict[str, Any] = json.loads(json.dumps(api.get_openapi_schema()))
    return found
