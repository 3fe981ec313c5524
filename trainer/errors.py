"""Refusals in Together's documented error body.

    {"error": {"message": str, "type": str, "param": str | null, "code": str | null}}

Source: togethercomputer/openapi, openapi.yaml (ErrorData), 2026-04.
"""

from __future__ import annotations

import errno
import logging
from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse

log = logging.getLogger(__name__)
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class ConfigurationError(Exception):
    """The service cannot start as it is set up. The message names what is wrong."""


@dataclass(eq=False)
class ApiError(Exception):
    """A request that is answered with `status` and the documented body."""

    status: int
    message: str
    param: str | None = None
    code: str | None = None
    kind: str = "invalid_request_error"
    retry_after: int = 0  # seconds; 0: it is not said

    def __str__(self) -> str:
        return self.message

    def response(self) -> JSONResponse:
        """Return the answer that tells the client."""
        body = {
            "message": self.message,
            "type": self.kind,
            "param": self.param,
            "code": self.code,
        }
        headers = {"Retry-After": str(self.retry_after)} if self.retry_after else None
        return JSONResponse({"error": body}, status_code=self.status, headers=headers)


def invalid(message: str, param: str | None = None) -> ApiError:
    """Return the 400 for a request that cannot be accepted as it is."""
    return ApiError(400, message, param=param, code="invalid_request")


def not_found(what: str) -> ApiError:
    """Return the 404 for something that is not here."""
    return ApiError(404, f"{what} not found.", code="not_found")


def unknown_model(name: str) -> ApiError:
    """Return the 404 that Together answers for a model it does not offer."""
    return ApiError(
        404, f"Unable to access model {name}.", param="model", code="model_not_available"
    )


async def answer_refusal(request: Request, error: Exception) -> JSONResponse:
    """Starlette's handler for ApiError, and for its own 404, 405 and form errors."""
    if isinstance(error, HTTPException):
        error = ApiError(error.status_code, error.detail, code="http_error")
    assert isinstance(error, ApiError)  # noqa: S101 - registered for these two only
    return error.response()


async def answer_full_disk(request: Request, error: Exception) -> JSONResponse:
    """Starlette's handler for OSError: a full disk is said to be one, in one line of the log.

    Raises any other.
    """
    if not isinstance(error, OSError) or error.errno not in _FULL:
        raise error
    log.error("no space is left on the disk")
    message = "The trainer's disk is full. Free some space on it, then try again."
    return ApiError(507, message, code="disk_full", kind="server_error").response()


async def answer_crash(request: Request, error: Exception) -> JSONResponse:
    """Starlette's handler for a bug: the log gets it all, the client a plain 500."""
    message = "The trainer had an internal error; its log says more."
    response = ApiError(500, message, kind="server_error").response()
    # This answer is made outside the layer that puts the labels on.
    response.headers.update(request.app.state.parts.labels)
    return response
