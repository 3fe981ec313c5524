"""From the bundled trainer's own additions to our values. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from providers.errors import MISSHAPEN
from providers.fit import Fit
from providers.http.calls import Reply, engine_of
from providers.redaction import sanitised
from providers.together.replies import moment, number
from providers.types import Sample

MOST_WORDS = 400  # of a sentence about memory
LONGEST_STEP = 3600.0  # seconds: what takes longer was not measured
LARGEST_BATCH = 1000
LONGEST_PROMPT = 500
MOST_STEPS = 1_000_000


def engine(reply: Reply) -> str:
    """Return the name of the engine at work, "" where the reply names none."""
    return engine_of(reply) or str((reply.data or {}).get("engine", ""))


def training_seconds(reply: Reply) -> float | None:
    """Return how long a usual training takes, None where the reply does not say."""
    seconds = number((reply.data or {}).get("training_seconds"))
    return seconds if seconds and seconds > 0 else None


def fit(reply: Reply) -> Fit | None:
    """Return whether a base model fits the trainer's machine; None where the reply does not say."""
    said = (reply.data or {}).get("fit")
    if not isinstance(said, dict) or not isinstance(said.get("fits"), bool):
        return None
    seconds, words = number(said.get("seconds_per_step")), said.get("words")
    batch = number(said.get("largest_batch"))
    return Fit(
        fits=said["fits"],
        words=sanitised(words, MOST_WORDS) if isinstance(words, str) else "",
        seconds_per_step=seconds if seconds and 0 < seconds <= LONGEST_STEP else None,
        largest_batch=int(batch) if batch and 1 <= batch <= LARGEST_BATCH else None,
    )


def samples(data: Mapping[str, Any]) -> tuple[Sample, ...]:
    """Return the samples of a run in order of step; those that cannot be read are left out."""
    found: list[Sample] = []
    numbers: dict[int, int] = {}
    for item in data["data"]:
        try:
            sample = _sample(item, numbers)
        except MISSHAPEN:
            continue
        found.append(sample)
        numbers[sample.step] = sample.number + 1
    return tuple(sorted(found, key=lambda one: (one.step, one.number)))


def _sample(item: Mapping[str, Any], numbers: Mapping[int, int]) -> Sample:
    step = item["step"]
    if isinstance(step, bool) or not isinstance(step, int) or not 0 <= step <= MOST_STEPS:
        raise ValueError("step is no step")
    return Sample(
        step=step,
        number=numbers.get(step, 0),
        prompt=sanitised(str(item.get("prompt", "")), LONGEST_PROMPT),
        has_trigger=bool(item.get("has_trigger")),
        url=_address(item["url"]),
    )


def _address(value: object) -> str:
    if not isinstance(value, str) or not value.startswith(("http://", "https://")):
        raise ValueError("url is no address")
    return value


def complete_since(data: Mapping[str, Any]) -> datetime | None:
    """Return since when a list lacks nothing, None where it does not say that it forgets."""
    return moment(data.get("complete_since"))
