"""Reads the bodies of requests: JSON in UTF-8, as strictly as the standard has it (RFC 8259)."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja.parser import Parser

from api.problems import ProblemError

# Deeper than any body of ours; far from where Python's own reader gives up.
MOST_DEPTH = 32


class StrictParser(Parser):
    """ninja's parser with every odd body refused with a word."""

    def parse_body(self, request: HttpRequest) -> Any:
        """Return the body's value. Raises ProblemError."""
        if request.content_type != "application/json":
            text = _("Send the body as application/json, not as “%(type)s”.")
            raise ProblemError(
                "unsupported_media_type", text % {"type": (request.content_type or "")[:100]}
            )
        try:
            text = request.body.decode("utf-8")
        except UnicodeDecodeError as error:
            raise ProblemError("malformed", _("The body is not UTF-8.")) from error
        return _value(text)


def _value(text: str) -> Any:
    if _depth(text) > MOST_DEPTH:
        raise ProblemError("malformed", _("The body is nested too deeply."))
    try:
        return json.loads(text, parse_constant=_no_constant, object_pairs_hook=_members)
    except (ValueError, RecursionError) as error:
        detail = _("The body is not JSON: %(error)s") % {"error": str(error)[:200]}
        raise ProblemError("malformed", detail) from error


def _depth(text: str) -> int:
    """Return at most how deep arrays and objects lie in each other; texts may count too."""
    deepest = depth = 0
    for character in text:
        if character in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif character in "]}":
            depth -= 1
    return deepest


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number in JSON")


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object; a name that comes twice means something else to every reader."""
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a name comes twice in one object")
    return members
