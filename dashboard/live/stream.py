"""`GET /dashboard/events`: the live pages' stream of server-sent events.

The view decides who may listen to what and begins the answer; `dashboard.live.asgi` continues it.
"""

from __future__ import annotations

import uuid
from collections.abc import AsyncGenerator
from dataclasses import dataclass

from asgiref.sync import sync_to_async
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.translation import gettext

from accounts import limits
from accounts.allowances import Allowance, Limit, Usage
from accounts.limit_texts import reached_text
from accounts.models import User
from dashboard.live.messages import END, KEEPALIVE
from dashboard.live.reader import Reader, Subscriber
from dashboard.live.sign_ins import SignIn
from dashboard.live.topics import Topic
from models_app import selectors

KEEPALIVE_SECONDS = 15.0
RETRY = b"retry: 2000\n\n"  # milliseconds until the browser reconnects
OPENING = "theway.live"  # the key of the Opening in a request's ASGI scope


@dataclass(slots=True)
class Opening:
    """A request for a stream: the view fills it in when it lets somebody listen."""

    reader: Reader
    subscriber: Subscriber | None = None
    after: int = 0  # the last event that the page knows
    is_begun: bool = False  # the headers of the answer are sent, its end is not
    is_left: bool = False  # the page was closed while Django still answered


@login_not_required  # answers 401 itself: EventSource cannot follow a redirect to a page
async def events(request: HttpRequest) -> HttpResponseBase:
    """Begin a stream of the updates of `?model=<id>`, or of all the owner's cards without it.

    `Last-Event-ID` (after a reconnect) or `?after=` (first load) is the last event it knows.
    """
    if request.method != "GET":
        return HttpResponse(status=405, headers={"Allow": "GET"})
    user = await request.auser()
    if not isinstance(user, User):
        return _refused(401, gettext("Sign in first."))
    topic = await sync_to_async(_topic)(user, request.GET.get("model", ""))
    opening: Opening | None = getattr(request, "scope", {}).get(OPENING)
    if opening is None:
        return _refused(503, gettext("This server sends no live updates."))
    # Nothing is awaited from here on: two requests cannot both find the last free place.
    open_pages = Usage(opening.reader.count_of(user.pk))
    most = limits.allowed(user, Limit.STREAMS)
    if most is not None and open_pages.used >= most:
        return _too_many(Allowance(Limit.STREAMS, most, open_pages))
    opening.subscriber = opening.reader.subscribe(topic, SignIn.of(request, user))
    opening.after = _last_known(request)
    return StreamingHttpResponse(
        _nothing(),
        content_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def stream(source: Reader, subscriber: Subscriber, after: int) -> AsyncGenerator[bytes]:
    """Yield what was missed since event `after`, then every new message, until the end."""
    yield RETRY
    missed = await source.catch_up(subscriber.topic, after)
    if missed is not None:
        yield missed.encode()
    while True:
        message = await subscriber.next(KEEPALIVE_SECONDS)
        if message is END:
            return
        yield KEEPALIVE if message is None else message.encode()


async def _nothing() -> AsyncGenerator[bytes]:
    """The content of the view's own answer: headers are sent at once, and no length."""
    return
    yield b""  # what makes this a generator


def _refused(status: int, reason: str) -> HttpResponse:
    return HttpResponse(reason, status=status, content_type="text/plain; charset=utf-8")


def _too_many(open_pages: Allowance) -> HttpResponse:
    response = _refused(429, reached_text(open_pages))
    response["Retry-After"] = "30"
    return response


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
