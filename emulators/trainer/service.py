"""The trainer, as the fault layer has to know it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from starlette.responses import Response

from emulators.faults.ledger import Entry
from emulators.faults.service import Json, ResponseFault, Service
from emulators.trainer import response_faults as faults
from emulators.trainer.paths import ROUTES, route_of
from trainer.errors import ApiError
from trainer.state import State

CREATIONS, GENERATIONS = "creations", "generations"


class TrainerService(Service):
    """See `Service`."""

    label = "X-Trainer-Faults"
    routes = ROUTES
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
            "stale_list": ResponseFault({"list"}, stale_list),
        }

    def route_of(self, method: str, path: str) -> str | None:
        """Return the route of a request; None for requests that never fail."""
        return route_of(method, path)

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
