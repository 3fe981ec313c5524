"""fal, as the fault layer has to know it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from starlette.datastructures import Headers
from starlette.responses import Response

from emulators.fal.accounts import key_id
from emulators.fal.behaviour import SUBJECT_FAULTS
from emulators.fal.catalog.offered import CATALOG
from emulators.fal.errors import FalError
from emulators.fal.parts import Parts
from emulators.fal.records import FalRequest
from emulators.fal.response_faults import RESPONSE_FAULTS
from emulators.faults.ledger import Entry
from emulators.faults.rules import WEBHOOK
from emulators.faults.service import Json, Service
from emulators.hosted.webhooks import WEBHOOK_FAULTS

_REQUEST = r"/[^/]+/[^/]+/requests/[^/]+"
# The first that matches. Submits come last: their path is an endpoint's id.
_PATTERNS = tuple(
    (name, method, re.compile(pattern))
    for name, method, pattern in (
        ("status", "GET", _REQUEST + r"/status"),
        ("stream", "GET", _REQUEST + r"/status/stream"),
        ("history", "GET", r"/v1/models/requests/(by-endpoint|search)"),
        ("payloads", "DELETE", r"/v1/models/requests/[^/]+/payloads"),
        ("billing", "GET", r"/v1/models/billing-events"),
        ("pricing", "GET", r"/v1/models/pricing"),
        ("pricing", "POST", r"/v1/models/pricing/estimate"),
        ("schema", "GET", r"/v1/models|/api/openapi/queue/openapi\.json"),
        ("meta", "GET", r"/v1/meta"),
        ("jwks", "GET", r"/\.well-known/jwks\.json"),
        ("cancel", "PUT", _REQUEST + r"/cancel"),
        ("result", "GET", _REQUEST),
        ("upload", "POST", r"/storage/.*|/files/.*"),
        ("upload", "PUT", r"/storage/.*|/files/.*"),
        ("download", "GET", r"/files/.*"),
    )
)
CREATE, GENERATE, DIRECT = "create", "generate", "run"
CREATIONS, GENERATIONS, DIRECT_CALLS = "creations", "generations", "direct"
_FILE = re.compile(r"/files/b/([0-9a-f]+)/")


class FalService(Service):
    """See `Service`. A training goes by its dataset's address, pictures by their input as sorted
    JSON."""

    labels = {"X-Trainer-Engine": "simulated", "X-Trainer-Faults": "on"}
    routes = frozenset({*(name for name, _, _ in _PATTERNS), CREATE, GENERATE, DIRECT, WEBHOOK})
    paid_routes = {CREATE: CREATIONS, GENERATE: GENERATIONS, DIRECT: DIRECT_CALLS}
    response_faults = RESPONSE_FAULTS
    subject_faults = SUBJECT_FAULTS
    webhook_faults = WEBHOOK_FAULTS

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def admits(self, headers: Headers) -> bool:
        """Return whether a request has a key of fal's form."""
        return bool(key_id(headers))

    def route_of(self, method: str, path: str) -> str | None:
        """Return the route of a request; None for requests that never fail."""
        for name, wanted, pattern in _PATTERNS:
            if method == wanted and pattern.fullmatch(path):
                return name
        if method != "POST":
            return None
        if path.startswith("/run/"):
            return DIRECT
        endpoint = CATALOG.get(path.strip("/"))
        return GENERATE if endpoint and not endpoint.is_trainer else CREATE

    def refusal(self, status: int, message: str) -> Response:
        """Return fal's error body."""
        return FalError(status, message).response()

    def entry(self, route: str, data: Json) -> Entry:
        """Return what an answer says was started."""
        found = self._parts.requests.find(str(data.get("request_id") or self._maker(data)))
        if found is None:
            raise LookupError("An accepted call is not among the requests")
        return _entry(found)

    def existing(self) -> Iterator[Entry]:
        """Return every request; of direct calls those that were answered with a result."""
        for found in self._parts.requests.all():
            if not found.is_direct or found.status_code == 200:
                yield _entry(found)

    def _maker(self, data: Json) -> str:
        """Return the request that made the files of a result."""
        for file_id in _FILE.findall(json.dumps(data)):
            if document := self._parts.files.find(file_id):
                return str(document["request_id"])
        return ""


def _entry(found: FalRequest) -> Entry:
    endpoint = CATALOG[found.endpoint]
    if endpoint.is_trainer:
        kind, token = CREATIONS, str(found.values.get(endpoint.zip_field, ""))
    else:
        kind, token = GENERATIONS, json.dumps(found.input, sort_keys=True)
    return Entry(DIRECT_CALLS if found.is_direct else kind, token, found.id)
