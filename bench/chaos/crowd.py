"""One owner's crowd of jobs, and a trainer that never answers: everybody else starts as before."""

from __future__ import annotations

import time
from random import Random

from bench.chaos.faults import Faults
from bench.chaos.people import Draft, make_drafts, press_start
from bench.installation import Installation

NAME = "crowd"
NEEDS = frozenset({"local", "unlisted"})  # trainers
MANY, TWELVE = 60, 12
SLOWER = 5.0  # seconds by which another's start may come later than on an empty site
LIMIT = 60.0
SLOW = {"route": "create", "fault": "slow", "probability": 1.0, "seconds": 0.5}
SILENT = {"route": "create", "fault": "silent", "probability": 1.0, "seconds": 30}


def measure(site: Installation, faults: Faults, rng: Random) -> list[Draft]:
    """Measure how long others wait for their start; return all drafts, for the verdict.

    A wait that is too long goes to `site.problems`.
    """
    alone, elsewhere = make_drafts(2, rng, "alone", ("unlisted",))
    beside = make_drafts(1, rng, "beside", ("local",))[0]
    crowd = make_drafts(MANY + TWELVE, rng, NAME, ("local",), is_one_owner=True)
    usual = _seconds_to_start(site, alone)

    faults.begin(1, {"slow": SLOW}, only_at="local")
    _start(crowd[:MANY])
    behind_the_crowd = _seconds_to_start(site, beside)
    _wait_for(crowd[:MANY])

    faults.begin(1, {"silent": SILENT}, only_at="local")
    _start(crowd[MANY:])
    time.sleep(1)  # the calls are under way
    beside_the_silent = _seconds_to_start(site, elsewhere)
    faults.begin(0, {})

    print(
        f"seconds to start: alone {usual:.1f}, behind {MANY} of another owner "
        f"{behind_the_crowd:.1f}, beside a trainer that never answers {beside_the_silent:.1f}"
    )
    for what, seconds in (("crowd", behind_the_crowd), ("silent trainer", beside_the_silent)):
        if seconds > usual + SLOWER:
            site.problems.append(f"a {what} held up somebody else for {seconds:.1f} s")
    drafts = [alone, elsewhere, beside, *crowd]
    for draft in drafts:
        draft.accident, draft.accepted = NAME, True
    return drafts


def _start(drafts: list[Draft]) -> None:
    from models_app.models import UserModel
    from training.selectors import next_idempotency_key
    from training.services import start

    for model in UserModel.objects.filter(pk__in=[draft.model_id for draft in drafts]):
        start(model, idempotency_key=next_idempotency_key(model))


def _seconds_to_start(site: Installation, draft: Draft) -> float:
    """Press start as a person does; how long until the trainer has accepted it."""
    begun = time.monotonic()
    press_start(draft, site.webs)
    _wait_for([draft])
    return time.monotonic() - begun


def _wait_for(drafts: list[Draft]) -> None:
    from jobs.models import JobQueue

    waiting = JobQueue.objects.filter(model_id__in=[draft.model_id for draft in drafts], run_id="")
    deadline = time.monotonic() + LIMIT
    while waiting.exists() and time.monotonic() < deadline:
        time.sleep(0.1)
