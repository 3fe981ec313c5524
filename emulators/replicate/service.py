"""Replicate, as the fault layer has to know it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import partial

from starlette.datastructures import Headers
from starlette.responses import Response

from emulators.faults.ledger import Entry
from emulators.faults.rules import STUCK, WEBHOOK
from emulators.faults.service import Json, ResponseFault, Service
from emulators.hosted.webhooks import WEBHOOK_FAULTS
from emulators.replicate import response_faults as faults
from emulators.replicate.archives import HOSTILE
from emulators.replicate.errors import Refusal, throttled
from emulators.replicate.keys import holds_key
from emulators.replicate.models import CHANGED, GONE, PUBLISHED
from emulators.replicate.runner import ABORTED, FATES
from emulators.replicate.state import State

_MODEL = r"/v1/models/[^/]+/[^/]+"
# The first that matches.
_PATTERNS = tuple(
    (name, method, re.compile(pattern))
    for name, method, pattern in (
        ("create", "POST", _MODEL + r"/versions/[^/]+/trainings"),
        ("list", "GET", r"/v1/trainings"),
        ("get", "GET", r"/v1/trainings/[^/]+"),
        ("cancel", "POST", r"/v1/trainings/[^/]+/cancel"),
        ("generate", "POST", rf"/v1/predictions|{_MODEL}/predictions"),
        ("list_predictions", "GET", r"/v1/predictions"),
        ("get_prediction", "GET", r"/v1/predictions/[^/]+"),
        ("cancel_prediction", "POST", r"/v1/predictions/[^/]+/cancel"),
        ("account", "GET", r"/v1/account|/v1/hardware"),
        ("model", "GET", _MODEL + r"(/versions(/[^/]+)?)?"),
        ("destination", "POST", r"/v1/models"),
        ("delete", "DELETE", rf"{_MODEL}(/versions/[^/]+)?|/v1/files/[^/]+"),
        ("upload", "POST", r"/v1/files"),
        ("file", "GET", r"/v1/files(/[^/]+)?"),
        ("secret", "GET", r"/v1/webhooks/default/secret"),
        ("download", "GET", r"/delivery/.+"),
    )
)
OTHER = "other"  # reached by `*` only
CREATIONS, GENERATIONS = "creations", "generations"
LISTS = frozenset({"list", "list_predictions"})
RUNS = frozenset({"create", "get", "cancel", "generate", "get_prediction", "cancel_prediction"})
DEFAULT_RETRY = 1  # seconds, in the words of a 429 whose rule gives none


class ReplicateService(Service):
    """See `Service`."""

    labels = {"X-Trainer-Engine": "simulated", "X-Trainer-Faults": "on"}
    routes = frozenset({WEBHOOK, *(name for name, _, _ in _PATTERNS)})
    paid_routes = {"create": CREATIONS, "generate": GENERATIONS}
    subject_faults = frozenset({STUCK, ABORTED, GONE, CHANGED, HOSTILE, *FATES})
    webhook_faults = frozenset(WEBHOOK_FAULTS)

    def __init__(self, parts: State) -> None:
        self._parts = parts
        stale_list = partial(faults.stale_list, parts.clock)
        self.response_faults = {
            "unknown_status": ResponseFault(LISTS | RUNS, faults.unknown_status),
            "backwards": ResponseFault(RUNS, faults.backwards),
            "incomplete_list": ResponseFault(LISTS, faults.incomplete_list),
            "silently_incomplete_list": ResponseFault(LISTS, faults.silently_incomplete_list),
            "first_page_only": ResponseFault(LISTS, faults.first_page_only),
            "empty_list": ResponseFault(LISTS, faults.empty_list),
            "list_without_inputs": ResponseFault(LISTS, faults.list_without_inputs),
            "stale_list": ResponseFault(LISTS, stale_list),
        }

    def route_of(self, method: str, path: str) -> str | None:
        """Return the route of a request; None for requests that never fail."""
        for name, wanted, pattern in _PATTERNS:
            if method == wanted and pattern.fullmatch(path):
                return name
        return OTHER if path.startswith("/v1/") else None

    def admits(self, headers: Headers) -> bool:
        """Return whether a request has a key of Replicate's form."""
        return holds_key(headers)

    def refusal(self, status: int, message: str) -> Response:
        """Return Replicate's error body, in its own words where they are known."""
        if status == 429:
            return throttled(DEFAULT_RETRY)
        return Refusal(status, "" if status < 500 else message).response()

    def throttled(self, retry_after: int | None) -> Response:
        """Return the 429, which always tells the seconds in words."""
        if retry_after is None:
            return throttled(DEFAULT_RETRY)
        response = throttled(retry_after)
        response.headers["Retry-After"] = str(retry_after)
        return response

    def entry(self, route: str, data: Json) -> Entry:
        """Return what an answer says was started.

        A training goes by the address of its dataset, a prediction by its input as sorted JSON.
        """
        if route == "create":
            return Entry(CREATIONS, _dataset(data["model"], data["input"]), data["id"])
        return Entry(GENERATIONS, json.dumps(data["input"], sort_keys=True), data["id"])

    def existing(self) -> Iterator[Entry]:
        """Return every run."""
        for run in self._parts.trainings:
            yield Entry(CREATIONS, _dataset(run.model, run.input), run.id)
        for run in self._parts.predictions:
            yield Entry(GENERATIONS, json.dumps(run.input, sort_keys=True), run.id)


def _dataset(model: str, values: Json) -> str:
    name = PUBLISHED[model].dataset
    return str(values.get(name) or values.get(f"{name}_url") or "")
