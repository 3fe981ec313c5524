"""From Replicate's JSON to our values. Pure, and lenient: only an id and a status are certain.

A missing or misshapen field raises one of `MISSHAPEN`, which the base turns into the error for
an unreadable answer.
"""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

from django.utils.translation import gettext as _

from providers.errors import MISSHAPEN
from providers.hosted import log_text
from providers.replicate.causes import code_of
from providers.replicate.offers import H100, RUNNERS, TRAINERS
from providers.types import EVER, LogLine, Output, Run, RunList, RunLog, RunStatus

logger = logging.getLogger(__name__)

Json = Mapping[str, Any]
StatusOf = Callable[[object], RunStatus]
MAX_ID_LENGTH = 200
MAX_ADDRESS = 500  # what a row keeps of it
MOST_LINES = 5000
NOT_BILLED = "aborted"  # before it started
DATASET_FIELDS = ("input_images", "dataset")
STEPS_FIELDS = ("steps", "training_steps")
BAR = re.compile(r"\d+%\s*\|")  # of tqdm: each drawing of it is a line
TRACE = "Traceback"
LATEST_LINES = 200  # in which the current bar surely is
# A version of a model: what the account trained there is called so.
OWN_REF = re.compile(r"[\w.-]+/[\w.-]+:[0-9a-f]{16,64}")
_RUNNER_PRICES = {runner.remote_model: runner.price for runner in RUNNERS.values()}
_STAGES = {
    "starting": "Waiting for a machine",
    "processing": "Training",
    "succeeded": "Finished",
    "failed": "Failed",
    "canceled": "Stopped",
    "aborted": "Stopped before it started",
}
# What its log says while it gets ready, the latest first.
_STAGES_BY_TEXT = (
    ("Caption for", "Describing the photos"),
    ("Extracted", "Reading the photos"),
)


def text(data: Json, name: str) -> str:
    """Return a required identifier; raises `ValueError` where it is empty or no string."""
    value = data[name]
    if not isinstance(value, str) or not 0 < len(value) <= MAX_ID_LENGTH:
        raise ValueError(f"{name} is not an identifier")
    return value


def training(data: Json, status_of: StatusOf) -> Run:
    """Return the run in a training object, from a list or on its own."""
    status, lines = status_of(data["status"]), _bars(data)
    step, total = log_text.progress(lines[-LATEST_LINES:], _steps_asked(data))
    output = _object(data.get("output"))
    weights = _string(output.get("weights"))
    return Run(
        id=text(data, "id"),
        status=status,
        correlation=_dataset(data),
        stage=_stage(data, step),
        progress=1.0 if status is RunStatus.SUCCEEDED else _share(step, total),
        step=step,
        total_steps=total,
        outputs=(Output(url=weights),) if weights else (),
        remote_ref=trained_version(data),
        created_at=moment(data.get("created_at")),
        raw=data,
        **_ending(data, status),
        **_training_cost(data),
    )


def prediction(data: Json, status_of: StatusOf) -> Run:
    """Return the run in a prediction object. Its outputs are gone after an hour."""
    status = status_of(data["status"])
    outputs = tuple(Output(url=url) for url in _urls(data.get("output")))
    if status is RunStatus.SUCCEEDED and not outputs:
        return _without_pictures(data)
    return Run(
        id=text(data, "id"),
        status=status,
        stage=_stage(data, None),
        progress=1.0 if status is RunStatus.SUCCEEDED else None,
        outputs=outputs if status is RunStatus.SUCCEEDED else (),
        created_at=moment(data.get("created_at")),
        raw=data,
        **_ending(data, status),
        **_prediction_cost(data, len(outputs)),
    )


def _without_pictures(data: Json) -> Run:
    """Return a prediction that has ended well and has nothing to fetch (any more)."""
    removed = _("It removes pictures an hour after they were made, and nobody fetched them.")
    return Run(
        id=text(data, "id"),
        status=RunStatus.FAILED,
        stage=_STAGES["failed"],
        error=removed if data.get("data_removed") else _("It ended without pictures."),
        created_at=moment(data.get("created_at")),
        raw=data,
        **_prediction_cost(data, 0),
    )


def trained_version(data: Json) -> str:
    """Return `owner/name:version` of what a training made; "" where it made none."""
    version = _string(_object(data.get("output")).get("version"))
    return version if OWN_REF.fullmatch(version) else ""


def run_list(data: Json, parse: Callable[[Json], Run], address: str) -> RunList:
    """Return one page of a list at `address`. An entry that we cannot read makes it incomplete,
    not useless, and so does a next page at another place."""
    items = data["results"]
    if not isinstance(items, list):
        raise TypeError("results is not a list")
    runs: list[Run] = []
    is_complete = True
    for item in items:
        try:
            runs.append(parse(item))
            # Without its input an entry may be anybody's, ours too.
            is_complete = is_complete and isinstance(item.get("input"), Mapping)
        except MISSHAPEN as error:
            logger.warning("an entry of the run list is unreadable: %s", type(error).__name__)
            is_complete = False
    next_page, is_followable = _next_page(data.get("next"), address)
    is_complete = is_complete and is_followable
    return RunList(tuple(runs), EVER if is_complete else None, next_page)


def _next_page(value: object, address: str) -> tuple[str, bool]:
    """Return the query of the next page, and whether that is where we may follow: the key goes
    to no other address than the list's own."""
    if not value:
        return "", True
    found, own = urlsplit(urljoin(address, str(value))), urlsplit(address)
    if found[:3] != own[:3] or not found.query:
        logger.warning("replicate: the next page of a list lies elsewhere, so it is not read")
        return "", False
    return found.query, True


def run_log(data: Json) -> RunLog:
    """Return the log of one training: its sentences as lines, its bars as progress and losses.

    The log is always whole. Only complete lines are taken while it grows, so that those of one
    reading are the beginning of the next one's.
    """
    bars, total = _bars(data), _steps_asked(data)
    is_over = data.get("status") in {"succeeded", "failed", "canceled", "aborted"}
    whole = bars if is_over else bars[:-1]
    sentences = [line.rstrip() for line in whole if line.strip() and not BAR.search(line)]
    lines = tuple(LogLine(line, _level(line)) for line in sentences[:MOST_LINES])
    step, total_steps = log_text.progress(bars, total)
    return RunLog(lines, log_text.losses(bars, total), step, total_steps)


def moment(value: object) -> datetime | None:
    """Return an aware time for ISO text, None for anything else."""
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return at.replace(tzinfo=at.tzinfo or UTC) if at else None


def username(data: Json) -> str:
    """Return the account's name, which its models begin with."""
    return text(data, "username")


def _dataset(data: Json) -> str:
    """Return the address of the photos: it is used once, so it tells whose run it is."""
    given = _object(data.get("input"))
    addresses = (_string(given.get(name)) for name in DATASET_FIELDS)
    return next((one for one in addresses if 0 < len(one) <= MAX_ADDRESS), "")


def _steps_asked(data: Json) -> int | None:
    given = _object(data.get("input"))
    found = (given.get(name) for name in STEPS_FIELDS)
    return next((one for one in found if isinstance(one, int) and one > 0), None)


def _bars(data: Json) -> list[str]:
    return _string(data.get("logs")).replace("\r", "\n").split("\n")


def _stage(data: Json, step: int | None) -> str:
    word = _string(data.get("status")).lower()
    if word != "processing":
        return _STAGES.get(word, "")
    if step is not None:
        return "Training"
    log = _string(data.get("logs"))
    return next((stage for sign, stage in _STAGES_BY_TEXT if sign in log), _STAGES[word])


def _ending(data: Json, status: RunStatus) -> dict[str, Any]:
    if status is not RunStatus.FAILED:
        return {}
    error = _string(data.get("error"))
    return {"error": error, "error_code": code_of(error) or code_of(_last_error(data))}


def _last_error(data: Json) -> str:
    """Return what the log ends with where that is an error: its message, and not the lines of
    code that led there. The rest of a log describes photos and names files."""
    lines = [line for line in _bars(data)[-LATEST_LINES:] if line.strip()]
    traces = [number for number, line in enumerate(lines) if line.startswith(TRACE)]
    said = lines[traces[-1] + 1 :] if traces else lines[-1:]
    return "\n".join(line for line in said if _level(line) == "error")


def _seconds(data: Json) -> float | None:
    return number(_object(data.get("metrics")).get("predict_time"))


def _training_cost(data: Json) -> dict[str, Any]:
    trainer = TRAINERS.get(_string(data.get("model")))
    return _cost_by_time(data, trainer.price.usd if trainer else None)


def _prediction_cost(data: Json, count: int) -> dict[str, Any]:
    """By the second of an H100, but official models by the picture, at prices of their own."""
    price = _RUNNER_PRICES.get(_string(data.get("model")))
    if price is None:
        return _cost_by_time(data, H100.usd)
    billed = f"{count} images" if count else ""
    return {"cost_usd": price.total(count) if count else None, "billed": billed}


def _cost_by_time(data: Json, usd: float | None) -> dict[str, Any]:
    if data.get("status") == NOT_BILLED:
        return {"cost_usd": 0.0}
    seconds = _seconds(data)
    if seconds is None:
        return {}
    return {"cost_usd": None if usd is None else usd * seconds, "billed": f"{seconds:.1f} s"}


def number(value: object) -> float | None:
    """Return a finite number that is not negative, None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        found = float(value)
    except OverflowError:
        return None
    return found if math.isfinite(found) and found >= 0 else None


def _urls(output: object) -> Iterator[str]:
    for one in output if isinstance(output, list) else [output]:
        if isinstance(one, str) and one:
            yield one


def _share(step: int | None, total: int | None) -> float | None:
    return min(step / total, 1.0) if step is not None and total else None


def _level(line: str) -> str:
    return "error" if "Error" in line or line.startswith(TRACE) else "info"


def _object(value: object) -> Json:
    return value if isinstance(value, Mapping) else {}


def _string(value: object) -> str:
    return value if isinstance(value, str) else ""
