"""What pages say about money that is left: always where there is a budget, before it is spent."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from django.utils.translation import gettext

from accounts.allowances import Allowance, Limit
from accounts.limit_texts import left_text, reached_text
from accounts.limits import allowance
from accounts.models import User
from accounts.money import dollars, to_units
from dashboard.limit_notes import LimitNotes
from jobs.budgets import installation_allowance, installation_text
from providers.registry import runs_here


def notes_for(person: User, price: Decimal, *, is_published: bool = True) -> LimitNotes:
    """Return what is said where something of this price is about to start.

    A query for each budget that there is; none for what is free.
    """
    if not price:
        return LimitNotes([], [])
    more = to_units(price)
    own, everybodys = allowance(person, Limit.BUDGET), installation_allowance()
    notes = LimitNotes([], [])
    if own:
        notes = LimitNotes([left_text(own)], [])
        if _is_too_much(own, more):
            notes = LimitNotes([], [reached_text(own, more)])
    if everybodys and _is_too_much(everybodys, more):
        notes.reached.append(installation_text(everybodys, more))
    if not is_published and (own or everybodys):
        text = gettext("As no price is published, budgets count it as %s.")
        notes.near.append(text % dollars(price))
    return notes


def notes_beside(person: User, providers: Iterable[str]) -> LimitNotes:
    """Return what is said where a choice of trainers is offered: what is left, or that nothing is.

    That is never in the way: the choice may fall on one that is free.
    """
    if all(map(runs_here, providers)):
        return LimitNotes([], [])
    own, everybodys = allowance(person, Limit.BUDGET), installation_allowance()
    texts = [reached_text(own) if own.is_reached else left_text(own)] if own else []
    if everybodys and everybodys.is_reached:
        texts.append(installation_text(everybodys, 1))
    return LimitNotes(texts, [])


def _is_too_much(found: Allowance, more: int) -> bool:
    return found.used + more > found.allowed
