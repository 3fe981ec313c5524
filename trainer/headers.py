"""The two headers of ours, beside those that Together documents."""

from __future__ import annotations

import time

from starlette.requests import Request

from trainer.errors import ApiError, invalid

CORRELATION_HEADER = "X-Correlation-Id"
MAX_CORRELATION_LENGTH = 64
NOT_AFTER_HEADER = "X-Not-After"


def require_in_time(request: Request) -> None:
    """Refuse a call that its client has given up on: frozen on the way, it came too late.

    The header holds unix seconds. Refused as documented for "not accepted, try later", so that
    the client knows nothing was started.
    """
    try:
        not_after = float(request.headers.get(NOT_AFTER_HEADER, "inf"))
    except ValueError:
        raise invalid(f"{NOT_AFTER_HEADER} must be unix seconds.") from None
    if time.time() > not_after:
        raise ApiError(
            503, f"Overloaded: arrived after its {NOT_AFTER_HEADER}.", kind="service_unavailable"
        )


def correlation(request: Request) -> str:
    """Return the client's own token for a call, empty where it sent none."""
    token = request.headers.get(CORRELATION_HEADER, "").strip()
    if len(token) > MAX_CORRELATION_LENGTH:
        raise invalid(f"{CORRELATION_HEADER} must be at most {MAX_CORRELATION_LENGTH} characters.")
    return token
