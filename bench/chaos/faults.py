"""What the trainers are made to do wrong, and how often each kind has struck."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Mapping
from typing import Any

import requests

from bench.installation import Installation
from emulators.faults.transport_faults import EXIT_CODE
from theway.processes.installation import TRAINER_KEY

AUTH = {"Authorization": f"Bearer {TRAINER_KEY}"}
UNREACHABLE = (requests.ConnectionError, requests.Timeout)
LEDGERS = {"training": "creations", "generation": "generations"}  # by kind of job
TRAINERS = ("trainer", "unlisted")  # names of parts, in the order of `Installation.trainer_urls`


class Faults:
    """The rules of one trial, at both trainers: by kind of accident, one rule each.

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
        """Let requests fail by these rules from now on, at both trainers or one."""
        self._seed, self._rules, self._only_at = seed, dict(rules), only_at
        self._earlier, self._now = Counter(), {}
        for url in self._site.trainer_urls:
            self._put(url)

    def struck(self) -> Counter[str]:
        """Return how often each kind has struck since `begin`."""
        for name, url in zip(TRAINERS, self._site.trainer_urls, strict=True):
            self._count_exit(name)
            with contextlib.suppress(*UNREACHABLE):
                self._read(url)
        return sum(self._now.values(), self._earlier.copy())

    def end(self) -> Counter[str]:
        """Let nothing fail any more; return how often each kind has struck."""
        struck = self.struck()
        self.begin(0, {})
        return struck

    def _read(self, url: str) -> None:
        shown = requests.get(f"{url}/faults", headers=AUTH, timeout=2).json()["rules"]
        if len(shown) == len(self._rules):
            counts = zip(self._rules, (rule["struck"] for rule in shown), strict=True)
            self._now[url] = Counter(dict(counts))
        else:
            self._earlier += self._now.pop(url, Counter())
            self._put(url)

    def _count_exit(self, name: str) -> None:
        """A trainer that ended by its own fault is started again, as by its supervisor."""
        part = self._site.parts[name]
        kinds = [kind for kind, rule in self._rules.items() if rule["fault"] == "restart"]
        if kinds and part.exit_code == EXIT_CODE and part.pid not in self._exits:
            self._exits.add(part.pid)
            self._earlier[kinds[0]] += 1
            part.launch()

    def _put(self, url: str) -> None:
        is_meant = self._only_at in {"", url}
        body = {"seed": self._seed, "rules": list(self._rules.values()) if is_meant else []}
        with contextlib.suppress(*UNREACHABLE):  # one that is down fails anyway
            requests.put(f"{url}/faults", json=body, headers=AUTH, timeout=2).raise_for_status()


def ledgers(site: Installation, kind: str, *, only_listed: bool = False) -> dict[str, list[str]]:
    """Return the ids of everything that both trainers have accepted, by token.

    `kind` is `creations` for trainings, `generations` for pictures; `only_listed` leaves the
    trainer without a list out.
    """
    paid: dict[str, list[str]] = {}
    for url in site.trainer_urls[: 1 if only_listed else None]:
        answer = requests.get(f"{url}/ledger", headers=AUTH, timeout=30).json()
        for token, ids in answer[kind].items():
            paid.setdefault(token, []).extend(ids)
    return paid
