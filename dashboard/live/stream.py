"""`GET /dashboard/events`: the live pages' stream of server-sent events.

The view decides who may listen to what and begins the answer; `live.asgi` continues it.
"""

from __future__ import annotations

import uuid
from contextlib import suppress
from functools import partial
from itertools import zip_longest

from asgiref.sync import sync_to_async
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import gettext

from accounts.limits import LimitReachedError
from accounts.models import User
from live.opening import NotContinuedError, begin
from live.sign_ins import SignIn
from live.streaming import event_id, stream
from live.topics import DRAFT, Topic
from models_app import selectors

ADDRESS = "dashboard/events"
MOST_TOPICS = 40  # of one stream; live-hub.js asks for no more


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
    pages = partial(stream, after=tuple(wanted.values()))
    try:
        return begin(request, user, tuple(wanted), SignIn.of(request, user), pages)
    except NotContinuedError:
        return _refused(503, gettext("This server sends no live updates."))
    except LimitReachedError as error:
        return _too_many(error)


def _refused(status: int, reason: str) -> HttpResponse:
    return HttpResponse(reason, status=status, content_type="text/plain; charset=utf-8")


def _too_many(error: LimitReachedError) -> HttpResponse:
    response = _refused(429, str(error))
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
    return [event_id(text) for text in texts]
