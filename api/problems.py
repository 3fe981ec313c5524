"""What went wrong, as programs are told: problem details (RFC 9457), each with a stable code.

`PROBLEMS` is the one list of codes; the description of the API and the page about problems are
made from it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

CONTENT_TYPE = "application/problem+json"
ROOT = "/api/"
PAGE = f"{ROOT}docs"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of problem: its HTTP status, its title, and a sentence on what to do."""

    status: int
    title: Promise
    detail: Promise


PROBLEMS: dict[str, Kind] = {
    "malformed": Kind(
        400,
        _("The request cannot be read"),
        _("What arrived is not whole, or not what it says it is. Send it again."),
    ),
    "unauthorized": Kind(
        401,
        _("Nobody is signed in"),
        _("Send “Authorization: Bearer …” with a token from your account page."),
    ),
    "budget_reached": Kind(
        402,
        _("A budget is used up"),
        _("Nothing was started and nothing was paid for."),
    ),
    "installation_budget_reached": Kind(
        402,
        _("This installation's budget is used up"),
        _("Nothing was started and nothing was paid for. The operator can raise the budget."),
    ),
    "forbidden": Kind(403, _("This is not allowed"), _("Nothing was changed.")),
    "csrf_failed": Kind(
        403,
        _("The page's own mark is missing"),
        _("With a browser's session, send its CSRF token in the header X-CSRFToken."),
    ),
    "scope_missing": Kind(
        403,
        _("The token may not do this"),
        _("Make a token that may, on your account page."),
    ),
    "https_required": Kind(
        403, _("The API is answered over https only"), _("Use https, and make a new token.")
    ),
    "not_found": Kind(
        404, _("There is no such thing"), _("It does not exist, or it is somebody else's.")
    ),
    "method_not_allowed": Kind(
        405,
        _("This address knows other methods"),
        _("The header Allow names them."),
    ),
    "too_slow": Kind(
        408, _("That took too long"), _("The connection was too slow. Nothing was stored.")
    ),
    "conflict": Kind(409, _("This does not go together"), _("Nothing was changed.")),
    "not_editable": Kind(
        409,
        _("The model cannot be changed now"),
        _("It is being trained, or it is ready."),
    ),
    "not_startable": Kind(
        409,
        _("The training cannot start"),
        _("Each error names what is missing. Nothing was paid for."),
    ),
    "trigger_word_refused": Kind(
        409,
        _("The trigger word cannot be used"),
        _("It means something already, or another model of yours has it."),
    ),
    "not_available": Kind(
        409,
        _("The base model cannot be trained there now"),
        _("The catalog says what can be chosen. Nothing was changed."),
    ),
    "not_possible": Kind(
        409,
        _("This cannot be done in this state"),
        _("Ask for its state and decide again."),
    ),
    "request_in_progress": Kind(
        409,
        _("The same request is still under way"),
        _("Wait a moment, then send it again with the same Idempotency-Key."),
    ),
    "address_refused": Kind(
        409,
        _("Nothing is called at this address"),
        _("It has to be https, and reachable over the internet."),
    ),
    "gone": Kind(410, _("The file is gone"), _("The storage of this installation has lost it.")),
    "precondition_failed": Kind(
        412,
        _("It has changed meanwhile"),
        _("Nothing was changed. Read it again and decide anew."),
    ),
    "too_large": Kind(413, _("This is too much at once"), _("Send fewer or smaller files.")),
    "unsupported_media_type": Kind(
        415,
        _("The body has another type"),
        _("Send the type that the description of this call names."),
    ),
    "range_not_satisfiable": Kind(
        416, _("The file has no such part"), _("The header Content-Range says its size.")
    ),
    "invalid": Kind(
        422, _("Some values are wrong"), _("Each error names its field. Nothing was changed.")
    ),
    "photo_refused": Kind(409, _("The file cannot be used"), _("Nothing of it was stored.")),
    "idempotency_key_reused": Kind(
        409,
        _("The Idempotency-Key belongs to another request"),
        _("A request that is sent again keeps its key; another request gets another."),
    ),
    "limit_reached": Kind(429, _("A limit is reached"), _("Nothing was changed.")),
    "too_many_requests": Kind(
        429, _("Too many requests"), _("The header Retry-After says when to go on.")
    ),
    "internal_error": Kind(
        500,
        _("Something went wrong here"),
        _("It was written down for the operator. What was there before is safe."),
    ),
    "unavailable": Kind(
        503, _("Not possible right now"), _("Nothing was stored. Wait, then try again.")
    ),
    "no_space": Kind(
        507,
        _("The server is out of disk space"),
        _("Nothing was stored. Ask the operator to free some space."),
    ),
}
# For answers that know their status only.
_CODES = {
    400: "malformed",
    401: "unauthorized",
    402: "budget_reached",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    408: "too_slow",
    409: "conflict",
    410: "gone",
    412: "precondition_failed",
    413: "too_large",
    415: "unsupported_media_type",
    416: "range_not_satisfiable",
    422: "invalid",
    429: "too_many_requests",
    503: "unavailable",
    507: "no_space",
}


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one value. `field` is its name in the body or query; "" for the whole."""

    field: str
    code: str
    detail: str


class ProblemError(Exception):
    """Ends a call with a problem. Nothing was changed unless `detail` says so."""

    def __init__(
        self,
        code: str,
        detail: str = "",
        *,
        errors: Iterable[FieldError] = (),
        headers: Mapping[str, str] | None = None,
        **members: Any,
    ) -> None:
        super().__init__(detail or code)
        self.code, self.detail = code, detail
        self.errors, self.headers, self.members = list(errors), dict(headers or {}), members

    def response(self) -> HttpResponse:
        """Return the answer."""
        body = document(self.code, self.detail, errors=self.errors, **self.members)
        response = HttpResponse(
            json.dumps(body), status=PROBLEMS[self.code].status, content_type=CONTENT_TYPE
        )
        for name, value in self.headers.items():
            response[name] = value
        return response


def document(
    code: str, detail: str = "", *, errors: Iterable[FieldError] = (), **members: Any
) -> dict[str, Any]:
    """Return the problem as JSON: `members` are added to those of every problem."""
    kind = PROBLEMS[code]
    return {
        "type": f"{PAGE}#{code}",
        "title": str(kind.title),
        "status": kind.status,
        "detail": detail or str(kind.detail),
        "code": code,
        "errors": [{"field": one.field, "code": one.code, "detail": one.detail} for one in errors],
        **members,
    }


def code_of(status: int) -> str:
    """Return the general code of a status that no code was given for."""
    return _CODES.get(status) or ("malformed" if status < 500 else "internal_error")
