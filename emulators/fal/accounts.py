"""Who asks: any key of fal's form is accepted, and each id is an account of its own."""

from __future__ import annotations

import re

from starlette.datastructures import Headers

from emulators.fal.behaviour import ADMIN_LOCK, API_SCOPE, NO_CREDIT, REVOKED_KEY
from emulators.fal.errors import LOCKED, LOCKED_BY_ADMIN, FalError
from emulators.faults.plan import Plan

_KEY = re.compile(r"Key ([^\s:~]+):([^\s:]+)", re.IGNORECASE)


def key_id(headers: Headers) -> str:
    """Return the id of a key of fal's form, `Authorization: Key id:secret`; empty without one."""
    found = _KEY.fullmatch(headers.get("authorization", "").strip())
    return found[1] if found else ""


class Accounts:
    """Lets people in, as the rules of the moment say."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan

    def of(self, headers: Headers) -> str:
        """Return the account of a request; raise a 401 for a bad key."""
        account = key_id(headers)
        if not account or self._plan.befalls(REVOKED_KEY, account):
            raise FalError(401, "Authentication is required to access this application.")
        return account

    def administrator(self, headers: Headers) -> str:
        """Return the account of an ADMIN key; raise a 403 for one of the API scope."""
        account = self.of(headers)
        if self._plan.befalls(API_SCOPE, account):
            raise FalError(403, "This API key does not have the ADMIN scope.")
        return account

    def customer(self, headers: Headers) -> str:
        """Return an account that can pay; raise the 403 of an empty balance or a lock."""
        account = self.of(headers)
        if self._plan.befalls(NO_CREDIT, account):
            raise FalError(403, LOCKED)
        if self._plan.befalls(ADMIN_LOCK, account):
            raise FalError(403, LOCKED_BY_ADMIN)
        return account
