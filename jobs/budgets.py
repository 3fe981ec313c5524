"""How much money may still be spent this month: by one person, and by everybody together.

What counts is what has cost something or may have, and what has started and is not sent yet, each
with what it really cost or else with its estimate. Checked in the transaction that starts a job,
so that nothing leaves that the budgets do not hold. Months are those of the installation's time
zone; a job that waits over the end of one counts in the month in which it is sent.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal

from django.conf import settings
from django.db import connection
from django.db.models import Q, QuerySet, Sum, Value
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import limits
from accounts.allowances import Allowance, Limit, Usage
from accounts.limit_texts import anew_text
from accounts.limits import LimitReachedError, security_log
from accounts.models import User
from accounts.money import to_units
from jobs import clock
from jobs.models import JobQueue, PaidCall
from jobs.paid_calls import COUNTING
from jobs.states import Status

NOTHING = Decimal(0)
# Names the lock under which the installation's budget is checked (any number, always the same).
_LOCK = 0x7468_6577


class InstallationBudgetReachedError(LimitReachedError):
    """Everybody's budget has no room for this. How much others spent is nobody's business."""

    def __init__(self, allowance: Allowance, more: int) -> None:
        super().__init__(allowance, more)
        self.args = (installation_text(allowance, more),)
        self.allowed = None

    @property
    def code(self) -> str:
        return "installation_budget_reached"


def require(person: User, price: Decimal) -> None:
    """Raise LimitReachedError where a call of this price does not fit into a budget any more.

    Within the transaction that starts it and with the person locked (`limits.lock`). Others who
    would spend of the same budget wait until that transaction is over. What is free always fits.
    """
    if not price:
        return
    limits.require(person, Limit.BUDGET, to_units(price))
    if settings.BUDGET_USD is None:
        return
    _lock_installation()
    allowance = installation_allowance()
    if allowance and allowance.used + to_units(price) > allowance.allowed:
        security_log.info("limit reached account=%s limit=BUDGET_USD", person.pk)
        raise InstallationBudgetReachedError(allowance, to_units(price))


def installation_allowance() -> Allowance | None:
    """Return everybody's budget and what is used of it; None, without a query, without one."""
    if settings.BUDGET_USD is None:
        return None
    return Allowance(Limit.BUDGET, to_units(settings.BUDGET_USD), _usage(Q()))


def usage_of(person: User) -> Usage:
    """Return what the person has spent this month, what is kept for unfinished jobs included."""
    return _usage(Q(owner=person))


def installation_text(allowance: Allowance, more: int) -> str:
    """Return what a person is told where everybody's budget has no room for `more`."""
    if more > allowance.allowed:
        first, at = _("This costs more than this installation spends in a month."), None
    else:
        first = _("This installation's budget for this month has no room for it.")
        at = allowance.room_at(more)
    when = [anew_text(at)] if at else []
    return " ".join([first, *when, _("The operator can raise the budget.")])


def spent(whose: Q, month: date) -> Decimal:
    """Return what counts of these rows in the month that begins then, unsent jobs included.

    In one statement: a job that is sent in between is seen either as waiting or as sent.
    """
    calls = calls_of(month).filter(whose, outcome__in=sorted(COUNTING))
    paid = _total(calls, Coalesce("actual_usd", "estimate_usd"))
    kept = _total(unsent_jobs().filter(whose), "budget_usd")
    total = sum((row[0] or NOTHING for row in paid.union(kept, all=True)), NOTHING)
    return total.quantize(Decimal("0.0001"))


def calls_of(month: date) -> QuerySet[PaidCall]:
    """Return the ledger's rows of the month that begins then."""
    return PaidCall.objects.filter(day__gte=month, day__lt=month_after(month))


def unsent_jobs() -> QuerySet[JobQueue]:
    """Return the jobs that have started and whose call has not left: they keep their price."""
    waiting = [Status.QUEUED, Status.SUBMITTING]
    return JobQueue.objects.filter(status__in=waiting, sent_at=None, budget_usd__gt=0).order_by()


def this_month() -> date:
    """Return the first day of the month, in the installation's time zone."""
    return timezone.localdate(clock.now(), timezone.get_default_timezone()).replace(day=1)


def month_after(month: date) -> date:
    return (month + timedelta(days=32)).replace(day=1)


def begins_at(month: date) -> datetime:
    """Return the moment at which a month begins."""
    return timezone.make_aware(datetime.combine(month, time()), timezone.get_default_timezone())


def _usage(whose: Q) -> Usage:
    month = this_month()
    return Usage(to_units(spent(whose, month)), anew_at=begins_at(month_after(month)))


def _total(rows: QuerySet, amount: str | Coalesce) -> QuerySet:
    """Return a query of one row with the sum: a part of a larger statement."""
    grouped = rows.order_by().annotate(all=Value(1)).values("all")
    summed: QuerySet = grouped.annotate(total=Sum(amount)).values_list("total")
    return summed


def _lock_installation() -> None:
    """Let everybody who would spend of the same budget wait until this transaction is over.

    SQLite's transactions hold the write lock from their beginning.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
