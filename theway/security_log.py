"""A log of its own for what concerns safety: who signed in, who failed to, what was refused.

Accounts are named by their id, never by their address. A line goes to `var/log/security.log`,
where it is kept apart from everything else.
"""

from __future__ import annotations

import logging
from typing import Any

from allauth.account.signals import password_changed, password_reset, user_signed_up
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import Signal
from django.http import HttpRequest

from accounts.limits import limits_changed
from accounts.models import User

log = logging.getLogger("theway.security")

EVENTS: dict[Signal, str] = {
    user_logged_in: "signed in",
    user_logged_out: "signed out",
    user_login_failed: "sign-in failed",
    user_signed_up: "signed up",
    password_changed: "password changed",
    password_reset: "password reset",
}


def listen() -> None:
    """Write a line for each of EVENTS from now on."""
    for signal, event in EVENTS.items():
        signal.connect(_writer(event), weak=False, dispatch_uid=f"security-log-{event}")
    limits_changed.connect(_write_limits, dispatch_uid="security-log-limits")


def _writer(event: str) -> Any:
    def write(sender: object, request: HttpRequest | None = None, **about: Any) -> None:
        user = about.get("user")
        log.info("%s account=%s from=%s", event, getattr(user, "pk", None), _client(request))

    return write


def _write_limits(
    sender: object, user: User, request: HttpRequest, values: dict[str, Any], **_: Any
) -> None:
    """Who changed what a person may use, and to what; None is the same as everybody's."""
    changes = " ".join(f"{name}={value}" for name, value in sorted(values.items()))
    by, client = request.user.pk, _client(request)
    log.info("limits changed account=%s by=%s from=%s %s", user.pk, by, client, changes)


def _client(request: HttpRequest | None) -> str:
    return request.META.get("REMOTE_ADDR", "") if request is not None else ""
