"""Refusals and failures, in fal's two shapes.

{"detail": [{"loc", "msg", "type", "url", "input"}, …]}     of a model, for its input
{"detail": "…", "error_type": "…"}                          of the queue, for the request
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

Json = dict[str, Any]

# HTTP status by `error_type`. Source: fal-client and the error pages, 2026-11.
REQUEST_ERRORS = {
    "request_timeout": 504,
    "startup_timeout": 504,
    "runner_scheduling_failure": 503,
    "runner_connection_timeout": 503,
    "runner_disconnected": 503,
    "runner_connection_refused": 503,
    "runner_connection_error": 503,
    "runner_incomplete_response": 502,
    "runner_server_error": 500,
    "client_disconnected": 499,
    "client_cancelled": 499,
    "bad_request": 400,
    "internal_error": 500,
    "concurrent_requests_limit": 429,
}
LOCKED_BY_ADMIN = "User is locked. Reason: Admin lock. Please contact support@fal.ai"
LOCKED = (
    "User is locked. Reason: Exhausted balance. Top up your balance at fal.ai/dashboard/billing."
)


@dataclass(eq=False)
class FalError(Exception):
    """A request that is answered with `status` and a `detail` of either shape."""

    status: int
    detail: str | list[Json]
    error_type: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return str(self.detail)

    @property
    def body(self) -> Json:
        """What the client reads."""
        body: Json = {"detail": self.detail}
        return body | ({"error_type": self.error_type} if self.error_type else {})

    def response(self) -> JSONResponse:
        """Return the answer that tells the client."""
        headers = error_headers(self.error_type) | self.headers
        return JSONResponse(self.body, self.status, headers=headers)


def error_headers(error_type: str) -> dict[str, str]:
    """Return the header that repeats an `error_type`; nothing without one."""
    return {"X-Fal-Error-Type": error_type} if error_type else {}


def request_error(error_type: str, detail: str) -> FalError:
    """Return the queue's own refusal or failure."""
    return FalError(REQUEST_ERRORS.get(error_type, 500), detail, error_type)


def invalid(findings: list[Json]) -> FalError:
    """Return the 422 for an input that a model does not accept."""
    return FalError(422, findings)


def not_found(what: str) -> FalError:
    """Return the 404 for something that is not here."""
    return FalError(404, f"{what} not found")


async def answer_refusal(request: Request, error: Exception) -> Response:
    """Starlette's handler for FalError, and for its own 404 and 405."""
    if isinstance(error, HTTPException):
        error = FalError(error.status_code, error.detail)
    assert isinstance(error, FalError)  # noqa: S101 - registered for these two only
    return error.response()
