"""How runs end where a rule lets them fail."""

from __future__ import annotations

from emulators.fal.catalog.checks import finding
from emulators.fal.errors import REQUEST_ERRORS, FalError, request_error
from emulators.fal.records import FalRequest


def failure(ending: str, request: FalRequest) -> FalError:
    """Return the failure that an ending of `behaviour.ENDINGS` stands for."""
    if ending in REQUEST_ERRORS:
        return request_error(ending, f"{ending.replace('_', ' ').capitalize()} (injected fault)")
    where = ("body", "prompt" if "prompt" in request.input else "body")
    status, kind, message = {
        "out_of_memory": (500, "internal_server_error", "CUDA out of memory"),
        "timed_out": (504, "generation_timeout", "The run took too long"),
        "moderated": (
            422,
            "content_policy_violation",
            "The content was flagged by a content checker",
        ),
    }[ending]
    return FalError(status, [finding(where, f"{message} (injected fault)", kind, None)])
