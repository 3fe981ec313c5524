"""The rules that are active now."""

from __future__ import annotations

import asyncio
from collections.abc import Container, Sequence
from random import Random
from typing import Any

from emulators.faults.rules import EVERY_ROUTE, ActiveRule, Rule


class Plan:
    """What fails now. In memory only: a process that was killed starts without faults."""

    def __init__(self) -> None:
        self._seed = 0
        self._rules: list[ActiveRule] = []
        self._changed = asyncio.Event()

    def replace(self, seed: int, rules: Sequence[Rule]) -> None:
        """Start over with these rules: the same seed and requests fail in the same way."""
        self._seed = seed
        self._rules = [
            ActiveRule(rule, Random(f"{seed}:{number}"))  # noqa: S311 - repeatable on purpose
            for number, rule in enumerate(rules)
        ]
        self._changed.set()
        self._changed = asyncio.Event()

    def clear(self) -> None:
        """Let nothing fail any more."""
        self.replace(0, [])

    def pick(self, route: str, possible: Container[str]) -> ActiveRule | None:
        """Return the first rule that strikes a request of a route with these possible faults."""
        for active in self._rules:
            rule = active.rule
            matches = rule.route in {route, EVERY_ROUTE} and rule.fault in possible
            if matches and active.strikes():
                return active
        return None

    def befalls(self, fault: str, subject: str) -> bool:
        """Return whether a fault holds for a run or a trainer: decided for it, not per request."""
        holds = False
        for number, active in enumerate(self._rules):
            rule = active.rule
            # Random numbers per subject: the answer must not depend on who asks when.
            rng = Random(f"{self._seed}:{number}:{subject}")  # noqa: S311
            matches = rule.fault == fault and subject.startswith(rule.only)
            if matches and rng.random() < rule.probability:
                active.subjects.add(subject)
                holds = True
        return holds

    async def changed(self) -> None:
        """Wait until the rules are others than at the call."""
        await self._changed.wait()

    def answer(self) -> dict[str, Any]:
        """Return everything as JSON."""
        return {"seed": self._seed, "rules": [active.answer() for active in self._rules]}
