"""Wrong answers of fal: each changes the right one."""

from __future__ import annotations

from random import Random

from emulators.faults.rules import Rule
from emulators.faults.service import Json, ResponseFault

UNKNOWN_STATUS = "HIBERNATING"


async def unknown_status(data: Json, rule: Rule, rng: Random) -> None:
    """The request is in a state that nobody has heard of."""
    data["status"] = UNKNOWN_STATUS


async def backwards(data: Json, rule: Rule, rng: Random) -> None:
    """The last lines of the log are missing again, and the queue has grown."""
    if entries := data.get("logs"):
        data["logs"] = entries[: rng.randint(1, len(entries))]
    if "queue_position" in data:
        data["queue_position"] += rng.randint(1, 5)


async def logs_missing(data: Json, rule: Rule, rng: Random) -> None:
    """There is no log, as where nobody asked for one."""
    if "logs" in data:
        data["logs"] = None


async def empty_history(data: Json, rule: Rule, rng: Random) -> None:
    """The history admits nothing, as one read with another account's key."""
    data[_list_of(data)] = []
    data |= {"next_cursor": None, "has_more": False}


async def incomplete_history(data: Json, rule: Rule, rng: Random) -> None:
    """About half of the entries are missing, others at every reading, and nothing says so."""
    name = _list_of(data)
    data[name] = [item for item in data[name] if rng.random() < 0.5]


async def history_without_inputs(data: Json, rule: Rule, rng: Random) -> None:
    """Every entry lacks what was sent: only the first four fields are certain."""
    certain = {"request_id", "endpoint_id", "started_at", "sent_at"}
    name = _list_of(data)
    data[name] = [
        {key: value for key, value in item.items() if key in certain} for item in data[name]
    ]


async def no_lora(data: Json, rule: Rule, rng: Random) -> None:
    """The result of a training names no weights."""
    for name in ("diffusers_lora_file", "lora_file"):
        data.pop(name, None)


def _list_of(data: Json) -> str:
    return "items" if "items" in data else "results"


RESPONSE_FAULTS = {
    "unknown_status": ResponseFault({"status"}, unknown_status),
    "backwards": ResponseFault({"status"}, backwards),
    "logs_missing": ResponseFault({"status"}, logs_missing),
    "empty_history": ResponseFault({"history"}, empty_history),
    "incomplete_history": ResponseFault({"history"}, incomplete_history),
    "history_without_inputs": ResponseFault({"history"}, history_without_inputs),
    "no_lora": ResponseFault({"result"}, no_lora),
}
