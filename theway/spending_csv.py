"""The ledger of a month as CSV, written while it is sent."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date
from typing import Any

from django.http import HttpRequest

from jobs import spending
from jobs.models import PaidCall
from models_app.serving.downloads import DownloadResponse

COLUMNS = (
    "sent_at", "day", "provider", "kind", "base_model", "person", "account", "outcome",
    "estimate_usd", "actual_usd", "billed", "settled_at", "job",
)  # fmt: skip
# A spreadsheet takes a cell that begins so for a formula (OWASP, CSV injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


class SpendingResponse(DownloadResponse):
    """A CSV of all rows of a month."""

    def __init__(self, month: date, request: HttpRequest) -> None:
        super().__init__(lines_of(month), content_type="text/csv; charset=utf-8")
        self["Content-Disposition"] = f'attachment; filename="spending-{month:%Y-%m}.csv"'
        self["Cache-Control"] = "no-store"
        self["X-Content-Type-Options"] = "nosniff"
        self.sent_later(request)


def lines_of(month: date) -> Iterator[bytes]:
    """Yield the names of the columns, then the rows, some at a time."""
    yield _written([COLUMNS])
    for calls in spending.rows_of(month):
        yield _written(_row(call) for call in calls)


def _row(call: PaidCall) -> list[str]:
    person = call.owner.email if call.owner else ""
    of_others = {"person": person, "job": call.job_id}
    values = {name: getattr(call, name, None) for name in COLUMNS} | of_others
    return [cell(value) for value in values.values()]


def cell(value: Any) -> str:
    """Return a value that no spreadsheet calculates with before a person wants it to."""
    if value is None:
        return ""
    text = value.isoformat() if hasattr(value, "isoformat") else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _written(rows: Any) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()
