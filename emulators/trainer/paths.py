"""The routes of the trainer, by the names that rules use."""

from __future__ import annotations

import re

ROUTES = (
    "create",
    "list",
    "get",
    "events",
    "metrics",
    "download",
    "upload",
    "cancel",
    "generate",
    "supported",
)
OTHER = "other"  # reached by `*` only
API = "/v1/"

_RUN = r"/v1/fine-tunes/[^/]+"
# The first that matches; both lists, of trainings and of images, are `list`.
_PATTERNS = tuple(
    (name, method, re.compile(pattern))
    for name, method, pattern in (
        ("create", "POST", r"/v1/fine-tunes"),
        ("list", "GET", r"/v1/fine-tunes|/v1/images/generations"),
        ("supported", "GET", r"/v1/fine-tunes/models/(supported|limits)"),
        ("get", "GET", _RUN),
        ("events", "GET", _RUN + "/events"),
        ("metrics", "GET", _RUN + "/metrics"),
        ("cancel", "POST", _RUN + "/cancel"),
        ("download", "GET", r"/v1/finetune/download"),
        ("upload", "POST", r"/v1/files|/v1/files/upload|/v1/files/[^/]+/preprocess"),
        ("upload", "PUT", r"/v1/uploads/[^/]+"),
        ("generate", "POST", r"/v1/images/generations"),
    )
)


def route_of(method: str, path: str) -> str | None:
    """Return the route of a request; None for requests that never fail, as the health check."""
    if not path.startswith(API):
        return None
    for name, wanted, pattern in _PATTERNS:
        if method == wanted and pattern.fullmatch(path):
            return name
    return OTHER
