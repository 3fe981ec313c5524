"""ETags: a read that nothing has changed costs no body, and a write says what it has seen."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import parse_etags
from ninja import Schema

from api.problems import ProblemError


def tagged(request: HttpRequest, response: HttpResponse) -> HttpResponseBase:
    """Return a JSON answer with its ETag, or 304 where the program has it."""
    etag = _etag(json.loads(response.content))
    response["ETag"] = etag
    if request.method not in {"GET", "HEAD"}:
        return response
    return get_conditional_response(request, etag=etag, response=response) or response


def require_match(request: HttpRequest, current: Schema) -> None:
    """Raise ProblemError where If-Match names another state than `current`, which is locked.

    Without the header nothing is asked for.
    """
    wanted = request.headers.get("If-Match")
    if wanted is None or wanted.strip() == "*":
        return
    now = _etag(current.model_dump(by_alias=True, mode="json"))
    if now not in {_as_we_gave_it(tag) for tag in parse_etags(wanted)}:
        raise ProblemError("precondition_failed")


def _as_we_gave_it(etag: str) -> str:
    """Return an ETag without what a proxy that compresses has made of it: nginx makes it weak,
    Apache adds a word. It is a hash of what the body says, so that changes nothing."""
    return re.sub(r"[-;]gzip\"$", '"', etag.removeprefix("W/"))


def _etag(body: Any) -> str:
    text = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'
