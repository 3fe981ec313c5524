"""Rules: which requests fail, how, and how often."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from random import Random
from typing import Any

from trainer.errors import invalid
from trainer.faults.paths import EVERY_ROUTE, ROUTES
from trainer.fields import Fields

FAULTS = (
    "answer_lost",
    "reset_before",
    "rate_limited",
    "error",
    "error_after",
    "slow",
    "hang",
    "malformed",
    "unknown_status",
    "stuck",
    "backwards",
    "truncated",
    "incomplete_list",
    "stale_list",
    "restart",
)
STUCK = "stuck"
# Faults in what is said, by the routes that say it; all others are possible everywhere.
SAID_BY = {
    "unknown_status": frozenset({"create", "list", "get", "cancel"}),
    "backwards": frozenset({"list", "get", "events"}),
    "incomplete_list": frozenset({"list"}),
    "stale_list": frozenset({"list"}),
}
STATUSES = (500, 502, 503, 504)
MOST_RULES = 50
MOST_TURNS = 10_000


@dataclass(frozen=True, slots=True)
class Rule:
    """One way to fail.

    `probability` is the chance that a request it matches fails; a `script` instead says it
    request by request, and after its end none fails. `seconds` is how long `slow` and `hang`
    take and how old a `stale_list` is, `status` the number of an `error`, `retry_after` the
    header of a `rate_limited` in seconds, `agreeing` whether the length announced by a
    `truncated` answer is the cut one (None: now so, now so).
    """

    route: str
    fault: str
    probability: float = 1.0
    script: tuple[bool, ...] | None = None
    seconds: float = 5.0
    retry_after: int | None = None
    status: int = 500
    agreeing: bool | None = None

    def matches(self, route: str) -> bool:
        """Say whether a request of this route could fail by this rule."""
        return self.route in {route, EVERY_ROUTE} and route in SAID_BY.get(self.fault, {route})


@dataclass(slots=True)
class ActiveRule:
    """A rule at work. Its own source of chance, so that rules do not disturb each other."""

    rule: Rule
    chance: Random
    seen: int = field(default=0)
    struck: int = field(default=0)

    def strikes(self) -> bool:
        """Take one matching request and say whether it fails."""
        script, turn = self.rule.script, self.seen
        self.seen += 1
        if script is None:
            strikes = self.chance.random() < self.rule.probability
        else:
            strikes = turn < len(script) and script[turn]
        self.struck += strikes
        return strikes

    def answer(self) -> dict[str, Any]:
        """Give the rule as JSON, with how many requests it saw and made fail."""
        return asdict(self.rule) | {"seen": self.seen, "struck": self.struck}


def read_rules(fields: Fields) -> list[Rule]:
    """Read the list `rules`; raise a 400 naming the field that makes no sense."""
    return [_read_rule(item) for item in fields.items("rules", most=MOST_RULES)]


def _read_rule(fields: Fields) -> Rule:
    rule = Rule(
        route=fields.word("route", (*ROUTES, EVERY_ROUTE), ""),
        fault=fields.word("fault", FAULTS, ""),
        probability=fields.number("probability", 1.0, low=0.0, high=1.0),
        script=_script(fields),
        seconds=fields.number("seconds", 5.0, low=0.0, high=3600.0),
        retry_after=_retry_after(fields),
        status=fields.integer("status", 500, low=500, high=599),
        agreeing=_yes_or_no(fields, "agreeing"),
    )
    if rule.status not in STATUSES:
        raise invalid(f"status must be one of {', '.join(map(str, STATUSES))}.", "status")
    if rule.route not in SAID_BY.get(rule.fault, {rule.route}) | {EVERY_ROUTE}:
        raise invalid(f"{rule.fault} cannot happen to {rule.route}.", "route")
    if rule.fault == STUCK and rule.script is not None:
        raise invalid("stuck takes a probability per run, not a script per request.", "script")
    return rule


def _script(fields: Fields) -> tuple[bool, ...] | None:
    value = fields.raw("script")
    if value is None:
        return None
    is_list = isinstance(value, list) and len(value) <= MOST_TURNS
    if not is_list or not all(isinstance(turn, bool) for turn in value):
        raise invalid(f"script must be a list of at most {MOST_TURNS} booleans.", "script")
    return tuple(value)


def _retry_after(fields: Fields) -> int | None:
    if not fields.has("retry_after"):
        return None
    return fields.integer("retry_after", 0, low=0, high=3600)


def _yes_or_no(fields: Fields, name: str) -> bool | None:
    value = fields.raw(name)
    if value is not None and not isinstance(value, bool):
        raise invalid(f"{name} must be true or false.", name)
    return value
