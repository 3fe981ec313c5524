"""From Together's JSON to our values. Pure, and lenient: only an id and a status are certain.

A missing or misshapen field raises one of `MISSHAPEN`, which the base turns into the error for
an unreadable answer.
"""

from __future__ import annotations

import base64
import logging
import math
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from providers.errors import MISSHAPEN
from providers.types import EVER, TOKEN_PREFIX, LogLine, Output, Run, RunList, RunStatus

logger = logging.getLogger(__name__)

Json = Mapping[str, Any]
MAX_ID_LENGTH = 200
# No training has more steps, and no column takes more.
MOST = 2**31 - 1

# Event types (compared in lower case, as Together has sent both) as stages for people.
_STAGES_BY_EVENT = {
    "job_pending": "Waiting for a free slot",
    "job_start": "Starting",
    "job_restarted": "Resuming after a restart",
    "training_data_downloading": "Reading the photos",
    "training_data_download_complete": "Photos read",
    "model_downloading": "Loading the base model",
    "model_download_complete": "Base model loaded",
    "training_start": "Training",
    "epoch_complete": "Training",
    "checkpoint_save": "Saving a checkpoint",
    "training_complete": "Trained",
    "model_compressing": "Compressing the weights",
    "model_compression_complete": "Weights compressed",
    "model_uploading": "Uploading the weights",
    "model_upload_complete": "Weights uploaded",
    "job_complete": "Finished",
    "job_error": "Failed",
    "cancel_requested": "Stopping",
    "job_stopped": "Stopped",
}
_STAGES_BY_STATUS = {
    "pending": "Waiting for a free slot",
    "queued": "Waiting for a free slot",
    "running": "Training",
    "compressing": "Compressing the weights",
    "uploading": "Uploading the weights",
    "cancel_requested": "Stopping",
    "cancelled": "Stopped",
    "completed": "Finished",
    "error": "Failed",
    "user_error": "Failed",
}
_LEVELS = {"warning": "warning", "error": "error"}


def text(data: Json, name: str) -> str:
    """Return a required identifier; raises `ValueError` where it is empty or no string."""
    value = data[name]
    if not isinstance(value, str) or not 0 < len(value) <= MAX_ID_LENGTH:
        raise ValueError(f"{name} is not an identifier")
    return value


def model_names(data: Json) -> frozenset[str]:
    """Return the names in `/fine-tunes/models/supported`."""
    return frozenset(name for name in data["models"] if isinstance(name, str))


def training(data: Json, status_of: Callable[[object], RunStatus]) -> Run:
    """Return the run in a fine-tune object, full or truncated."""
    status = status_of(data["status"])
    events = _objects(data.get("events"))
    step, total = _steps(data, events)
    progress = 1.0 if status is RunStatus.SUCCEEDED else _share(step, total)
    return Run(
        id=text(data, "id"),
        status=status,
        correlation=_string(data.get("suffix")) or _string(data.get("correlation")),
        stage=_stage(data, events),
        progress=progress,
        step=step,
        total_steps=total,
        seconds_left=_seconds_left(data.get("progress")),
        queue_position=_whole(data.get("queue_depth")) if status is RunStatus.QUEUED else None,
        remote_ref=_remote_ref(data) if status is RunStatus.SUCCEEDED else "",
        error=_last_error(events) if status is RunStatus.FAILED else "",
        # No field of Together's: a trainer with the same API names its engine here.
        engine=_string(data.get("engine")),
        created_at=moment(data.get("created_at")),
        raw=data,
    )


def generation(data: Json) -> Run:
    """Return the finished run in an answer with images."""
    items = sorted(_objects(data["data"]), key=lambda item: _whole(item.get("index")) or 0)
    outputs = tuple(_output(item) for item in items)
    if not outputs:
        raise ValueError("no images")
    return Run(
        id=text(data, "id"),
        status=RunStatus.SUCCEEDED,
        correlation=_string(data.get("correlation")),
        stage="Finished",
        progress=1.0,
        outputs=outputs,
        engine=_string(data.get("engine")),
        created_at=moment(data.get("created_at")),
    )


def run_list(data: Json, parse: Callable[[Json], Run]) -> RunList:
    """Return a list of runs; an entry of ours that we cannot read makes it
    incomplete, not useless.

    Together documents no pages. Should a list ever say `has_more`, it proves no absence.
    """
    items = data["data"]
    if not isinstance(items, list):
        raise TypeError("data is not a list")
    runs: list[Run] = []
    is_complete = not data.get("has_more")
    for item in items:
        try:
            runs.append(parse(item))
        except MISSHAPEN as error:
            logger.warning("an entry of the run list is unreadable: %s", type(error).__name__)
            is_complete = is_complete and _is_strangers(item)
    return RunList(tuple(runs), EVER if is_complete else None)


def _is_strangers(item: object) -> bool:
    """Whether an entry that cannot be read surely is not ours: it has a name of its own."""
    suffix = _string(item.get("suffix")) if isinstance(item, dict) else ""
    return bool(suffix) and not suffix.startswith(TOKEN_PREFIX)


def log_lines(data: Json) -> tuple[LogLine, ...]:
    """Return the events of one run as lines, oldest first."""
    lines = [
        LogLine(
            text=_string(event.get("message")) or _string(event.get("type")),
            level=_level(event),
            at=moment(event.get("created_at")),
            step=_whole(event.get("step")),
        )
        for event in _objects(data["data"])
    ]
    # Together does not document the order; a stable sort keeps equal times as they came.
    return tuple(sorted(lines, key=lambda line: line.at or datetime.min.replace(tzinfo=UTC)))


def losses(data: Json) -> tuple[tuple[int, float], ...]:
    """Return (step, loss) pairs from the metrics of one run, in step order, one per step."""
    points: dict[int, float] = {}
    for metric in _objects(data["metrics"]):
        step, loss = _whole(metric.get("train/global_step")), number(metric.get("train/loss"))
        if step is not None and loss is not None:
            points[step] = loss
    return tuple(sorted(points.items()))


def moment(value: object) -> datetime | None:
    """Return an aware time for ISO text or Unix seconds, None for anything else."""
    try:
        if isinstance(value, str):
            at = datetime.fromisoformat(value)
            return at if at.tzinfo else at.replace(tzinfo=UTC)
        seconds = number(value)
        return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def number(value: object) -> float | None:
    """Return a finite number, None for anything else: NaN can neither be plotted nor stored."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        found = float(value)
    except OverflowError:  # JSON knows no largest number
        return None
    return found if math.isfinite(found) else None


def _steps(data: Json, events: Sequence[Json]) -> tuple[int | None, int | None]:
    """The run's own fields where a trainer sends them, else the furthest event."""
    step, total = _whole(data.get("step")), _whole(data.get("total_steps"))
    if step is not None:
        return step, total
    seen = [event for event in events if _whole(event.get("total_steps"))]
    if not seen:
        return None, total
    return (
        max(_whole(event.get("step")) or 0 for event in seen),
        _whole(seen[-1].get("total_steps")),
    )


def _share(step: int | None, total: int | None) -> float | None:
    return min(step / total, 1.0) if step is not None and total else None


def _stage(data: Json, events: Sequence[Json]) -> str:
    # A trainer that names the last event in `stage` spares us the events, as lists have none.
    types = [event.get("type") for event in events] + [data.get("stage")]
    for type_ in reversed(types):
        if stage := _STAGES_BY_EVENT.get(_string(type_).lower()):
            return stage
    return _STAGES_BY_STATUS.get(_string(data.get("status")).lower(), "")


def _remote_ref(data: Json) -> str:
    # The name is known from the start, the path only once there is something at it.
    return _string(data.get("model_output_path")) or _string(data.get("model_output_name"))


def _seconds_left(progress: object) -> float | None:
    if not isinstance(progress, dict) or not progress.get("estimate_available"):
        return None
    seconds = number(progress.get("seconds_remaining"))
    return seconds if seconds is not None and seconds >= 0 else None


def _last_error(events: Sequence[Json]) -> str:
    """There is no error field: the last event of level error tells what happened."""
    for event in reversed(events):
        if _level(event) == "error":
            return _string(event.get("message"))
    return ""


def _level(event: Json) -> str:
    return _LEVELS.get(_string(event.get("level")).lower(), "info")


def _output(item: Json) -> Output:
    if encoded := item.get("b64_json"):
        return Output(data=base64.b64decode(encoded, validate=True))
    url = item["url"]
    if not isinstance(url, str) or not url:
        raise ValueError("url is empty")
    return Output(url=url)


def _objects(value: object) -> list[Json]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _string(value: object) -> str:
    return value if isinstance(value, str) else ""


def _whole(value: object) -> int | None:
    """Return a count, None for anything else: a number that no training reaches is none."""
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value <= MOST else None
