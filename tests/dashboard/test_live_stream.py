"""The stream: one reader for all, only to the owner, ending when it should."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import ExitStack

import pytest
from asgiref.sync import sync_to_async
from django.db import OperationalError, connections
from django.test import AsyncClient
from django.urls import reverse

from dashboard.live import reader as reader_module, stream as stream_module
from dashboard.live.messages import END, KEEPALIVE, RESYNC, Message
from dashboard.live.reader import QUEUE_SIZE, Reader, Subscriber
from dashboard.live.stream import RETRY, stream
from dashboard.live.topics import Topic
from jobs.models import JobEvent, JobQueue
from tests.factories import JobFactory, UserModelFactory

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def job(owner):
    return JobFactory(model=UserModelFactory(owner=owner, training=True), running=True)


@pytest.fixture
def topic(job):
    return Topic(job.owner_id, job.model_id)


@pytest.fixture
def reader():
    return Reader(interval=0.01)


@sync_to_async
def happen(job, kind="progress", **changes) -> JobEvent:
    try:
        JobQueue.objects.filter(pk=job.pk).update(**changes or {"stage": "x"})
        return JobEvent.objects.create(job=job, kind=kind)
    finally:
        connections.close_all()


async def next_of(stream: AsyncIterator[bytes]) -> bytes:
    """The next piece of a stream, which must come soon."""
    return await asyncio.wait_for(anext(stream), 5)


async def opened(reader: Reader, topic: Topic, after: int = 10**9) -> AsyncIterator[bytes]:
    """A stream past its beginning, with the reader at work."""
    one = stream(reader, topic, after)
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
    page = stream(reader, topic, known.pk)
    assert await next_of(page) == RETRY
    update = update_of(await next_of(page))
    assert update["id"] == missed.pk
    assert update["title"] == "50 % · Ann"
    await page.aclose()


async def test_a_hundred_pages_cost_one_rendering(reader, job, topic, monkeypatch):
    rendered = []
    render = reader_module.render
    monkeypatch.setattr(
        reader_module, "render", lambda *args: rendered.append(args) or render(*args)
    )
    with ExitStack() as stack:
        pages = [stack.enter_context(reader.subscription(topic)) for _ in range(100)]
        await asyncio.wait_for(reader._primed.wait(), 5)
        await happen(job)
        messages = {await page.next(5) for page in pages}
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


async def test_an_idle_stream_sends_comments(reader, topic, monkeypatch):
    monkeypatch.setattr(stream_module, "KEEPALIVE_SECONDS", 0.01)
    page = await opened(reader, topic)
    assert await next_of(page) == KEEPALIVE
    await page.aclose()


async def test_a_short_database_outage_ends_no_stream(reader, job, topic, monkeypatch, caplog):
    read_messages, failures = reader_module.read_messages, iter(range(3))

    def fail_three_times(feed, topics):
        if next(failures, None) is not None:
            raise OperationalError("gone away")
        return read_messages(feed, topics)

    monkeypatch.setattr(reader_module, "read_messages", fail_three_times)
    with reader.subscription(topic) as page:
        await asyncio.wait_for(reader._primed.wait(), 5)
        await happen(job)
        message = await page.next(5)
    assert message is not None
    assert message.name == "update"
    assert caplog.text.count("could not read the event table") == 3


async def test_a_slow_page_has_to_resync(topic):
    subscriber = Subscriber(topic)
    for number in range(QUEUE_SIZE + 1):
        subscriber.put(Message("update", number))
    assert await subscriber.next(1) is RESYNC
    assert await subscriber.next(0.01) is None


async def test_even_a_slow_page_receives_the_end(topic):
    subscriber = Subscriber(topic)
    for number in range(QUEUE_SIZE):
        subscriber.put(Message("update", number))
    subscriber.put(END)
    assert await subscriber.next(1) is END


async def test_closing_ends_every_stream_and_new_ones_at_once(reader, topic):
    page = await opened(reader, topic)
    reader.close()
    with pytest.raises(StopAsyncIteration):
        await next_of(page)
    late = stream(reader, topic, 10**9)
    assert await next_of(late) == RETRY
    with pytest.raises(StopAsyncIteration):
        await next_of(late)


async def test_closing_ends_a_stream_that_still_waits_for_the_database(topic, monkeypatch):
    def refuse():
        raise OperationalError("not there yet")

    monkeypatch.setattr(reader_module, "EventFeed", refuse)
    reader = Reader(interval=0.01)
    page = stream(reader, topic, 0)
    assert await next_of(page) == RETRY
    waiting = asyncio.ensure_future(next_of(page))
    await asyncio.sleep(0)
    reader.close()
    with pytest.raises(StopAsyncIteration):
        await waiting


# --- the address --------------------------------------------------------------------------


async def test_without_signing_in_there_is_no_stream():
    response = await AsyncClient().get(reverse("dashboard:events"))
    assert response.status_code == 401
    assert response["Content-Type"] == "text/plain"


async def test_for_a_stranger_there_is_no_such_model(job, stranger):
    client = AsyncClient()
    await client.aforce_login(stranger, backend=BACKEND)
    for model in (job.model_id, "nonsense"):
        response = await client.get(reverse("dashboard:events"), {"model": str(model)})
        assert response.status_code == 404


async def test_the_owner_gets_an_event_stream_that_no_proxy_buffers(job, owner):
    client = AsyncClient()
    await client.aforce_login(owner, backend=BACKEND)
    response = await client.get(reverse("dashboard:events"), {"model": str(job.model_id)})
    assert response.status_code == 200
    assert response["Content-Type"] == "text/event-stream"
    assert "no-store" in response["Cache-Control"]
    assert response["X-Accel-Buffering"] == "no"
    page = aiter(response)
    assert await next_of(page) == RETRY
    await page.aclose()


async def test_reconnecting_the_last_event_id_counts_more_than_the_address(rf, owner):
    request = rf.get("/dashboard/events?after=3", headers={"Last-Event-ID": "17"})
    assert stream_module._last_known(request) == 17
    assert stream_module._last_known(rf.get("/dashboard/events?after=3")) == 3
    for nonsense in ("-1", "x", "", "9" * 40):
        assert stream_module._last_known(rf.get("/dashboard/events", {"after": nonsense})) == 0
