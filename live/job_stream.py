"""Streams of the events of jobs, for programs: every event, one by one, and none left out.

Events of the last seconds may come again after a reconnect; readers tell them by their ids.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Collection
from functools import partial
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase

from accounts.models import User
from jobs.models import JobEvent
from jobs.selectors import newest_event_id
from jobs.states import OVER
from live.feed import has_no_more, start_after
from live.messages import END, Message
from live.opening import begin_from_thread
from live.reader import Reader, Subscriber
from live.sign_ins import Opener
from live.streaming import KEEPALIVE_SECONDS, RETRY, event_id
from live.topics import Change, JobsTopic

ALIVE = b": alive\n\n"  # a comment: readers pass over it
NO_MORE = Message("end", data='{"reason": "over"}').encode()


class Events:
    """Some events in the order of their ids. `is_last`: the job is over with them."""

    __slots__ = ("_pieces", "is_last")

    def __init__(self, pieces: dict[int, bytes], *, is_last: bool) -> None:
        self._pieces, self.is_last = pieces, is_last

    @property
    def ids(self) -> frozenset[int]:
        return frozenset(self._pieces)

    def encode(self, except_for: Collection[int] = ()) -> bytes:
        """Return them in the format `text/event-stream`, but for those with these ids."""
        return b"".join(piece for id, piece in self._pieces.items() if id not in except_for)


class EventRendering:
    """How topics of jobs are rendered (`live.rendering`): `write` returns an event as JSON."""

    def __init__(self, write: Callable[[JobEvent], str]) -> None:
        self._write = write

    def __call__(self, topic: JobsTopic, changes: Collection[Change]) -> Events | None:
        """Return the events that `changes` are; None where they are gone or there are none."""
        found = JobEvent.objects.filter(pk__in=[change.id for change in changes]).order_by("pk")
        events = list(found) if changes else []
        pieces = {one.pk: Message(one.kind, one.pk, self._write(one)).encode() for one in events}
        is_last = topic.job_id is not None and any(_ends_its_job(one) for one in events)
        return Events(pieces, is_last=is_last) if events else None


def begin_job_stream(
    request: HttpRequest, person: User, opener: Opener, *, job_id: UUID | None = None
) -> HttpResponseBase:
    """Return the beginning of a stream of the events of one job of this person, or of all; an
    empty answer, 204, where there is nothing more to come: browsers do not ask again after that.

    It resumes after `Last-Event-ID`, or else after `?after=`; without these it begins with the
    first event of the job, or with what comes from now on of all jobs. It ends with its `opener`,
    or when the job is over. That `job_id` is the person's is what the caller has looked up. For
    views that run in a thread. Raises LimitReachedError and NotContinuedError.
    """
    topic, known = JobsTopic(person.pk, job_id), last_known(request)
    content = partial(job_stream, topic=topic, known=known)
    if known is not None and has_no_more(topic, known):
        return HttpResponse(status=204)
    if known is None and job_id is None:
        # Known before the answer begins: what its reader does then is not missed.
        content = partial(job_stream, topic=topic, known=newest_event_id(), is_new=True)
    return begin_from_thread(request, person, (topic,), opener, content)


def last_known(request: HttpRequest) -> int | None:
    """Return the last event that a program says it knows; None where it says nothing."""
    text = request.headers.get("Last-Event-ID") or request.GET.get("after")
    return event_id(text) if text else None


async def job_stream(
    source: Reader,
    subscriber: Subscriber,
    topic: JobsTopic,
    known: int | None,
    *,
    is_new: bool = False,
) -> AsyncGenerator[bytes]:
    """Yield the events after the one that is `known`, then new ones, until the end.

    A stream that `is_new` has no events to repeat.
    """
    listening = _Listening(source, subscriber, topic, known or 0)
    yield RETRY
    async for piece in listening.after(known or 0) if is_new else listening.missed():
        yield piece
    while not listening.is_over:
        message = await subscriber.next(KEEPALIVE_SECONDS)
        if message is END:
            return
        if message is None:
            listening.caught_up = frozenset()
            yield ALIVE
        elif isinstance(message, Events):
            if piece := listening.new(message):
                yield piece
        else:  # too much came at once, and was dropped: it is all in the database
            async for piece in listening.missed():
                yield piece
    if not (source.is_closed or subscriber.is_ended):  # else there may be more
        yield NO_MORE


class _Listening:
    """How far one stream is."""

    def __init__(
        self, source: Reader, subscriber: Subscriber, topic: JobsTopic, known: int
    ) -> None:
        self._source, self._subscriber = source, subscriber
        self._topic, self._known = topic, known
        self.caught_up: Collection[int] = frozenset()  # may be waiting in the queue as well
        self.is_over = False

    async def missed(self) -> AsyncGenerator[bytes]:
        """Yield what was missed, and again what is young."""
        start = await self._source.ask(partial(start_after, self._topic, self._known))
        if start is None:  # the process stops, which the next message says, too
            return
        async for piece in self.after(*start):
            yield piece

    async def after(self, after: int, is_over: bool = False) -> AsyncGenerator[bytes]:
        """Yield all events with larger ids that there are, page by page."""
        while isinstance(events := await self._source.catch_up(self._topic, after), Events):
            if self._subscriber.is_ended:  # nobody reads on for long with a token that is over
                return
            self.caught_up, after = events.ids, max(events.ids)
            is_over = is_over or events.is_last
            yield events.encode()
        self._known, self.is_over = max(after, self._known), is_over

    def new(self, events: Events) -> bytes:
        """Return what is new of `events`."""
        self._known = max(*events.ids, self._known)
        self.is_over = events.is_last
        return events.encode(except_for=self.caught_up)


def _ends_its_job(event: JobEvent) -> bool:
    return event.kind == JobEvent.Kind.STATE and event.text in OVER
