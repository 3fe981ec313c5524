"""How an answer becomes a stream: a view lets somebody listen, `live.asgi` continues the answer."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from dataclasses import dataclass

from asgiref.sync import async_to_sync
from django.http import HttpRequest, StreamingHttpResponse

from accounts import limits
from accounts.allowances import Allowance, Limit, Usage
from accounts.models import User
from live.reader import Reader, Subscriber
from live.sign_ins import Opener
from live.topics import Wanted

OPENING = "theway.live"  # the key of the Opening in a request's ASGI scope
Pieces = Callable[[Reader, Subscriber], AsyncIterator[bytes]]


class NotContinuedError(Exception):
    """This server cannot continue an answer: it was not started as in `theway/asgi.py`."""


@dataclass(slots=True)
class Opening:
    """A request for a stream: the view fills it in when it lets somebody listen."""

    reader: Reader
    subscriber: Subscriber | None = None
    pieces: AsyncIterator[bytes] | None = None  # the stream, once somebody may listen
    is_begun: bool = False  # the headers of the answer are sent, its end is not
    is_left: bool = False  # the page was closed while Django still answered


def begin(
    request: HttpRequest, person: User, topics: tuple[Wanted, ...], opener: Opener, content: Pieces
) -> StreamingHttpResponse:
    """Return the beginning of a stream of `content` about `topics`, which ends with its `opener`.

    Call it in the event loop; `begin_from_thread` does so for a view that has a thread. Raises
    NotContinuedError, and LimitReachedError where the person has too many streams open.
    """
    opening: Opening | None = getattr(request, "scope", {}).get(OPENING)
    if opening is None:
        raise NotContinuedError
    # Nothing is awaited from here on: two requests cannot both find the last free place.
    used, most = Usage(opening.reader.count_of(person.pk)), limits.allowed(person, Limit.STREAMS)
    if most is not None and used.used >= most:
        raise limits.LimitReachedError(Allowance(Limit.STREAMS, most, used))
    opening.subscriber = opening.reader.subscribe(topics, opener)
    opening.pieces = content(opening.reader, opening.subscriber)
    return StreamingHttpResponse(
        _nothing(),
        content_type="text/event-stream",
        # A proxy that compresses waits for more to come (RFC 9111, 5.2.2.6).
        headers={"Cache-Control": "no-store, no-transform", "X-Accel-Buffering": "no"},
    )


def begin_from_thread(
    request: HttpRequest, person: User, topics: tuple[Wanted, ...], opener: Opener, content: Pieces
) -> StreamingHttpResponse:
    """Do as `begin` does, for a view that runs in a thread. Raises the same."""

    async def in_loop() -> StreamingHttpResponse:
        return begin(request, person, topics, opener, content)

    if OPENING not in getattr(request, "scope", {}):  # there may be no loop either
        raise NotContinuedError
    return async_to_sync(in_loop)()


async def _nothing() -> AsyncGenerator[bytes]:
    """The content of the view's own answer: headers are sent at once, and no length."""
    return
    yield b""  # what makes this a generator
