"""The operator's page of stored files: what the last comparison with the database has found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _, gettext_lazy
from django.views.decorators.http import require_safe

from models_app.models import FileComparison

PERMISSION = "models_app.view_filecomparison"
# A day between two, and what waits for a storage that does not answer.
OVERDUE = timedelta(hours=30)
LIST_COMMAND = "manage.py orphans"
KINDS: dict[str, str | Promise] = {
    "photos": gettext_lazy("Photos"),
    "weights": gettext_lazy("Weights"),
    "images": gettext_lazy("Pictures"),
}


@dataclass(frozen=True, slots=True)
class Differences:
    """A table of the page: how many of each kind, and some of their names."""

    heading: str
    advice: str
    kinds: list[tuple[str, int]]
    names: list[str]


@require_safe
def files_page(request: HttpRequest, context: Mapping[str, Any]) -> HttpResponse:
    """Show it; `context` is what every page of the admin has. Asks no storage."""
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied
    return TemplateResponse(request, "admin/files.html", {**context, **page_of(last_comparison())})


def last_comparison() -> FileComparison:
    """Return what is known, also before anything is."""
    return FileComparison.objects.first() or FileComparison()


def page_of(known: FileComparison) -> dict[str, Any]:
    """Return the template's context."""
    return {
        "title": _("Stored files"),
        "known": known,
        "is_overdue": known.ended_at and timezone.now() - known.ended_at > OVERDUE,
        "is_under_way": _is_under_way(known),
        "tables": _tables(known),
        "list_command": LIST_COMMAND,
        "delete_command": f"{LIST_COMMAND} --delete",
    }


def _is_under_way(known: FileComparison) -> bool:
    """Whether one began that has neither ended nor failed."""
    if known.began_at is None:
        return False
    ends = (end for end in (known.ended_at, known.failed_at) if end)
    return all(end < known.began_at for end in ends)


def _tables(known: FileComparison) -> list[Differences]:
    leftover = _("They take room and nobody can see them. Delete them with the command below.")
    lost = _(
        "Pages say so in their place. Bring the files back from a copy of media/ or of the bucket, "
        "under the same names."
    )
    tables = [
        _table(_("Files without a row"), leftover, known.details.get("leftover", {})),
        _table(_("Rows without a file"), lost, known.details.get("lost", {})),
    ]
    return [table for table in tables if table.kinds]


def _table(heading: str, advice: str, details: dict[str, Any]) -> Differences:
    kinds = sorted(details.get("kinds", {}).items())
    labelled = [(str(KINDS.get(kind, _("Other files"))), count) for kind, count in kinds]
    return Differences(heading, advice, labelled, details.get("names", []))
