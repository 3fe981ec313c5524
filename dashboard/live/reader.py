"""One reader per web process: polls the event table, renders once, fans out."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from django.db import connections

from dashboard.live.feed import EventFeed, changes_after
from dashboard.live.fragments import render
from dashboard.live.messages import END, RESYNC, Message
from dashboard.live.shutdown import on_shutdown
from dashboard.live.topics import Change, Topic

logger = logging.getLogger(__name__)
T = TypeVar("T")

INTERVAL = 0.5  # seconds between two polls of the event table
QUEUE_SIZE = 16


class Subscriber:
    """One open page: a short queue of messages for its topic."""

    def __init__(self, topic: Topic) -> None:
        self.topic = topic
        self._queue: asyncio.Queue[Message] = asyncio.Queue(QUEUE_SIZE)

    def put(self, message: Message) -> None:
        """Queue a message without waiting: a page that is too slow gets RESYNC instead."""
        if self._queue.full():
            message = END if message is END else RESYNC
            while not self._queue.empty():
                self._queue.get_nowait()
        self._queue.put_nowait(message)

    async def next(self, timeout: float) -> Message | None:
        """Return the next message, or None after `timeout` seconds without one."""
        try:
            return await asyncio.wait_for(self._queue.get(), timeout)
        except TimeoutError:
            return None


class Reader:
    """Runs while there are subscribers: started by the first, ended with the last.

    All its database work happens in one thread with one connection, however many there are.
    """

    def __init__(self, interval: float = INTERVAL) -> None:
        self._interval = interval
        self._subscribers: dict[Topic, set[Subscriber]] = defaultdict(set)
        self._task: asyncio.Task[None] | None = None
        self._thread: ThreadPoolExecutor | None = None
        self._primed = asyncio.Event()
        self._remove_signal_handler: Callable[[], None] = lambda: None
        self._is_closed = False

    @property
    def is_running(self) -> bool:
        return self._task is not None

    @contextmanager
    def subscription(self, topic: Topic) -> Iterator[Subscriber]:
        """Subscribe to `topic` inside the block; call it in the event loop."""
        subscriber = Subscriber(topic)
        self._subscribers[topic].add(subscriber)
        self._start()
        if self._is_closed:
            subscriber.put(END)
        try:
            yield subscriber
        finally:
            self._unsubscribe(subscriber)

    async def catch_up(self, topic: Topic, after: int) -> Message | None:
        """Return one message with all that `topic` missed since event `after`, or None."""
        await self._primed.wait()  # from here on the feed misses nothing
        if self._is_closed:
            return None
        return await self._in_thread(lambda: render(topic, changes_after(topic, after)))

    def close(self) -> None:
        """End every stream; the process is about to stop."""
        self._is_closed = True
        self._primed.set()  # nobody waits for a database that does not answer
        for subscriber in self._all_subscribers():
            subscriber.put(END)

    def _all_subscribers(self) -> list[Subscriber]:
        return [one for group in self._subscribers.values() for one in group]

    def _unsubscribe(self, subscriber: Subscriber) -> None:
        group = self._subscribers[subscriber.topic]
        group.discard(subscriber)
        if not group:
            del self._subscribers[subscriber.topic]
        if not self._subscribers and self._task is not None:
            self._task.cancel()
            self._task = None
            self._remove_signal_handler()

    def _start(self) -> None:
        if self._task is None:
            # Before the first byte is sent: the server may be stopped right after it.
            self._remove_signal_handler = on_shutdown(self.close)
            self._primed = asyncio.Event()
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="live-reader")
            self._task = asyncio.get_running_loop().create_task(self._run(self._thread))

    async def _run(self, thread: ThreadPoolExecutor) -> None:
        try:
            feed = await self._begin()
            self._primed.set()
            while True:
                await self._publish(feed)
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
            messages = await self._in_thread(lambda: read_messages(feed, topics))
        except Exception:
            logger.exception("The live feed could not read the event table")
            return
        for topic, message in messages.items():
            for subscriber in self._subscribers.get(topic, ()):
                subscriber.put(message)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, _reconnecting, work)


def _reconnecting(work: Callable[[], T]) -> T:
    """Call `work`; close a connection that failed, so that the next call opens a new one."""
    try:
        return work()
    except Exception:
        connections.close_all()
        raise


def read_messages(feed: EventFeed, topics: Iterable[Topic]) -> dict[Topic, Message]:
    """Read the new events and return one rendered message for each topic that has any."""
    subscribed = frozenset(topics)
    changes: dict[Topic, list[Change]] = defaultdict(list)
    for change in feed.read():
        for topic in subscribed.intersection(change.topics()):
            changes[topic].append(change)
    rendered = {topic: _rendered(topic, changed) for topic, changed in changes.items()}
    return {topic: message for topic, message in rendered.items() if message is not None}


def _rendered(topic: Topic, changes: list[Change]) -> Message | None:
    """Return RESYNC for a page that cannot be rendered: the others continue."""
    try:
        return render(topic, changes)
    except Exception:
        logger.exception("The live feed could not render %s", topic)
        return RESYNC


reader = Reader()
