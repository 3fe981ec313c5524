"""Trials: people who press start while two or three accidents happen at once."""

from __future__ import annotations

import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from random import Random

from bench.chaos import crowd
from bench.chaos.accidents import ANSWER_LOST, TO_READINGS, Accident, schedule
from bench.chaos.faults import Faults
from bench.chaos.people import Draft, draw_wishes, make_drafts, press_start, want_pictures
from bench.chaos.sampling import Sampler
from bench.chaos.visits import live, settle
from bench.installation import Installation

DRAFTS_PER_TRIAL = 2
SPARE_TRIALS = 8  # for accidents that have to be tried again
TRIAL_SECONDS = (0.8, 2.2)
PATIENCE = 12.0  # seconds for an accident to strike
PICTURES = "generate"  # the route of a call for pictures
REST_SECONDS = 300.0
LISTS = [one.rule for one in TO_READINGS if one.rule and one.rule["route"] == "list"]


class Trials:
    """Everything that happens, by a schedule that follows from the seed alone."""

    def __init__(
        self, site: Installation, *, trials: int, seed: int, only: str, hold: float
    ) -> None:
        self._site, self._rng, self._hold, self._only = site, Random(seed), hold, only
        self._others: list[Draft] = []
        self._providers = [trainer.provider for trainer in site.trainers]
        self._schedule = schedule(self._rng, trials, only=only, has=site.has)
        self._faults = Faults(site)
        self.drafts: list[Draft] = []
        self.struck: Counter[str] = Counter()
        self.sampler = Sampler()

    @property
    def missed(self) -> list[str]:
        """The accidents that were meant to happen and never struck: they prove nothing."""
        meant = {accident.name for together in self._schedule for accident in together}
        return sorted(name for name in meant if not self.struck[name])

    def _repeat_missed(self, spare: list[Draft]) -> None:
        """Try again by itself what did not strike among others; unused drafts are forgotten.

        Some lists are only read where an answer was lost, so one is lost again.
        """
        by_name = {one.name: one for together in self._schedule for one in together}
        for name in self.missed[:SPARE_TRIALS]:
            own = [spare.pop() for _ in range(DRAFTS_PER_TRIAL)]
            together = [by_name[name]]
            if name != ANSWER_LOST.name and together[0].rule in LISTS:
                together.append(ANSWER_LOST)
            self._trial(together, own)
        self.drafts = [draft for draft in self.drafts if draft not in spare]

    def run(self) -> bool:
        """Run all trials and let everything come to rest; return whether it did."""
        from django.db import connection

        count = (len(self._schedule) + SPARE_TRIALS) * DRAFTS_PER_TRIAL
        self.drafts = make_drafts(count, self._rng, providers=self._providers)
        draw_wishes(self.drafts, self._rng)
        self._site.heal()
        wait_for_first_sweep(self._providers)
        is_meant = any(part in crowd.NAME for part in self._only.split(","))
        if is_meant and self._site.has >= crowd.NEEDS:
            self._others = crowd.measure(self._site, self._faults, self._rng)
        connection.close()  # it would be in the way of a database that is put back
        self.sampler.start()
        for number, together in enumerate(self._schedule):
            own = self.drafts[number * DRAFTS_PER_TRIAL : (number + 1) * DRAFTS_PER_TRIAL]
            self._trial(together, own)
            _progress(number + 1, len(self._schedule))
        self._repeat_missed(self.drafts[len(self._schedule) * DRAFTS_PER_TRIAL :])
        self.drafts += self._others
        is_calm = self._heal_and_rest()
        self.sampler.stop()
        return is_calm

    def _trial(self, together: Sequence[Accident], drafts: Sequence[Draft]) -> None:
        rules = {one.name: one.rule for one in together if one.rule}
        causes = [one for one in together if one.cause]
        are_pictures_hit = PICTURES in {rule["route"] for rule in rules.values()}
        if are_pictures_hit:
            want_pictures(drafts)
        self._faults.begin(self._rng.randrange(1 << 30), rules)
        stop = threading.Event()
        people = [self._person(draft, together, stop) for draft in drafts]
        seconds = max(self._rng.uniform(*TRIAL_SECONDS), self._hold)
        for accident in causes:
            time.sleep(self._rng.uniform(0, 0.8))
            self.struck[accident.name] += accident.cause(self._site, self._rng)
        time.sleep(seconds)
        self._start_dead_parts()
        # Pictures come after a training.
        self._wait_until_struck(rules, 3 * PATIENCE if are_pictures_hit else PATIENCE)
        self.struck += self._faults.end()
        stop.set()
        for thread in people:
            thread.join()

    def _person(
        self, draft: Draft, together: Sequence[Accident], stop: threading.Event
    ) -> threading.Thread:
        draft.accident = " + ".join(one.name for one in together)
        rng = Random(self._rng.randrange(1 << 30))
        arguments = (draft, self._site, stop, rng)
        thread = threading.Thread(target=live, args=arguments, daemon=True)
        thread.start()
        return thread

    def _wait_until_struck(self, rules: dict[str, object], patience: float) -> None:
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            struck = self._faults.struck()
            if all(struck[name] for name in rules):
                return
            time.sleep(0.3)

    def _start_dead_parts(self) -> None:
        self._faults.struck()  # an exit is counted while it can be seen
        for part in self._site.parts.values():
            part.start()

    def _heal_and_rest(self) -> bool:
        """End all trouble, let everybody press who could not, and wait until nothing moves."""
        from django.db import connection

        self._site.heal()
        self._faults.begin(0, {})
        for draft in self.drafts:
            if not draft.accepted or self._site.restored:
                press_start(draft, self._site.webs)
        is_calm = settle(self.drafts, self._site, REST_SECONDS, self._rng)
        connection.close()
        return is_calm


def wait_for_first_sweep(providers: Sequence[str]) -> None:
    """Accidents before the workers work would prove nothing; nor without providers to choose."""
    from jobs.health import last_heartbeat
    from jobs.models import ProviderStatus

    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        described = ProviderStatus.objects.filter(provider__in=providers)
        count = described.exclude(described_at=None).count()
        if last_heartbeat() is not None and count == len(providers):
            return
        time.sleep(0.2)


def _progress(done: int, total: int) -> None:
    print(f"{done} of {total} trials", end="\r", flush=True, file=sys.stderr)
