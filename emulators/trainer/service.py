"""The trainer, as the fault layer has to know it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from starlette.datastructures import Headers
from starlette.responses import Response

from emulators.faults.ledger import Entry
from emulators.faults.service import Json, ResponseFault, Service
from emulators.trainer import response_faults as faults
from trainer.errors import ApiError
from trainer.middleware import holds_key
from trainer.state import State

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
OTHER = "other"  # reached by `*` only
CREATIONS, GENERATIONS = "creations", "generations"


class TrainerService(Service):
    """See `Service`."""

    labels = {"X-Trainer-Faults": "on"}
    routes = frozenset(name for name, _, _ in _PATTERNS)
    paid_routes = {"create": CREATIONS, "generate": GENERATIONS}

    def __init__(self, parts: State) -> None:
        self._parts = parts
        stale_list = partial(faults.stale_list, parts.runs)
        self.response_faults = {
            "unknown_status": ResponseFault(
                {"create", "list", "get", "cancel"}, faults.unknown_status
            ),
            "backwards": ResponseFault({"list", "get", "events"}, faults.backwards),
            "incomplete_list": ResponseFault({"list"}, faults.incomplete_list),
            "silently_incomplete_list": ResponseFault({"list"}, faults.silently_incomplete_list),
            "empty_list": ResponseFault({"list"}, faults.empty_list),
            "list_without_tokens": ResponseFault({"list"}, faults.list_without_tokens),
            "stale_list": ResponseFault({"list"}, stale_list),
        }

    def route_of(self, method: str, path: str) -> str | None:
        """Return the route of a request; None for requests that never fail."""
        for name, wanted, pattern in _PATTERNS:
            if method == wanted and pattern.fullmatch(path):
                return name
        return OTHER if path.startswith("/v1/") else None

    def admits(self, headers: Headers) -> bool:
        """Return whether a request has one of the trainer's keys."""
        return holds_key(headers, self._parts.config.api_keys)

    def refusal(self, status: int, message: str) -> Response:
        """Return Together's error body."""
        if status == 429:
            error = ApiError(429, message, code="rate_limit", kind="rate_limit_error")
        else:
            error = ApiError(status, message, kind="server_error")
        return error.response()

    def entry(self, route: str, data: Json) -> Entry:
        """Return what an answer says was started; a run goes by its suffix, if it has one."""
        token = data.get("suffix") or data["correlation"]
        return Entry(self.paid_routes[route], token, data["id"])

    def existing(self) -> Iterator[Entry]:
        """Return every run and every kept call."""
        for run in self._parts.runs.all():
            token = run.request.suffix or run.correlation
            yield Entry(CREATIONS, token, run.id)
        for call in self._parts.images.all():
            yield Entry(GENERATIONS, call.correlation, call.id)
