"""One reader per web process: polls the event table, renders once, fans out.

It asks the database one question each half second, however many streams are open: what is new, or
now and then which of their sessions are over. A second one while a draft waits for a phone, and one
for the tokens of programs that listen.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import count
from typing import TypeVar

from django.db import connections

from live.feed import DraftFeed, EventFeed, changes_after
from live.messages import END, RESYNC, Sendable
from live.rendering import render, rendered
from live.shutdown import on_shutdown
from live.sign_ins import Opener, ended
from live.topics import Change, Wanted

logger = logging.getLogger(__name__)
T = TypeVar("T")

INTERVAL = 0.5  # seconds between two questions
SIGN_INS_EVERY = 6  # questions: a stream ends within three seconds of its session
QUEUE_SIZE = 16


class Subscriber:
    """One stream: whose sign-in it came from, and a short queue of messages for its topics.

    Small on purpose: there are ten thousand, and all are visited by each full garbage collection.
    """

    __slots__ = ("_arrival", "_messages", "sign_in", "topics")

    def __init__(self, topics: tuple[Wanted, ...], sign_in: Opener) -> None:
        self.topics, self.sign_in = topics, sign_in
        self._messages: list[Sendable] = []
        self._arrival: asyncio.Future[None] | None = None

    def put(self, message: Sendable) -> None:
        """Queue a message without waiting: a page that is too slow gets RESYNC instead."""
        if len(self._messages) == QUEUE_SIZE:
            message = END if message is END else RESYNC
            self._messages.clear()
        self._messages.append(message)
        if self._arrival and not self._arrival.done():
            self._arrival.set_result(None)

    @property
    def is_ended(self) -> bool:
        """Whether the end is on its way."""
        return any(message is END for message in self._messages)

    async def next(self, timeout: float) -> Sendable | None:
        """Return the next message, or None after `timeout` seconds without one."""
        if not self._messages:
            self._arrival = asyncio.get_running_loop().create_future()
            try:
                async with asyncio.timeout(timeout):
                    await self._arrival
            except TimeoutError:
                return None
        return self._messages.pop(0)


class Reader:
    """Runs while there are subscribers: started by the first, ended with the last.

    All its database work happens in one thread with one connection, however many there are.
    """

    def __init__(self, interval: float = INTERVAL) -> None:
        self._interval = interval
        self._subscribers: dict[Wanted, set[Subscriber]] = defaultdict(set)
        self._counts: Counter[int] = Counter()  # of subscribers, by owner
        self._drafts = DraftFeed()
        self._task: asyncio.Task[None] | None = None
        self._thread: ThreadPoolExecutor | None = None
        self._primed = asyncio.Event()
        self._catching_up = asyncio.Lock()
        self._remove_signal_handler: Callable[[], None] = lambda: None
        self._is_closed = False

    @property
    def is_running(self) -> bool:
        return self._task is not None

    @property
    def is_closed(self) -> bool:
        return self._is_closed

    def count_of(self, owner_id: int) -> int:
        """Return how many streams this person has open at this process."""
        return self._counts[owner_id]

    @property
    def count(self) -> int:
        """How many streams are open at this process."""
        return self._counts.total()

    def subscribe(self, topics: tuple[Wanted, ...], sign_in: Opener) -> Subscriber:
        """Subscribe to `topics`, until `unsubscribe`; call both in the event loop."""
        subscriber = Subscriber(topics, sign_in)
        for topic in topics:
            self._subscribers[topic].add(subscriber)
        self._counts[sign_in.user_id] += 1
        self._start()
        if self._is_closed:
            subscriber.put(END)
        return subscriber

    def unsubscribe(self, subscriber: Subscriber) -> None:
        """Forget a stream that is closed. Must be called once for each subscriber."""
        for topic in subscriber.topics:
            group = self._subscribers[topic]
            group.discard(subscriber)
            if not group:
                del self._subscribers[topic]
        person = subscriber.sign_in.user_id
        self._counts[person] -= 1
        if not self._counts[person]:
            del self._counts[person]
        if not self._subscribers and self._task is not None:
            self._task.cancel()
            self._task = None
            self._remove_signal_handler()

    async def catch_up(self, topic: Wanted, after: int) -> Sendable | None:
        """Return one message with all that `topic` missed since event `after`, or None."""
        return await self.ask(lambda: render(topic, changes_after(topic, after)))

    async def ask(self, work: Callable[[], T]) -> T | None:
        """Return what `work` returns in the reader's thread, or None where the process stops."""
        await self._primed.wait()  # from here on the feed misses nothing
        if self._is_closed:
            return None
        # One by one: however many pages wait for theirs, what is new comes next.
        async with self._catching_up:
            return await self._in_thread(work)

    def close(self) -> None:
        """End every stream; the process is about to stop."""
        self._is_closed = True
        self._primed.set()  # nobody waits for a database that does not answer
        for subscriber in self._all_subscribers():
            subscriber.put(END)

    def _all_subscribers(self) -> set[Subscriber]:
        return {one for group in self._subscribers.values() for one in group}

    def _start(self) -> None:
        if self._task is None:
            # Before the first byte is sent: the server may be stopped right after it.
            self._remove_signal_handler = on_shutdown(self.close)
            self._primed, self._catching_up = asyncio.Event(), asyncio.Lock()
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="live-reader")
            # A context of its own: it must not keep the request of the first page.
            self._task = asyncio.get_running_loop().create_task(
                self._run(self._thread), context=contextvars.Context()
            )

    async def _run(self, thread: ThreadPoolExecutor) -> None:
        try:
            feed = await self._begin()
            self._primed.set()
            for turn in count(1):
                if turn % SIGN_INS_EVERY:
                    await self._publish(feed)
                else:
                    await self._end_signed_out()
                await asyncio.sleep(self._interval)
        finally:
            thread.submit(connections.close_all)
            thread.shutdown(wait=False)

    async def _begin(self) -> EventFeed:
        while True:
            try:
                return await self._in_thread(EventFeed)
            except Exception:
                logger.exception("The live feed cannot read the event table yet")
                await asyncio.sleep(self._interval)

    async def _publish(self, feed: EventFeed) -> None:
        """Publish new events once. A database outage must not end the feed."""
        try:
            topics = frozenset(self._subscribers)
            changes = await self._in_thread(lambda: read_changes(feed, topics))
            changes |= await self._in_thread(lambda: self._drafts.read(topics))
        except Exception:
            logger.exception("The live feed could not read the event table")
            return
        for topic, changed in changes.items():
            # Sent as soon as it is rendered: nobody waits for the pages of all the others.
            message = await self._in_thread(partial(rendered, topic, changed))
            if message is not None:
                for subscriber in self._subscribers.get(topic, ()):
                    subscriber.put(message)

    async def _end_signed_out(self) -> None:
        """End the streams whose sign-in is over. While the database is away none is."""
        sign_ins = {subscriber.sign_in for subscriber in self._all_subscribers()}
        try:
            over = await self._in_thread(lambda: ended(sign_ins))
        except Exception:
            logger.exception("The live feed could not check the sessions")
            return
        for subscriber in self._all_subscribers() if over else ():
            if subscriber.sign_in in over:
                subscriber.put(END)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, _reconnecting, work)


def _reconnecting(work: Callable[[], T]) -> T:
    """Call `work`; close a connection that failed, so that the next call opens a new one."""
    try:
        return work()
    except Exception:
        connections.close_all()
        raise


def read_changes(feed: EventFeed, topics: Iterable[Wanted]) -> dict[Wanted, list[Change]]:
    """Read the new events and return them for each topic that has any."""
    subscribed = frozenset(topics)
    changes: dict[Wanted, list[Change]] = defaultdict(list)
    for change in feed.read():
        for topic in subscribed.intersection(change.topics()):
            changes[topic].append(change)
    return changes


reader = Reader()
