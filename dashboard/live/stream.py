"""`GET /dashboard/events`: the live pages' stream of server-sent events.

The view decides who may listen to what and begins the answer; `dashboard.live.asgi` continues it.
"""

from __future__ import annotations

import uuid
from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import dataclass
from itertools import zip_longest

from asgiref.sync import sync_to_async
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.translation import gettext

from accounts import limits
from accounts.allowances import Allowance, Limit, Usage
from accounts.limit_texts import reached_text
from accounts.models import User
from dashboard.live.messages import END, KEEPALIVE
from dashboard.live.reader import Reader, Subscriber
from dashboard.live.sign_ins import SignIn
from dashboard.live.topics import DRAFT, Topic
from models_app import selectors

KEEPALIVE_SECONDS = 15.0
RETRY = b"retry: 2000\n\n"  # milliseconds until the browser reconnects
MOST_TOPICS = 40  # of one stream; live-hub.js asks for no more
OPENING = "theway.live"  # the key of the Opening in a request's ASGI scope


@dataclass(slots=True)
class Opening:
    """A request for a stream: the view fills it in when it lets somebody listen."""

    reader: Reader
    subscriber: Subscriber | None = None
    after: tuple[int, ...] = ()  # the last event that the pages of each topic know
    is_begun: bool = False  # the headers of the answer are sent, its end is not
    is_left: bool = False  # the page was closed while Django still answered


@login_not_required  # answers 401 itself: EventSource cannot follow a redirect to a page
async def events(request: HttpRequest) -> HttpResponseBase:
    """Begin a stream of the updates of `?model=<id>`, or of all the owner's cards without it.

    All pages of a browser share one stream: `model` (empty for the cards) and `after`, the last
    event that its pages know, may be repeated, each `after` for the `model` at the same place.
    `Last-Event-ID` (after a reconnect by itself) counts more than any `after`.
    """
    if request.method != "GET":
        return HttpResponse(status=405, headers={"Allow": "GET"})
    user = await request.auser()
    if not isinstance(user, User):
        return _refused(401, gettext("Sign in first."))
    wanted = await sync_to_async(_wanted)(user, request)
    opening: Opening | None = getattr(request, "scope", {}).get(OPENING)
    if opening is None:
        return _refused(503, gettext("This server sends no live updates."))
    # Nothing is awaited from here on: two requests cannot both find the last free place.
    open_pages = Usage(opening.reader.count_of(user.pk))
    most = limits.allowed(user, Limit.STREAMS)
    if most is not None and open_pages.used >= most:
        return _too_many(Allowance(Limit.STREAMS, most, open_pages))
    opening.subscriber = opening.reader.subscribe(tuple(wanted), SignIn.of(request, user))
    opening.after = tuple(wanted.values())
    return StreamingHttpResponse(
        _nothing(),
        content_type="text/event-stream",
        # A proxy that compresses waits for more to come (RFC 9111, 5.2.2.6).
        headers={"Cache-Control": "no-store, no-transform", "X-Accel-Buffering": "no"},
    )


async def stream(
    source: Reader, subscriber: Subscriber, after: tuple[int, ...]
) -> AsyncGenerator[bytes]:
    """Yield what each topic missed since its event in `after`, then every new message, until
    the end."""
    yield RETRY
    for topic, known in zip(subscriber.topics, after, strict=True):
        missed = await source.catch_up(topic, known)
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


def _wanted(user: User, request: HttpRequest) -> dict[Topic, int]:
    """Return what the stream is about, and the last event known of each.

    A model that was deleted in one tab must not end the updates of the others, so unknown ones
    are left out. Raises Http404 where nothing is left.
    """
    models = (request.GET.getlist("model") or [""])[:MOST_TOPICS]
    found: dict[Topic, int] = {}
    for model_id, after in zip_longest(models, _last_known(request, len(models)), fillvalue=0):
        if topic := _topic(user, str(model_id)):
            found[topic] = min(found.get(topic, int(after)), int(after))
    if not found:
        raise Http404("There is no such model.")
    return found


def _topic(user: User, model_id: str) -> Topic | None:
    if not model_id:
        return Topic(user.pk)
    with suppress(ValueError, Http404):
        is_draft = model_id.startswith(DRAFT)
        wanted = uuid.UUID(model_id.removeprefix(DRAFT))
        return Topic(user.pk, selectors.model_for(user, wanted).pk, is_draft)
    return None


def _last_known(request: HttpRequest, count: int) -> list[int]:
    """Return the last event that is known of each of `count` topics."""
    known = request.headers.get("Last-Event-ID")
    texts = [known] * count if known else request.GET.getlist("after")[:count]
    return [_event_id(text) for text in texts]


def _event_id(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0
