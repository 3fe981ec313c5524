"""The operator's page of what is spent: a plot of the month, amounts, and the same as CSV."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.money import dollars
from jobs import budgets, spending
from jobs.spending import DayAtProvider, Person, Spent
from providers.registry import label_of
from theway.spending_csv import SpendingResponse
from theway.spending_plot import Plot, plot_of

PERMISSION = "jobs.view_paidcall"
_MONTH = re.compile(r"(20[0-9]{2})-(0[1-9]|1[0-2])")


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a table: what, how many calls, how much, how much of it is an estimate, and its
    share of all."""

    label: str
    spent: Spent
    share: float
    colour: int | None = None

    @property
    def usd(self) -> str:
        return dollars(self.spent.usd)

    @property
    def estimated(self) -> str:
        return dollars(self.spent.estimated) if self.spent.estimated else "–"

    @property
    def width(self) -> str:
        """Of its bar, in hundredths."""
        return f"{100 * self.share:.1f}"


@require_safe
def spending_page(request: HttpRequest, context: Mapping[str, Any]) -> HttpResponse:
    """Show a month; `context` is what every page of the admin has."""
    month = _month_of(request)
    return TemplateResponse(request, "admin/spending.html", {**context, **page_of(month)})


@require_safe
def spending_csv(request: HttpRequest) -> HttpResponseBase:
    """Send the ledger's rows of a month."""
    return SpendingResponse(_month_of(request), request)


def page_of(month: date) -> dict[str, Any]:
    """Return the template's context: five queries, whatever the ledger has grown to."""
    rows = spending.by_day(month)
    plot = plot_of(month, rows)
    whole = spending.total(row.spent for row in rows)
    kept = spending.kept() if month == budgets.this_month() else budgets.NOTHING
    people = spending.by_person(month)
    first = spending.first_month() or month
    return {
        "title": _("Spending"),
        "month": month,
        "earlier": (month - timedelta(days=1)).replace(day=1) if first < month else None,
        "later": budgets.month_after(month) if month < budgets.this_month() else None,
        "plot": plot,
        "days": _days(rows, whole),
        "providers": _providers(rows, whole, plot),
        "people": _people(people, whole),
        "total": Row("", whole, 1.0),
        "kept": dollars(kept) if kept else "",
        "budget": _budget(whole.usd + kept),
        "zone": settings.TIME_ZONE,
    }


def _month_of(request: HttpRequest) -> date:
    """Return the month that is asked for. Raises PermissionDenied, and Http404 where it is none."""
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied
    asked = request.GET.get("month")
    if not asked:
        return budgets.this_month()
    if not (found := _MONTH.fullmatch(asked)):
        raise Http404("No such month")
    return date(int(found[1]), int(found[2]), 1)


def _budget(used: Decimal) -> dict[str, Any] | None:
    if settings.BUDGET_USD is None:
        return None
    left = settings.BUDGET_USD - used
    return {
        "used": dollars(used),
        "allowed": dollars(settings.BUDGET_USD),
        "left": dollars(max(left, budgets.NOTHING)),
        "is_reached": left <= 0,
    }


def _days(rows: Sequence[DayAtProvider], whole: Spent) -> list[tuple[date, Row]]:
    return [
        (row.day, Row(label_of(row.provider), row.spent, _share(row.spent, whole))) for row in rows
    ]


def _providers(rows: Sequence[DayAtProvider], whole: Spent, plot: Plot) -> list[Row]:
    sums = {
        key: spending.total(row.spent for row in rows if row.provider == key)
        for key in plot.colours
    }
    return [
        Row(label_of(key), spent, _share(spent, whole), plot.colours[key])
        for key, spent in sorted(sums.items(), key=lambda one: one[1].usd, reverse=True)
    ]


def _people(people: Sequence[Person], whole: Spent) -> list[Row]:
    """Those who have spent most, and a line for everybody else."""
    shown = [
        Row(one.email or _("Deleted accounts"), one.spent, _share(one.spent, whole))
        for one in people
    ]
    sums = spending.total(one.spent for one in people)
    if calls := whole.calls - sums.calls:
        rest = Spent(calls, whole.usd - sums.usd, whole.estimated - sums.estimated)
        shown.append(Row(_("Everybody else"), rest, _share(rest, whole)))
    return shown


def _share(part: Spent, whole: Spent) -> float:
    return float(part.usd / whole.usd) if whole.usd else 0.0
