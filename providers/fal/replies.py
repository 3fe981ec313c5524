"""From fal's JSON to our values. Pure, and lenient: only ids and status words are certain.

There is no status for a failure: it is COMPLETED with an error, or a result that is no success.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from django.utils.translation import gettext as _

from providers.errors import (
    RUN_FAILED,
    AccountLockedError,
    AuthenticationFailedError,
    BadDatasetError,
    InputExpiredError,
    ModerationError,
    OutOfCreditError,
    ProviderError,
    RequestRejectedError,
    TrainerGoneError,
)
from providers.fal.fields import Json, list_in, moment, object_in, text, url, whole
from providers.fal.offers import TRAINING
from providers.hosted import log_text
from providers.http.calls import Reply, detail_of
from providers.types import LogLine, Output, Run, RunLog, RunStatus

MAX_ID_LENGTH = 200
# Which field holds the trained file: the first that is there.
LORA_FIELDS = ("diffusers_lora_file", "lora_file")
CANCELLED_TYPES = frozenset({"client_cancelled"})
_STAGES = {
    "IN_QUEUE": "Waiting for a free slot",
    "IN_PROGRESS": "Training",
    "COMPLETED": "Finished",
}
# Types of errors (fal's error reference) → our codes; by the first that a failure names.
_CODES = {
    "content_policy_violation": "moderation",
    "file_download_error": "input_expired",
    "file_too_large": "bad_dataset",
    "image_too_small": "bad_dataset",
    "image_too_large": "bad_dataset",
    "image_load_error": "bad_dataset",
    "unsupported_image_format": "bad_dataset",
    "unsupported_archive_format": "bad_dataset",
    "generation_timeout": "timed_out",
    "request_timeout": "timed_out",
    "startup_timeout": "timed_out",
}
_EMPTY_BALANCE = ("exhausted balance", "top up", "top_up")
_ERRORS: Mapping[str, type[RequestRejectedError]] = {
    "moderation": ModerationError,
    "bad_dataset": BadDatasetError,
    "input_expired": InputExpiredError,
}
_DATASET_FIELDS = frozenset(offer.zip_field for offer in TRAINING.values())


def request_id(data: Json) -> str:
    """Return the id of an accepted request; raises one of MISSHAPEN where there is none."""
    value = data["request_id"]
    if not isinstance(value, str) or not 0 < len(value) <= MAX_ID_LENGTH:
        raise ValueError("request_id is not an identifier")
    return value


def run(data: Json, status_of: Callable[[object], RunStatus]) -> Run:
    """Return a run as a submit or a status answer shows it; one that has ended well still lacks
    its result."""
    word = data.get("status", "IN_QUEUE")  # a submit that names no status: it waits
    run_id, state = request_id(data), status_of(word)
    kind, words = error_of(data)
    if state is RunStatus.SUCCEEDED and (kind or words):
        return failed(run_id, [kind], words)
    return Run(
        id=run_id,
        status=state,
        stage=_STAGES.get(str(word), ""),
        progress=1.0 if state is RunStatus.SUCCEEDED else None,
        queue_position=whole(data.get("queue_position")) if state is RunStatus.QUEUED else None,
        raw=data,
    )


def failed(run_id: str, types: Iterable[str], words: str) -> Run:
    """Return a run that has ended without a result, for a reason given in types and words."""
    types = [one for one in types if one]
    is_cancelled = bool(CANCELLED_TYPES.intersection(types))
    return Run(
        id=run_id,
        status=RunStatus.CANCELLED if is_cancelled else RunStatus.FAILED,
        stage="Stopped" if is_cancelled else "Failed",
        error=words or ", ".join(types),
        error_code="" if is_cancelled else failure_code(types, words),
    )


def failure_code(types: Iterable[str], words: str) -> str:
    """Return our code for a failure: from its types, and its words only where they are fixed."""
    for one in types:
        if code := _CODES.get(one):
            return code
    lowered = words.lower()
    if "out of memory" in lowered:
        return "out_of_memory"
    if is_out_of_credit(words):
        return "out_of_credit"
    return RUN_FAILED


def is_out_of_credit(words: str) -> bool:
    """Whether a refusal says that the account's balance is empty."""
    return any(sign in words.lower() for sign in _EMPTY_BALANCE)


def account_error(words: str) -> type[OutOfCreditError] | None:
    """Return what a refusal says about the account, None where nothing: it has the status of a
    refused key (403), and an empty balance is but one of the reasons for a lock."""
    if is_out_of_credit(words):
        return OutOfCreditError
    return AccountLockedError if "user is locked" in words.lower() else None


def training_result(data: Json, run_id: str) -> Run:
    """Return a training with its weights' address."""
    for name in LORA_FIELDS:
        if address := url(data.get(name)):
            return Run(
                id=run_id,
                status=RunStatus.SUCCEEDED,
                stage=_STAGES["COMPLETED"],
                progress=1.0,
                remote_ref=address,
                outputs=(Output(url=address),),
            )
    return failed(run_id, [], _("It ended without weights."))


def generation_result(data: Json, run_id: str) -> Run:
    """Return pictures; those that the safety check has blackened are left out."""
    blocked = data.get("has_nsfw_concepts")
    flags = blocked if isinstance(blocked, list) else []
    images = data.get("images")
    urls = [url(item) for item in images] if isinstance(images, list) else []
    outputs = tuple(
        Output(url=address)
        for number, address in enumerate(urls)
        if address and not (number < len(flags) and flags[number] is True)
    )
    if outputs:
        return Run(id=run_id, status=RunStatus.SUCCEEDED, progress=1.0, outputs=outputs)
    if any(flag is True for flag in flags):
        return failed(run_id, ["content_policy_violation"], _("Its safety check blocked it."))
    return failed(run_id, [], _("It ended without pictures."))


def failed_result(reply: Reply, run_id: str) -> Run:
    """Return a run whose result is an error of the model's own."""
    kinds = [*error_types(reply.data or {}), reply.headers.get("X-Fal-Error-Type", "")]
    return failed(run_id, kinds, detail_of(reply)[:1000])


def error_types(data: Json) -> list[str]:
    """Return the types in an error body of either shape."""
    found = [str(data.get("error_type") or "")]
    detail = data.get("detail")
    for item in detail if isinstance(detail, list) else []:
        if isinstance(item, dict):
            found.append(str(item.get("type") or ""))
            if _DATASET_FIELDS.intersection(map(str, list_in(item.get("loc")))):
                found.append("unsupported_archive_format")
    return [one for one in found if one]


def error_kind(reply: Reply, kind: type[ProviderError]) -> type[ProviderError]:
    """Return which error a refusal means; `kind` is what its status alone says."""
    if kind is AuthenticationFailedError:
        return account_error(detail_of(reply)) or kind
    if kind is not RequestRejectedError or reply.data is None:
        return kind
    if reply.status_code == 404:
        return TrainerGoneError
    return _ERRORS.get(failure_code(error_types(reply.data), ""), kind)


def error_of(data: Json) -> tuple[str, str]:
    """Return type and text of the error in a status answer; empty where it has none."""
    error, kind = data.get("error"), data.get("error_type")
    return (kind if isinstance(kind, str) else "", error if isinstance(error, str) else "")


def run_log(data: Json, steps: int = 0) -> RunLog:
    """Return the log in a status answer, with how far the training is.

    `steps` that it was asked for tell its bar from those of loading and downloading.
    """
    entries = [item for item in list_in(data.get("logs")) if isinstance(item, dict)]
    lines = tuple(
        LogLine(
            text=text(item.get("message")), level=_level(item), at=moment(item.get("timestamp"))
        )
        for item in entries
    )
    texts = [line.text for line in lines]
    step, total = log_text.progress(texts, steps or None)
    return RunLog(lines, log_text.losses(texts, total), step, total)


def _level(item: Json) -> str:
    level = str(item.get("level") or object_in(item.get("labels")).get("level") or "").lower()
    return level if level in {"warning", "error"} else "info"
