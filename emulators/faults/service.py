"""What the fault layer has to know about the service it wraps."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any, Protocol

from starlette.datastructures import Headers
from starlette.responses import Response

from emulators.faults.ledger import Entry
from emulators.faults.rules import STUCK, Rule

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ResponseFault:
    """A wrong answer: how the right one is changed, and on which routes that is possible."""

    routes: Collection[str]
    change: Callable[[Json, Rule, Random], Awaitable[None]]


class Service(Protocol):
    """One wrapped service."""

    # Headers of every answer, so that nobody mistakes it for the real service.
    labels: Mapping[str, str]
    routes: Collection[str]  # names for rules
    paid_routes: Mapping[str, str]  # routes that start something, and their kind in the ledger
    response_faults: Mapping[str, ResponseFault]
    # What happens to a run or a trainer and not to a request: the service asks `Plan.befalls`.
    subject_faults: Collection[str] = (STUCK,)
    # What happens to what the service itself sends, on its route `webhook`.
    webhook_faults: Collection[str] = ()

    def admits(self, headers: Headers) -> bool:
        """Return whether a request with these headers may see and change what fails."""

    def route_of(self, method: str, path: str) -> str | None:
        """Return the route of a request; None for requests that never fail."""

    def refusal(self, status: int, message: str) -> Response:
        """Return the service's own error answer."""

    def throttled(self, retry_after: int | None) -> Response:
        """Return the service's own 429, with `Retry-After` where seconds are given."""
        response = self.refusal(429, "Too many requests (injected fault).")
        if retry_after is not None:
            response.headers["Retry-After"] = str(retry_after)
        return response

    def entry(self, route: str, data: Json) -> Entry:
        """Return what an answer of a paid route says was started."""

    def existing(self) -> Iterable[Entry]:
        """Return everything that was started and is still there, once the service is up."""
