"""Wrong answers of Replicate: each changes the right one."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from emulators.faults.rules import Rule
from emulators.faults.service import Json
from emulators.hosted.clock import Clock
from trainer.times import seconds

UNKNOWN_STATUS = "hibernating"


async def unknown_status(data: Json, rule: Rule, rng: Random) -> None:
    """Every run is in a state that nobody has heard of."""
    for run in _runs(data):
        run["status"] = UNKNOWN_STATUS


async def backwards(data: Json, rule: Rule, rng: Random) -> None:
    """The log is an earlier one."""
    lines = data["logs"].splitlines(keepends=True)
    data["logs"] = "".join(lines[: rng.randint(1, len(lines))] if lines else [])


async def incomplete_list(data: Json, rule: Rule, rng: Random) -> None:
    """About half of the entries are on a next page, which cannot be read: its cursor is none."""
    for run in data["results"][:1]:
        address = run["urls"]["get"].rpartition("/")[0]
        data["next"] = f"{address}?cursor=lost"
    data["results"] = _half(data, rng)


async def silently_incomplete_list(data: Json, rule: Rule, rng: Random) -> None:
    """About half of the entries are missing, others at every reading, and nothing says so."""
    data["results"] = _half(data, rng)


async def first_page_only(data: Json, rule: Rule, rng: Random) -> None:
    """The list claims to end with this page."""
    data["next"] = None


async def empty_list(data: Json, rule: Rule, rng: Random) -> None:
    """The list admits nothing, as one read with another account's key."""
    data["results"], data["next"] = [], None


async def list_without_inputs(data: Json, rule: Rule, rng: Random) -> None:
    """Every entry lacks its input, as shortened lists do."""
    for run in _runs(data):
        run.pop("input", None)


async def stale_list(clock: Clock, data: Json, rule: Rule, rng: Random) -> None:
    """The list as it was some seconds ago, without what came since. It does not say so."""
    then = clock.now() - rule.seconds
    data["results"] = [run for run in _runs(data) if seconds(run["created_at"]) <= then]
    for run in data["results"]:
        _take_back(run, then)


def _take_back(run: Json, then: float) -> None:
    """Change a run's answer to what it was at a moment."""
    if run["completed_at"] and seconds(run["completed_at"]) > then:
        run |= {"completed_at": None, "output": None, "error": None, "metrics": {}}
        run["status"] = "processing" if run["started_at"] else "starting"
    if run["started_at"] and seconds(run["started_at"]) > then:
        run |= {"started_at": None, "status": "starting"}


def _runs(data: Json) -> Iterator[Json]:
    """Return the runs in an answer: itself, or the entries of its list."""
    yield from data.get("results", [data])


def _half(data: Json, rng: Random) -> list[Json]:
    return [run for run in data["results"] if rng.random() < 0.5]
