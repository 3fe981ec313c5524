"""Faults in what is said: the answer arrives, and is wrong."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

from trainer.errors import ApiError
from trainer.faults.exchange import Exchange
from trainer.faults.past import as_of, existed

Json = dict[str, Any]
Lie = Callable[[Exchange, Json], None]

UNKNOWN_WORD = "hibernating"


async def tell(lie: Lie, exchange: Exchange) -> None:
    """Do the work and answer something else; a refusal stays as it is."""
    answer = await exchange.finish()
    if answer.status == 200:
        data = json.loads(answer.body)
        lie(exchange, data)
        answer.replace_body(json.dumps(data).encode())
    await exchange.say(answer)


def unknown_status(exchange: Exchange, data: Json) -> None:
    """Every run is in a state that nobody has heard of."""
    for job in _jobs(data):
        job["status"] = UNKNOWN_WORD


def backwards(exchange: Exchange, data: Json) -> None:
    """Every run is less far than it was, and takes longer."""
    chance = exchange.chance
    for job in _jobs(data):
        if job["step"]:
            job["step"] = chance.randrange(job["step"])
            job["progress"]["seconds_remaining"] += 60
        job["events"] = _some_of_the_first(exchange, job["events"])
    if _is_log(data):
        data["data"] = _some_of_the_first(exchange, data["data"])


def incomplete_list(exchange: Exchange, data: Json) -> None:
    """About half of the entries are missing. `has_more` says so: Together knows no pages."""
    data["data"] = [item for item in data["data"] if exchange.chance.random() < 0.5]
    data["has_more"] = True


def stale_list(exchange: Exchange, data: Json) -> None:
    """The list as it was some seconds ago, without what came since. It does not say so."""
    then = time.time() - exchange.rule.seconds
    data["data"] = [item for item in data["data"] if existed(item, then)]
    for job in _jobs(data):
        as_of(job, _events(exchange, job["id"]), then)


def _events(exchange: Exchange, run_id: str) -> list[Json]:
    try:
        return exchange.runs.events(exchange.runs.get(run_id))
    except ApiError:  # deleted since the list was made
        return []


def _jobs(data: Json) -> Iterator[Json]:
    """Give the runs in an answer: itself, or the entries of its list."""
    items = data["data"] if isinstance(data.get("data"), list) else [data]
    return (item for item in items if str(item.get("id", "")).startswith("ft-"))


def _is_log(data: Json) -> bool:
    items = data.get("data") or [{}]
    return bool(items[0].get("object") == "fine-tune-event")


def _some_of_the_first(exchange: Exchange, items: list[Json]) -> list[Json]:
    return items[: exchange.chance.randint(1, len(items))] if items else []
