"""Who may send how much to which address: the one place where that is decided.

Everybody may send a form. A photo may be sent by a person who is signed in, to a draft of theirs,
by a program with a token of theirs, and by a phone with the draft's link; whatever nobody in
particular sends stays in memory and small.
A provider's report may be larger, at an address that we have signed.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth import get_user
from django.db import DatabaseError, connections
from django.http import HttpRequest, parse_cookie
from django.urls import Resolver404, resolve

from accounts import limits, tokens
from accounts.allowances import Limit
from accounts.limits import LimitReachedError
from accounts.models import User
from jobs import webhook_links, webhook_log
from jobs.webhook_log import Outcome
from models_app import phone_links
from models_app.selectors import models_of
from models_app.texts import is_storable
from theway.bodies.asgi import Scope, header

logger = logging.getLogger(__name__)

_MEBIBYTE = 1024 * 1024
# Views that take files, and with which method; the parts of a file are kept as far as they come.
UPLOAD_VIEWS = {
    "dashboard:photo_upload": "POST",
    "dashboard:photo_part": "PATCH",
    "dashboard:phone_upload": "POST",
    "dashboard:phone_part": "PATCH",
}
# Where programs send files. Whose model it is, or will be, stands in what they send.
PROGRAM_UPLOADS = frozenset({"/api/models/training-images", "/api/train-model"})
# How a refusal of a provider's report is counted, by its status.
_OUTCOMES = {413: Outcome.TOO_LARGE, 408: Outcome.TOO_SLOW, 503: Outcome.NO_ROOM}


@dataclass(frozen=True, slots=True)
class Rule:
    """The limits of one request's body.

    In every `window_seconds` at least `window_bytes` must arrive, and everything within `seconds`.
    `sender` is the account that may upload here; `is_upload` says that one must be signed in for
    more than `max_bytes`, `is_link_over` that the phone's link has ended; `reached` is why that
    account may upload nothing at the moment; `keeps_start` says that what has arrived of a body
    that is cut is of use; `on_refusal` is told the status of a refusal.
    """

    max_bytes: int
    seconds: float
    window_seconds: float
    window_bytes: int
    sender: Any = None
    is_upload: bool = False
    is_link_over: bool = False
    reached: LimitReachedError | None = None
    keeps_start: bool = False
    on_refusal: Callable[[int], Awaitable[None]] | None = None


@dataclass(frozen=True, slots=True)
class Sender:
    """Who uploads, and why they may not at the moment."""

    id: Any
    reached: LimitReachedError | None


def ordinary(*, is_upload: bool = False) -> Rule:
    """Return the rule for forms, and for everybody who is not known."""
    return Rule(_MEBIBYTE, 30, 10, 1024, is_upload=is_upload)


def upload(sender: Sender, *, is_part: bool = False) -> Rule:
    """Return the rule for photos. A phone in a tunnel may send nothing for a while.

    What is announced in parts was asked for room when it began, and counts since.
    """
    return Rule(
        settings.MAX_REQUEST_BYTES,
        1800,
        30,
        30 * 1024,
        sender.id,
        is_upload=True,
        reached=None if is_part else sender.reached,
        keeps_start=is_part,
    )


def report(provider: str, scope: Scope) -> Rule:
    """Return the rule for what a provider reports, or somebody who knows where it does."""
    query = parse_qs(scope.get("query_string", b"").decode("latin1"))
    token = query.get(webhook_links.PARAMETER, [""])[-1]
    is_ours = bool(webhook_links.correlation_of(token))
    most = webhook_links.MOST_BYTES if is_ours else _MEBIBYTE
    return Rule(most, 60, 10, 1024, on_refusal=_counted(provider, scope))


def _counted(provider: str, scope: Scope) -> Callable[[int], Awaitable[None]]:
    """Return what counts a refused report and writes it to the security log."""
    client, length = (scope.get("client") or ("",))[0], header(scope, b"content-length")
    size = int(length[:18]) if length.isdigit() else 0

    def count(status: int) -> None:
        try:
            if not webhook_log.are_too_many(client):
                webhook_log.refused(provider, _OUTCOMES[status], client=client, size=size)
        except DatabaseError as error:
            logger.warning("a refused report is not counted: %s", type(error).__name__)
        finally:
            connections.close_all()

    return sync_to_async(count, thread_sensitive=False)


async def rule_for(scope: Scope) -> Rule:
    """Return the rule for the request of `scope`, before anything of its body is read."""
    if provider := webhook_links.provider_at(scope["path"]):
        return report(provider, scope)
    upload_to, is_part = _upload_to(scope), scope["method"] == "PATCH"
    if upload_to is None:
        return ordinary()
    if "token" in upload_to:
        return await _of_phone(upload_to["token"], is_part=is_part)
    model_id = upload_to.get("model_id")
    # Not on the thread that all of the process shares: a slow database delays this request only.
    sender = await sync_to_async(_sender, thread_sensitive=False)(scope, model_id)
    return upload(sender, is_part=is_part) if sender else ordinary(is_upload=True)


def _upload_to(scope: Scope) -> dict[str, Any] | None:
    """Return what the address says that a file is sent to, None for every other request."""
    method = scope["method"]
    if scope["path"] in PROGRAM_UPLOADS:
        return {} if method == "POST" else None
    if method not in UPLOAD_VIEWS.values():
        return None
    try:
        match = resolve(scope["path"])
    except Resolver404:
        return None
    return match.kwargs if UPLOAD_VIEWS.get(match.view_name) == method else None


async def _of_phone(token: str, *, is_part: bool) -> Rule:
    """Return the rule for what a phone sends: as its draft's owner may, while its link is open.

    The owner's limits are not told to whoever holds it.
    """
    sender = await sync_to_async(_owner_of_link, thread_sensitive=False)(token)
    return upload(sender, is_part=is_part) if sender else replace(ordinary(), is_link_over=True)


def _owner_of_link(token: str) -> Sender | None:
    try:
        link = phone_links.open_link(token) if is_storable(token) else None
        return Sender(link.model.owner_id, None) if link else None
    finally:
        connections.close_all()  # the thread is not a request's, so nobody else closes them


def _sender(scope: Scope, model_id: UUID | None) -> Sender | None:
    """Return whose request it is, None for nobody's, or where the model is not theirs."""
    try:
        user = _caller(scope) if _is_of_program(scope) else _signed_in(scope)
        if user is None or (model_id and not models_of(user).filter(pk=model_id).exists()):
            return None
        return Sender(user.pk, _reached(user))
    finally:
        connections.close_all()  # the thread is not a request's, so nobody else closes them


def _is_of_program(scope: Scope) -> bool:
    """Whether a program sends it, with a token."""
    authorization = header(scope, b"authorization").decode("latin1")
    return scope["path"] in PROGRAM_UPLOADS and tokens.is_in(authorization)


def _caller(scope: Scope) -> User | None:
    """Return whose token a program sent, where that may change something."""
    raw = tokens.sent_in(header(scope, b"authorization").decode("latin1"))
    token = tokens.authenticate(raw, address=str((scope.get("client") or ("",))[0]))
    return token.user if token and token.allows("write") else None


def _signed_in(scope: Scope) -> User | None:
    """Return the account that is signed in."""
    cookies = parse_cookie(header(scope, b"cookie").decode("latin1"))
    key = cookies.get(settings.SESSION_COOKIE_NAME)
    if not key or not is_storable(key):
        return None
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(key)
    user = get_user(request)
    return user if isinstance(user, User) else None


def _reached(user: User) -> LimitReachedError | None:
    """Return the limit that no upload of theirs can keep: then none of it reaches the disk.

    While there is room, how much a photo will take is known once it is made smaller.
    """
    for found in limits.allowances(user, (Limit.STORAGE, Limit.PHOTOS)):
        if found.is_reached:
            return LimitReachedError(found)
    return None
