"""The stream: one reader for all, only to the owner, ending when it should."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator

import pytest
from asgiref.sync import sync_to_async
from django.db import OperationalError, connections

from dashboard.live import stream as page_stream
from jobs.models import JobEvent, JobQueue
from live import reader as reader_module, rendering, streaming as stream_module
from live.messages import END, KEEPALIVE, RESYNC, Message
from live.reader import QUEUE_SIZE, Reader, Subscriber
from live.sign_ins import SignIn
from live.streaming import RETRY, stream
from live.topics import Topic
from tests.factories import JobFactory, UserModelFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def job(owner):
    return JobFactory(model=UserModelFactory(owner=owner, training=True), running=True)


@pytest.fixture
def topic(job):
    return Topic(job.owner_id, job.model_id)


@pytest.fixture
def reader(monkeypatch):
    """A fast one. The streams here come from no request, so none has a session that ends."""
    monkeypatch.setattr(reader_module, "ended", lambda sign_ins: set())
    return Reader(interval=0.01)


@sync_to_async
def happen(job, kind="progress", **changes) -> JobEvent:
    try:
        JobQueue.objects.filter(pk=job.pk).update(**changes or {"stage": "x"})
        return JobEvent.objects.create(job=job, kind=kind)
    finally:
        connections.close_all()


SIGN_IN = SignIn("key", 1, 0)


async def page_of(reader: Reader, topic: Topic, after: int = 10**9) -> AsyncGenerator[bytes]:
    """The stream of one page, which unsubscribes when it is closed."""
    subscriber = reader.subscribe((topic,), SIGN_IN)
    try:
        async for piece in stream(reader, subscriber, (after,)):
            yield piece
    finally:
        reader.unsubscribe(subscriber)


async def next_of(stream: AsyncIterator[bytes]) -> bytes:
    """The next piece of a stream, which must come soon."""
    return await asyncio.wait_for(anext(stream), 5)


async def opened(reader: Reader, topic: Topic, after: int = 10**9) -> AsyncGenerator[bytes]:
    """A stream past its beginning, with the reader at work."""
    one = page_of(reader, topic, after)
    assert await next_of(one) == RETRY
    await asyncio.wait_for(reader._primed.wait(), 5)
    return one


def update_of(piece: bytes) -> dict:
    lines = dict(line.split(": ", 1) for line in piece.decode().strip().split("\n"))
    assert lines["event"] == "update"
    return json.loads(lines["data"]) | {"id": int(lines["id"])}


async def test_an_event_reaches_the_owners_page(reader, job, topic):
    page = await opened(reader, topic)
    event = await happen(job, progress=0.41)
    update = update_of(await next_of(page))
    assert update["id"] == event.pk
    assert update["title"] == "41 % · Ann"
    await page.aclose()


async def test_an_event_of_another_owner_reaches_nobody(reader, job, topic, stranger):
    mine, theirs = await opened(reader, topic), await opened(reader, Topic(stranger.pk))
    waiting = asyncio.ensure_future(anext(theirs))
    await happen(job)
    await next_of(mine)
    assert not waiting.done()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await mine.aclose()


async def test_events_between_rendering_and_connecting_are_sent(reader, job, topic):
    known = await happen(job)
    missed = await happen(job, progress=0.5)
    page = page_of(reader, topic, known.pk)
    assert await next_of(page) == RETRY
    update = update_of(await next_of(page))
    assert update["id"] == missed.pk
    assert update["title"] == "50 % · Ann"
    await page.aclose()


async def test_a_hundred_pages_cost_one_rendering(reader, job, topic, monkeypatch):
    rendered = []
    render = rendering.render
    monkeypatch.setattr(rendering, "render", lambda *args: rendered.append(args) or render(*args))
    pages = [reader.subscribe((topic,), SIGN_IN) for _ in range(100)]
    await asyncio.wait_for(reader._primed.wait(), 5)
    await happen(job)
    messages = {await page.next(5) for page in pages}
    for page in pages:
        reader.unsubscribe(page)
    assert len(messages) == len(rendered) == 1


async def test_the_reader_starts_with_the_first_page_and_ends_with_the_last(reader, topic):
    assert not reader.is_running
    first, second = await opened(reader, topic), await opened(reader, topic)
    await first.aclose()
    assert reader.is_running
    await second.aclose()
    assert not reader.is_running


async def test_it_starts_again_for_the_next_page(reader, job, topic):
    await (await opened(reader, topic)).aclose()
    page = await opened(reader, topic)
    await happen(job)
    update_of(await next_of(page))
    await page.aclose()


async def test_an_idle_stream_says_that_it_is_alive(reader, topic, monkeypatch):
    monkeypatch.setattr(stream_module, "KEEPALIVE_SECONDS", 0.01)
    page = await opened(reader, topic)
    assert await next_of(page) == KEEPALIVE == b"event: alive\ndata: 1\n\n"
    await page.aclose()


async def test_a_short_database_outage_ends_no_stream(reader, job, topic, monkeypatch, caplog):
    read_changes, failures = reader_module.read_changes, iter(range(3))

    def fail_three_times(feed, topics):
        if next(failures, None) is not None:
            raise OperationalError("gone away")
        return read_changes(feed, topics)

    monkeypatch.setattr(reader_module, "read_changes", fail_three_times)
    page = reader.subscribe((topic,), SIGN_IN)
    await asyncio.wait_for(reader._primed.wait(), 5)
    await happen(job)
    message = await page.next(5)
    reader.unsubscribe(page)
    assert message is not None
    assert message.name == "update"
    assert caplog.text.count("could not read the event table") == 3


async def test_two_questions_are_never_asked_in_one_turn(reader, topic, monkeypatch):
    """One query each half second: five times the events, then once the sign-ins."""
    asked: list[str] = []
    checked = asyncio.Event()
    loop = asyncio.get_running_loop()

    def no_changes(feed, topics):
        asked.append("events")
        return {}

    def none_ended(sign_ins):
        asked.append("sign-ins")
        if asked.count("sign-ins") == 2:
            loop.call_soon_threadsafe(checked.set)
        return set()

    monkeypatch.setattr(reader_module, "read_changes", no_changes)
    monkeypatch.setattr(reader_module, "ended", none_ended)
    page = await opened(reader, topic)
    await asyncio.wait_for(checked.wait(), 5)
    assert asked[:12] == [*["events"] * 5, "sign-ins"] * 2
    await page.aclose()


async def test_while_the_database_is_away_no_stream_counts_as_signed_out(
    reader, job, topic, monkeypatch, caplog
):
    failed = asyncio.Event()
    loop = asyncio.get_running_loop()

    def fail(sign_ins):
        loop.call_soon_threadsafe(failed.set)
        raise OperationalError("gone away")

    monkeypatch.setattr(reader_module, "ended", fail)
    page = await opened(reader, topic)
    await asyncio.wait_for(failed.wait(), 5)
    await happen(job)
    update_of(await next_of(page))
    assert "could not check the sessions" in caplog.text
    await page.aclose()


async def test_pages_that_catch_up_do_not_hold_up_what_is_new(reader, job, topic, monkeypatch):
    """However many wait to catch up, one of them at a time is in the reader's thread."""
    at_once: list[int] = []
    waiting: set[int] = set()

    def slow(topic, after):
        waiting.add(after)
        at_once.append(len(waiting))
        waiting.discard(after)
        return []

    page = await opened(reader, topic)
    submit, queued = reader._thread.submit, []
    monkeypatch.setattr(reader_module, "changes_after", slow)
    monkeypatch.setattr(
        reader._thread,
        "submit",
        lambda *work: queued.append(reader._thread._work_queue.qsize()) or submit(*work),
    )
    await asyncio.gather(*(reader.catch_up(topic, number) for number in range(50)))
    assert len(at_once) == 50
    assert max(queued) <= 1
    await page.aclose()


async def test_a_slow_page_has_to_resync(topic):
    subscriber = Subscriber((topic,), SIGN_IN)
    for number in range(QUEUE_SIZE + 1):
        subscriber.put(Message("update", number))
    assert await subscriber.next(1) is RESYNC
    assert await subscriber.next(0.01) is None


async def test_even_a_slow_page_receives_the_end(topic):
    subscriber = Subscriber((topic,), SIGN_IN)
    for number in range(QUEUE_SIZE):
        subscriber.put(Message("update", number))
    subscriber.put(END)
    assert await subscriber.next(1) is END


async def test_closing_ends_every_stream_and_new_ones_at_once(reader, topic):
    page = await opened(reader, topic)
    reader.close()
    with pytest.raises(StopAsyncIteration):
        await next_of(page)
    late = page_of(reader, topic)
    assert await next_of(late) == RETRY
    with pytest.raises(StopAsyncIteration):
        await next_of(late)


async def test_closing_ends_a_stream_that_still_waits_for_the_database(topic, monkeypatch):
    def refuse():
        raise OperationalError("not there yet")

    monkeypatch.setattr(reader_module, "EventFeed", refuse)
    reader = Reader(interval=0.01)
    page = page_of(reader, topic, 0)
    assert await next_of(page) == RETRY
    waiting = asyncio.ensure_future(next_of(page))
    await asyncio.sleep(0)
    reader.close()
    with pytest.raises(StopAsyncIteration):
        await waiting


async def test_reconnecting_the_last_event_id_counts_more_than_the_address(rf, owner):
    request = rf.get("/dashboard/events?after=3", headers={"Last-Event-ID": "17"})
    cards = Topic(owner.pk)
    assert page_stream._wanted(owner, request) == {cards: 17}
    assert page_stream._wanted(owner, rf.get("/dashboard/events?after=3")) == {cards: 3}
    for nonsense in ("-1", "x", "", "9" * 40):
        asked = rf.get("/dashboard/events", {"after": nonsense})
        assert page_stream._wanted(owner, asked) == {cards: 0}
