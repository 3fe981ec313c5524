"""Refusals in Replicate's error body.

    {"title": str, "detail": str, "status": int, "invalid_fields"?: [...]}

Source: replicate/replicate-python, exceptions.py (RFC 7807 without a content type of its own).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse

# What Replicate says where the caller gives no words of its own.
TITLES = {
    401: "Unauthenticated",
    402: "Insufficient credit",
    422: "Unprocessable Entity",
}
DETAILS = {
    401: "You did not pass a valid authentication token",
    402: (
        "You have insufficient credit to run this model. "
        "Go to https://replicate.com/account/billing#billing to purchase credit."
    ),
    404: "The requested resource could not be found.",
}


@dataclass(eq=False)
class Refusal(Exception):
    """A request that is answered with `status` and the body above."""

    status: int
    detail: str = ""
    title: str = ""
    invalid_fields: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        phrase = HTTPStatus(self.status).phrase
        self.title = self.title or TITLES.get(self.status, phrase)
        self.detail = self.detail or DETAILS.get(self.status, phrase)

    def response(self) -> JSONResponse:
        """Return the answer that tells the client."""
        body: dict[str, Any] = {"title": self.title, "detail": self.detail, "status": self.status}
        if self.invalid_fields:
            body["invalid_fields"] = self.invalid_fields
        return JSONResponse(body, status_code=self.status)


def not_found() -> Refusal:
    """Return the 404 for everything that is not there, or not this account's."""
    return Refusal(404)


def throttled(seconds: int) -> JSONResponse:
    """Return the 429, which has one field only."""
    detail = f"Request was throttled. Your rate limit resets in ~{seconds}s."
    return JSONResponse({"detail": detail}, status_code=429)


async def answer_refusal(request: Request, error: Exception) -> JSONResponse:
    """Starlette's handler for Refusal, and for its own 404 and 405."""
    if isinstance(error, HTTPException):
        error = Refusal(error.status_code)
    assert isinstance(error, Refusal)  # noqa: S101 - registered for these two only
    return error.response()


async def answer_crash(request: Request, error: Exception) -> JSONResponse:
    """Starlette's handler for a bug of the emulator: its log gets it all."""
    return Refusal(500, "The emulator had an internal error; its log says more.").response()
