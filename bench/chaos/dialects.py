"""How each trainer calls what an accident makes it do wrong: their services differ in names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Rule = Mapping[str, Any]
Names = tuple[str, str]  # a route and a fault

# By provider: as the bundled trainer calls it → as this one does; None where it cannot happen.
_NAMES: Mapping[str, Mapping[Names, Names | None]] = {
    "replicate": {("list", "list_without_tokens"): ("list", "list_without_inputs")},
    "fal": {
        ("list", "stale_list"): None,  # it admits nothing that has not ended
        ("list", "incomplete_list"): ("history", "incomplete_history"),
        ("list", "silently_incomplete_list"): ("history", "incomplete_history"),
        ("list", "empty_list"): ("history", "empty_history"),
        ("list", "list_without_tokens"): ("history", "history_without_inputs"),
        ("list", "hang"): ("history", "hang"),
    },
}
BUNDLED = frozenset({"local", "unlisted"})
WEBHOOK = "webhook"


def rule_at(provider: str, rule: Rule) -> Rule | None:
    """Return a rule as a provider's trainer takes it; None where that cannot happen there."""
    if rule["route"] == WEBHOOK and provider in BUNDLED:
        return None
    names = rule["route"], rule["fault"]
    route_and_fault = _NAMES.get(provider, {}).get(names, names)
    if route_and_fault is None:
        return None
    return {**rule, "route": route_and_fault[0], "fault": route_and_fault[1]}
