"""What the trainers are made to do wrong, and how often each kind has struck."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Mapping
from typing import Any

import requests

from bench.chaos.dialects import rule_at
from bench.installation import Installation
from bench.trainers import Trainer
from emulators.faults.transport_faults import EXIT_CODE

UNREACHABLE = (requests.ConnectionError, requests.Timeout)


class Faults:
    """The rules of one trial, at every trainer that can follow them: by kind of accident, one
    rule each.

    A trainer that was killed starts without rules, so they are given to it again.
    """

    def __init__(self, site: Installation) -> None:
        self._site = site
        self._seed = 0
        self._rules: dict[str, Mapping[str, Any]] = {}
        self._only_at = ""
        self._earlier: Counter[str] = Counter()  # of processes that are gone
        self._now: dict[str, Counter[str]] = {}  # by trainer
        self._exits: set[int | None] = set()

    def begin(
        self, seed: int, rules: Mapping[str, Mapping[str, Any]], *, only_at: str = ""
    ) -> None:
        """Let requests fail by these rules from now on, at every trainer or at one provider's."""
        self._seed, self._rules, self._only_at = seed, dict(rules), only_at
        self._earlier, self._now = Counter(), {}
        for trainer in self._site.trainers:
            self._put(trainer)

    def struck(self) -> Counter[str]:
        """Return how often each kind has struck since `begin`."""
        for trainer in self._site.trainers:
            self._count_exit(trainer)
            with contextlib.suppress(*UNREACHABLE):
                self._read(trainer)
        return sum(self._now.values(), self._earlier.copy())

    def end(self) -> Counter[str]:
        """Let nothing fail any more; return how often each kind has struck."""
        struck = self.struck()
        self.begin(0, {})
        return struck

    def _rules_of(self, trainer: Trainer) -> dict[str, Mapping[str, Any]]:
        if self._only_at not in {"", trainer.provider}:
            return {}
        rules = {kind: rule_at(trainer.provider, rule) for kind, rule in self._rules.items()}
        return {kind: rule for kind, rule in rules.items() if rule}

    def _read(self, trainer: Trainer) -> None:
        answer = requests.get(f"{trainer.url}/faults", headers=trainer.headers, timeout=2)
        shown, rules = answer.json()["rules"], self._rules_of(trainer)
        if len(shown) == len(rules):
            counts = zip(rules, (rule["struck"] for rule in shown), strict=True)
            self._now[trainer.provider] = Counter(dict(counts))
        else:
            self._earlier += self._now.pop(trainer.provider, Counter())
            self._put(trainer)

    def _count_exit(self, trainer: Trainer) -> None:
        """A trainer that ended by its own fault is started again, as by its supervisor."""
        part = self._site.parts[trainer.provider]
        kinds = [kind for kind, rule in self._rules.items() if rule["fault"] == "restart"]
        if kinds and part.exit_code == EXIT_CODE and part.pid not in self._exits:
            self._exits.add(part.pid)
            self._earlier[kinds[0]] += 1
            part.launch()

    def _put(self, trainer: Trainer) -> None:
        body = {"seed": self._seed, "rules": list(self._rules_of(trainer).values())}
        with contextlib.suppress(*UNREACHABLE):  # one that is down fails anyway
            answer = requests.put(
                f"{trainer.url}/faults", json=body, headers=trainer.headers, timeout=2
            )
            answer.raise_for_status()
