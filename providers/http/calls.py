"""From a provider's HTTP answer to our error tree. Pure: nothing here sends anything."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from html import unescape
from typing import Any

from providers.errors import (
    AuthenticationFailedError,
    OutcomeUnknownError,
    OutOfCreditError,
    ProviderError,
    ProviderUnavailableError,
    RateLimitedError,
    RequestRejectedError,
    RunNotFoundError,
    UnexpectedReplyError,
)
from providers.redaction import sanitised

CONFLICT = 409
REQUEST_TIMEOUT = 408
ENGINE_HEADER = "X-Trainer-Engine"
TOO_MANY = 429
_TITLE_WITHIN = 4096
_WAIT = re.compile(r"\b(?:resets?|retry|try again|available)\b[^.]{0,20} in ~?(\d{1,6})\s?s", re.I)
MAX_RETRY_AFTER = 3600.0  # seconds; a header may not silence a provider for longer


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP call, as a provider's pure builders describe it."""

    method: str
    path: str  # below the base URL, already quoted
    payload: Mapping[str, Any] | None = None
    params: Mapping[str, str] = field(default_factory=dict)
    is_about_run: bool = False  # a 404 then means that the run is not there
    headers: Mapping[str, str] = field(default_factory=dict)
    origin: str = ""  # of a service that keeps its API on several hosts; "" for the base URL
    may_be_empty: bool = False  # an answer without a body is one, too


@dataclass(frozen=True, slots=True)
class Reply:
    """A complete HTTP answer. `data` is its JSON object, None where it is none."""

    status_code: int
    headers: Mapping[str, str]
    text: str
    data: dict[str, Any] | None

    @property
    def is_from_between(self) -> bool:
        """Whether a refusal is the page of a proxy in between: services answer in JSON."""
        content_type = self.headers.get("Content-Type", "").lower()
        is_page = self.data is None and bool(self.text.strip()) and "json" not in content_type
        return is_page and not self.is_success

    @property
    def is_success(self) -> bool:
        return 200 <= self.status_code < 300


def reply_from(status_code: int, headers: Mapping[str, str], body: bytes) -> Reply:
    """Return the `Reply` for a body read to its end; never raises."""
    text = body.decode("utf-8", "replace")
    try:
        data = _storable(json.loads(text))
    except (ValueError, RecursionError):
        data = None
    return Reply(status_code, headers, text, data if isinstance(data, dict) else None)


def _storable(value: Any) -> Any:
    """Return JSON in which every text is fit for any database: cleaned here, at the door."""
    match value:
        case str():
            return sanitised(value)
        case dict():
            return {sanitised(name): _storable(inner) for name, inner in value.items()}
        case list():
            return [_storable(inner) for inner in value]
    return value


def detail_of(reply: Reply) -> str:
    """Return the provider's explanation of a refusal, or its raw text."""
    data = reply.data or {}
    error = data.get("error")
    candidates = [error.get("message") if isinstance(error, dict) else error]
    candidates += [data.get("message"), data.get("detail"), _field_errors(data.get("detail"))]
    for text in candidates:
        if isinstance(text, str) and text:
            return text
    if reply.is_from_between:
        return f"HTTP {reply.status_code} from a server in between: {_page_text(reply.text)}"
    return reply.text


def _field_errors(detail: object) -> str:
    """Return "steps: must be …; …" of a list of errors by field, as pydantic's services answer."""
    found = []
    for item in detail if isinstance(detail, list) else []:
        if isinstance(item, dict) and isinstance(item.get("msg"), str):
            where = [str(part) for part in item.get("loc") or () if part != "body"]
            found.append(": ".join([*where, item["msg"]]))
    return "; ".join(found)


def _page_text(page: str) -> str:
    """Return the title of an HTML page, or a text as it is, in one line."""
    title = re.search(r"<title[^>]*>(.*?)</title>", page[:_TITLE_WITHIN], re.I | re.S)
    text = title[1] if title else re.sub(r"<[^>]*>", " ", page[:_TITLE_WITHIN])
    return " ".join(unescape(text).split()) or "(nothing)"


def engine_of(reply: Reply) -> str:
    """Return the engine that a trainer of ours, or a stand-in for a hosted one, names; "" else."""
    return reply.headers.get(ENGINE_HEADER, "")


def retry_after(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Return how many seconds the provider asks us to wait, None where it does not say.

    Retry-After is seconds or a date (RFC 9110, 10.2.3); some send a suggested wait in seconds
    as `x-ratelimit-reset`.
    """
    value = (headers.get("Retry-After") or headers.get("x-ratelimit-reset") or "").strip()
    try:
        seconds = float(value)
    except ValueError:
        seconds = _seconds_until(value, now or datetime.now(UTC))
    return min(max(seconds, 0.0), MAX_RETRY_AFTER) if math.isfinite(seconds) else None


def wait_asked_for(reply: Reply) -> float | None:
    """Return how many seconds a refusal asks us to wait, None where it does not say.

    Some say it only in a sentence: "Your rate limit resets in ~30s" (replicate.com).
    """
    waited = retry_after(reply.headers)
    if waited is None and reply.status_code == TOO_MANY:
        found = _WAIT.search(detail_of(reply)[:_TITLE_WITHIN])
        waited = min(float(found[1]), MAX_RETRY_AFTER) if found else None
    return waited


def _seconds_until(http_date: str, now: datetime) -> float:
    try:
        return (parsedate_to_datetime(http_date).astimezone(UTC) - now).total_seconds()
    except (ValueError, OverflowError):
        return math.nan


def error_class(status_code: int, *, is_paid: bool, is_about_run: bool) -> type[ProviderError]:
    """Return which error an unsuccessful status means.

    A paid call is refused only where the status says so. A redirect, 408 or any 5xx may
    come from a gateway after the provider has accepted, so its outcome is unknown. A conflict
    may be with the run that an earlier sending of the same call started.
    """
    if status_code == TOO_MANY:
        return RateLimitedError
    if status_code == CONFLICT and is_paid:
        return OutcomeUnknownError
    if status_code < 400 or status_code == REQUEST_TIMEOUT or status_code >= 500:
        if is_paid:
            return OutcomeUnknownError
        return UnexpectedReplyError if status_code < 400 else ProviderUnavailableError
    if status_code in (401, 403):
        return AuthenticationFailedError
    if status_code == 402:
        return OutOfCreditError
    return RunNotFoundError if status_code == 404 and is_about_run else RequestRejectedError
