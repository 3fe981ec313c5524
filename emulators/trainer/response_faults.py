"""Wrong answers of the trainer: each changes the right one."""

from __future__ import annotations

import time
from collections.abc import Iterator
from random import Random
from typing import Any

from emulators.faults.rules import Rule
from emulators.faults.service import Json
from emulators.trainer.stale_snapshots import as_of, existed
from trainer.errors import ApiError
from trainer.runs.store import RunStore

UNKNOWN_STATUS = "hibernating"


async def unknown_status(data: Json, rule: Rule, rng: Random) -> None:
    """Every run is in a state that nobody has heard of."""
    for job in _jobs(data):
        job["status"] = UNKNOWN_STATUS


async def backwards(data: Json, rule: Rule, rng: Random) -> None:
    """Every run has an earlier step, takes longer and misses its last events."""
    for job in _jobs(data):
        if job["step"]:
            job["step"] = rng.randrange(job["step"])
            job["progress"]["seconds_remaining"] += 60
        job["events"] = _first(job["events"], rng)
    if _is_event_list(data):
        data["data"] = _first(data["data"], rng)


async def incomplete_list(data: Json, rule: Rule, rng: Random) -> None:
    """About half of the entries are missing. `has_more` says so: Together knows no pages."""
    data["data"] = [item for item in data["data"] if rng.random() < 0.5]
    data["has_more"] = True


async def silently_incomplete_list(data: Json, rule: Rule, rng: Random) -> None:
    """About half of the entries are missing, others at every reading, and nothing says so."""
    data["data"] = [item for item in data["data"] if rng.random() < 0.5]


async def empty_list(data: Json, rule: Rule, rng: Random) -> None:
    """The list admits nothing, as one read with another account's key."""
    data["data"] = []


async def list_without_tokens(data: Json, rule: Rule, rng: Random) -> None:
    """Every entry lacks the client's own token, as shortened lists do."""
    for item in data["data"]:
        item.pop("suffix", None)
        item.pop("correlation", None)


async def stale_list(runs: RunStore, data: Json, rule: Rule, rng: Random) -> None:
    """The list as it was some seconds ago, without what came since. It does not say so."""
    then = time.time() - rule.seconds
    data["data"] = [item for item in data["data"] if existed(item, then)]
    for job in _jobs(data):
        try:
            events = await runs.events(runs.get(job["id"]))
        except ApiError:  # deleted since the list was made
            continue
        as_of(job, events, then)


def _jobs(data: Json) -> Iterator[Json]:
    """Return the runs in an answer: itself, or the entries of its list."""
    items = data["data"] if isinstance(data.get("data"), list) else [data]
    return (item for item in items if str(item.get("id", "")).startswith("ft-"))


def _is_event_list(data: Json) -> bool:
    items = data.get("data") or [{}]
    return bool(items[0].get("object") == "fine-tune-event")


def _first(items: list[Any], rng: Random) -> list[Any]:
    return items[: rng.randint(1, len(items))] if items else []
