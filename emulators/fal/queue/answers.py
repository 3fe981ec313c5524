"""What the queue says of a request."""

from __future__ import annotations

from starlette.responses import JSONResponse, Response

from emulators.fal.errors import FalError, error_headers, not_found
from emulators.fal.parts import Parts
from emulators.fal.records import COMPLETED, IN_QUEUE, FalRequest
from emulators.fal.work.logs import logs
from emulators.faults.rules import STUCK
from emulators.hosted.records import Json

RETENTION = 30 * 86_400.0  # seconds that payloads are kept
UNSTORED_RETENTION = 3600.0  # where the submit said X-Fal-Store-IO: 0


def id_header(request: FalRequest) -> dict[str, str]:
    """Return the header that names a request."""
    return {"X-Fal-Request-Id": request.id}


def status(parts: Parts, request: FalRequest, *, with_logs: bool) -> Json:
    """Return the body of a status, and of an accepted submit."""
    answer: Json = {
        "status": request.state,
        "request_id": request.id,
        "response_url": request.url,
        "status_url": f"{request.url}/status",
        "cancel_url": f"{request.url}/cancel",
    }
    if request.state == IN_QUEUE:
        return answer | {"queue_position": parts.runner.position(request)}
    entries = logs(request, _moment(parts, request)) if with_logs else None
    answer |= {"logs": entries, "metrics": {}}
    if request.state == COMPLETED and request.started_at:
        answer["metrics"] = {"inference_time": round(request.ended_at - request.started_at, 3)}
    if request.error_type:
        answer |= {"error": request.error, "error_type": request.error_type}
    return answer


def _moment(parts: Parts, request: FalRequest) -> float:
    """Return the moment that the log goes to: that of a run that is stuck stands still."""
    halfway = request.started_at + request.seconds / 2
    is_stuck = parts.plan.befalls(STUCK, request.subject)
    return min(parts.clock.now(), halfway) if is_stuck else parts.clock.now()


def result(parts: Parts, request: FalRequest) -> Response:
    """Return the result with the model's own HTTP status; raise a 400 before the end and a 404
    when it is no longer kept."""
    if request.state != COMPLETED:
        raise FalError(400, "Request is still in progress", headers=id_header(request))
    kept = RETENTION if request.stores_io else UNSTORED_RETENTION
    if request.is_purged or parts.clock.now() > request.ended_at + kept:
        raise not_found("The result of this request")
    return JSONResponse(request.output, request.status_code, headers=_headers(request))


def _headers(request: FalRequest) -> dict[str, str]:
    headers = id_header(request) | error_headers(request.error_type)
    if request.error_type == "request_timeout":
        headers["X-Fal-Request-Timeout-Type"] = "user"
    if request.status_code == 200:
        return headers | {"x-fal-billable-units": f"{request.units:g}"}
    return headers | {"X-Fal-Retryable": "true" if request.status_code >= 500 else "false"}
