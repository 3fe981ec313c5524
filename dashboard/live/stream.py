"""`GET /dashboard/events`: the live pages' stream of server-sent events."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator

from asgiref.sync import sync_to_async
from django.contrib.auth.decorators import login_not_required
from django.db import connections
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.translation import gettext

from accounts.models import User
from dashboard.live.messages import END, KEEPALIVE
from dashboard.live.reader import Reader, reader
from dashboard.live.topics import Topic
from models_app import selectors

KEEPALIVE_SECONDS = 15.0
RETRY = b"retry: 2000\n\n"  # milliseconds until the browser reconnects


@login_not_required  # answers 401 itself: EventSource cannot follow a redirect to a page
async def events(request: HttpRequest) -> HttpResponseBase:
    """Stream the updates of `?model=<id>`, or of all the owner's cards without it.

    `Last-Event-ID` (after a reconnect) or `?after=` (first load) is the last event it knows.
    """
    if request.method != "GET":
        return HttpResponse(status=405, headers={"Allow": "GET"})
    user = await request.auser()
    if not isinstance(user, User):
        return HttpResponse(gettext("Sign in first."), status=401, content_type="text/plain")
    try:
        topic = await sync_to_async(_topic)(user, request.GET.get("model", ""))
    finally:
        # The stream may stay open for hours; the request's own connection must not.
        await sync_to_async(connections.close_all)()
    return StreamingHttpResponse(
        stream(reader, topic, _last_known(request)),
        content_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def stream(source: Reader, topic: Topic, after: int) -> AsyncIterator[bytes]:
    """Yield what was missed since event `after`, then every new message."""
    with source.subscription(topic) as subscriber:
        yield RETRY
        missed = await source.catch_up(topic, after)
        if missed is not None:
            yield missed.encode()
        while True:
            message = await subscriber.next(KEEPALIVE_SECONDS)
            if message is END:
                return
            yield KEEPALIVE if message is None else message.encode()


def _topic(user: User, model_id: str) -> Topic:
    if not model_id:
        return Topic(user.pk)
    try:
        wanted = uuid.UUID(model_id)
    except ValueError:
        wanted = uuid.UUID(int=0)  # answered like any unknown model
    return Topic(user.pk, selectors.model_for(user, wanted).pk)


def _last_known(request: HttpRequest) -> int:
    known = request.headers.get("Last-Event-ID") or request.GET.get("after", "")
    return int(known) if known.isascii() and known.isdecimal() and len(known) < 19 else 0
