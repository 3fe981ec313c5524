"""Streams for programs: every event, in order, to its owner only."""

from __future__ import annotations

import asyncio

import pytest
from django.db import OperationalError

from jobs.models import JobEvent, JobQueue
from live import feed, job_stream, reader as reader_module, rendering
from live.job_stream import ALIVE
from live.messages import RESYNC
from live.reader import Subscriber
from tests.dashboard.live_pages import LIMIT, in_database
from tests.factories import JobFactory
from tests.live.addresses import address_of
from tests.live.happening import finish, happen, long_ago, token_of
from tests.live.programs import events_in, ids_in

pytestmark = pytest.mark.django_db(transaction=True)


async def test_an_event_reaches_its_owner_with_id_kind_and_json(programs, token, job):
    async with programs.open(token) as program:
        assert program.headers["content-type"] == "text/event-stream"
        event = await happen(job, "log", text="epoch 1")
        [sent] = events_in(await program.next())
    assert sent == {"id": event.pk, "event": "log", "jobId": str(job.pk), "text": "epoch 1"}


async def test_an_event_of_somebody_else_reaches_nobody(programs, token, job, stranger):
    other = await in_database(token_of, stranger)
    async with programs.open(token) as mine, programs.open(other) as theirs:
        first = await happen(job)
        assert ids_in(await mine.next()) == [first.pk]
        own = await in_database(JobFactory, model__owner=stranger, running=True)
        event = await happen(own)
        assert event.pk in ids_in(await theirs.next())


async def test_a_stream_of_one_job_has_no_others(programs, token, job, owner):
    other = await in_database(JobFactory, model__owner=owner, running=True)
    async with programs.open(token, address_of(job)) as program:
        await happen(other)
        event = await happen(job)
        assert ids_in(await program.next()) == [event.pk]


async def test_a_stream_of_one_job_begins_with_its_first_event(programs, token, job):
    events = [await in_database(long_ago, job) for _ in range(3)]
    async with programs.open(token, address_of(job)) as program:
        assert ids_in(await program.next()) == [event.pk for event in events]


async def test_a_stream_of_all_jobs_begins_now(programs, token, job):
    await in_database(long_ago, job)
    async with programs.open(token) as program:
        event = await happen(job)
        assert ids_in(await program.next()) == [event.pk]


async def test_what_happens_before_the_reader_is_ready_is_not_missed(
    programs, token, job, monkeypatch
):
    """A program starts a training as soon as its stream is open."""
    is_away = True

    def there_at_last():
        if is_away:
            raise OperationalError("not there yet")
        return feed.EventFeed()

    monkeypatch.setattr(reader_module, "EventFeed", there_at_last)
    async with programs.open(token) as program:
        event = await happen(job)
        is_away = False
        assert ids_in(await program.next()) == [event.pk]


async def test_an_event_of_a_deleted_model_is_the_owners_still(programs, token, job):
    await in_database(JobQueue.objects.filter(pk=job.pk).update, model=None)
    async with programs.open(token) as program:
        event = await happen(job)
        assert ids_in(await program.next()) == [event.pk]


@pytest.mark.parametrize("by_header", [True, False])
async def test_it_resumes_after_the_last_event(programs, token, job, by_header):
    first, second = [await in_database(long_ago, job) for _ in range(2)]
    query, last = ("", first.pk) if by_header else (f"after={first.pk}", None)
    async with programs.open(token, query=query, last=last) as program:
        assert ids_in(await program.next()) == [second.pk]


async def test_who_knows_all_of_a_job_that_is_over_is_told_not_to_ask_again(programs, token, job):
    """After 204 an EventSource does not reconnect (HTML standard, 9.2.3)."""
    first, last = [await in_database(long_ago, job) for _ in range(2)]
    end = await in_database(finish, job)
    async with programs.open(token, address_of(job), last=end.pk) as program:
        assert program.status == 200  # the end is young: what comes late may stand before it
    await in_database(JobEvent.objects.filter(pk=end.pk).update, at=first.at)
    async with programs.open(token, address_of(job), last=end.pk) as program:
        assert (program.status, await program.next()) == (204, b"")
    async with programs.open(token, address_of(job), last=last.pk) as program:
        assert ids_in(await program.next()) == [end.pk]


async def test_a_job_that_goes_on_always_has_more(programs, token, job):
    known = await in_database(long_ago, job)
    async with programs.open(token, address_of(job), last=known.pk) as program:
        assert program.status == 200


async def test_resuming_finds_what_committed_late_under_a_lower_id(programs, token, job):
    known = await happen(job, id=1000)
    late = await happen(job, id=999)
    async with programs.open(token, last=known.pk) as program:
        assert late.pk in ids_in(await program.next())


async def test_more_than_fits_into_a_page_comes_whole_and_in_order(
    programs, token, job, monkeypatch
):
    monkeypatch.setattr(feed, "PAGE", 3)
    events = [await in_database(long_ago, job) for _ in range(8)]
    sent: list[int] = []
    async with programs.open(token, address_of(job)) as program:
        while len(sent) < len(events):
            sent += ids_in(await program.next())
    assert sent == [event.pk for event in events]


async def test_what_was_dropped_for_a_slow_reader_is_read_again(programs, token, job, monkeypatch):
    put, count = Subscriber.put, 5
    dropped: set[int] = set()
    all_dropped = asyncio.Event()

    async with programs.open(token, address_of(job)) as program:
        first = await happen(job)
        assert ids_in(await program.next()) == [first.pk]

        def drop(self, message):
            # The first one, too, may come now: it was read as one that the program had missed.
            dropped.update(message.ids - {first.pk})
            if len(dropped) == count:
                put(self, RESYNC)  # as `put` does when its queue is full
                all_dropped.set()

        monkeypatch.setattr(Subscriber, "put", drop)
        ids = [(await happen(job)).pk for _ in range(count)]
        await asyncio.wait_for(all_dropped.wait(), LIMIT)
        monkeypatch.setattr(Subscriber, "put", put)
        assert set(ids) <= set(ids_in(await program.next()))


async def test_an_idle_stream_sends_comments(programs, token, monkeypatch):
    monkeypatch.setattr(job_stream, "KEEPALIVE_SECONDS", 0.01)
    async with programs.open(token) as program:
        assert await program.next() == ALIVE == b": alive\n\n"


async def test_one_rendering_serves_all_who_listen(programs, token, job):
    rendered = []
    render = rendering._renders[job_stream.JobsTopic]
    rendering.register(job_stream.JobsTopic, lambda *args: rendered.append(args) or render(*args))
    async with programs.open(token) as one, programs.open(token) as other:
        known = await happen(job)
        for program in (one, other):  # both are past what they had missed
            assert ids_in(await program.next()) == [known.pk]
        rendered.clear()
        await happen(job)
        assert await one.next() == await other.next()
    assert len([changes for _topic, changes in rendered if changes]) == 1


async def test_a_database_outage_ends_no_stream(programs, token, job, monkeypatch):
    read, failures = feed.EventFeed.read, iter(range(3))
    failed, loop = asyncio.Event(), asyncio.get_running_loop()

    def fail_three_times(self):
        if next(failures, None) is not None:
            raise OperationalError("gone away")
        loop.call_soon_threadsafe(failed.set)
        return read(self)

    monkeypatch.setattr(feed.EventFeed, "read", fail_three_times)
    async with programs.open(token) as program:
        await asyncio.wait_for(failed.wait(), LIMIT)
        event = await happen(job)
        assert ids_in(await program.next()) == [event.pk]
