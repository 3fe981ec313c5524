"""Who calls: a person in a browser, with its session, or a program, with a personal token."""

from __future__ import annotations

from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja.utils import check_csrf

from accounts import program_calls, request_counts
from accounts.limit_texts import reached_text
from accounts.models import User
from accounts.tokens import ApiToken, authenticate, is_in, sent_in
from api.problems import ProblemError

READS = frozenset({"GET", "HEAD"})


class Access:
    """Lets in who may use a call. `scope` is what a token needs; without it the method decides."""

    def __init__(self, scope: str = "") -> None:
        self.scope = scope

    def scope_for(self, method: str) -> str:
        """Return what a token needs for a call with this method."""
        return self.scope or ("read" if method in READS else "write")

    def __call__(self, request: HttpRequest) -> User | None:
        if is_in(request.headers.get("Authorization", "")):
            token = token_of(request)
            _require(token, self.scope_for(str(request.method)))
            return token.user
        if not isinstance(request.user, User):
            return None
        if request.method not in READS and check_csrf(request):
            raise ProblemError("csrf_failed")
        return request.user


SPENDS = Access("spend")


def token_of(request: HttpRequest) -> ApiToken:
    """Return the token that a program sent. Raises ProblemError where it is none that counts."""
    raw = sent_in(request.headers.get("Authorization", ""))
    address = request.META.get("REMOTE_ADDR", "")
    token = authenticate(raw, address=address)
    if token is None:
        raise _unknown(address)
    _count_call(request, token.user)
    request.api_token = token  # type: ignore[attr-defined]
    return token


def _unknown(address: str) -> ProblemError:
    if program_calls.are_too_many_refused(address):
        text = _("Too many tokens that are not known came from your network. Wait a minute.")
        return ProblemError("too_many_requests", text, headers=_later())
    text = _("This token is not known, has ended or was revoked.")
    return ProblemError("unauthorized", text, headers={"WWW-Authenticate": "Bearer"})


def _count_call(request: HttpRequest, person: User) -> None:
    """Count it for all programs of the person, and have the nearest limit told."""
    allowance = program_calls.count_call(person)
    if allowance is None:
        return
    if allowance.used > allowance.allowed:
        raise ProblemError("limit_reached", reached_text(allowance), headers=_later())
    of_token = getattr(request, "allowance", None)
    if of_token is None or allowance.left < of_token.left:
        request.allowance = allowance  # type: ignore[attr-defined]


def _later() -> dict[str, str]:
    return {"Retry-After": str(request_counts.seconds_left())}


def person_of(request: HttpRequest) -> User:
    """Return whose call it is."""
    person: User = request.auth  # type: ignore[attr-defined]  # what `Access` returned
    return person


def token_in(request: HttpRequest) -> ApiToken | None:
    """Return the token that the call was let in with; None for a browser's session."""
    return getattr(request, "api_token", None)


def require_scope(request: HttpRequest, scope: str) -> None:
    """Raise ProblemError where the call came with a token that may not do this."""
    if (token := token_in(request)) is not None:
        _require(token, scope)


def id_from_key(request: HttpRequest, key: str, what: str) -> UUID:
    """Return the id of what a call with this Idempotency-Key makes: the same for each repetition,
    of this person only."""
    return uuid5(NAMESPACE_URL, f"theway:{person_of(request).pk}:{what}:{key}")


def _require(token: Any, scope: str) -> None:
    if not token.allows(scope):
        text = _("This needs a token with “%(scope)s”; this one has “%(has)s”.")
        raise ProblemError("scope_missing", text % {"scope": scope, "has": token.scope})
