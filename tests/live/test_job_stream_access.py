"""Streams for programs: who may listen, and what ends it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts import tokens
from accounts.models import User
from live import feed, job_stream
from live.job_stream import NO_MORE
from live.sign_ins import TokenUse, ended
from tests.dashboard.live_pages import Pages, in_database
from tests.factories import JobFactory
from tests.live.addresses import address_of
from tests.live.happening import finish, happen, long_ago, token_of
from tests.live.programs import Programs, events_in, ids_in

pytestmark = pytest.mark.django_db(transaction=True)


# --- who may listen -----------------------------------------------------------------------


async def test_without_a_token_there_is_no_stream(programs):
    async with programs.open("tw_" + "x" * 43) as program:
        assert program.status == 401
    assert not programs.reader.is_running


async def test_somebody_elses_job_is_not_found(programs, job, stranger):
    async with programs.open(await in_database(token_of, stranger), address_of(job)) as program:
        assert program.status == 404
    assert not programs.reader.is_running


async def test_streams_of_programs_and_pages_count_together(token, owner, job, settings):
    settings.LIMIT_STREAMS = 1
    programs = Programs()
    pages = Pages(programs.reader)
    async with programs.open(token), pages.open(owner) as page:
        assert page.status == 429
    async with pages.open(owner) as page:
        assert page.status == 200
        async with programs.open(token) as program:
            assert program.status == 429


def test_a_server_that_cannot_continue_the_answer_refuses_to_begin_it(token):
    answer = Client().get("/streams/jobs", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 503


# --- what ends it -------------------------------------------------------------------------


async def test_it_ends_with_the_last_event_of_its_job(programs, token, job):
    async with programs.open(token, address_of(job)) as program:
        event = await in_database(finish, job)
        assert ids_in(await program.next()) == [event.pk]
        assert await program.next() == NO_MORE
        assert await program.next() == b""
    assert not programs.reader.is_running


async def test_of_a_job_that_is_over_it_sends_all_and_ends(programs, token, job):
    await in_database(long_ago, job)
    await in_database(finish, job)
    async with programs.open(token, address_of(job)) as program:
        assert [event["event"] for event in events_in(await program.next())] == ["log", "state"]
        assert await program.next() == NO_MORE
        assert await program.next() == b""


async def test_a_stream_of_all_jobs_goes_on_when_one_is_over(programs, token, job, owner):
    other = await in_database(JobFactory, model__owner=owner, running=True)
    async with programs.open(token) as program:
        await in_database(finish, job)
        assert b"state" in await program.next()
        event = await happen(other)
        assert ids_in(await program.next()) == [event.pk]


def revoke(owner: User, token: tokens.ApiToken) -> None:
    tokens.revoke(token, by=owner)


def expire(owner: User, token: tokens.ApiToken) -> None:
    past = timezone.now() - timedelta(seconds=1)
    tokens.ApiToken.objects.filter(pk=token.pk).update(expires_at=past)


def deactivate(owner: User, token: tokens.ApiToken) -> None:
    User.objects.filter(pk=owner.pk).update(is_active=False)


def delete_account(owner: User, token: tokens.ApiToken) -> None:
    User.objects.filter(pk=owner.pk).delete()


@pytest.mark.parametrize("end", [revoke, expire, deactivate, delete_account])
async def test_it_ends_with_the_token_that_opened_it(programs, owner, stranger, end):
    row, raw = await in_database(tokens.make, owner, name="x", scope="read", expires_in=None)
    other = await in_database(token_of, stranger)
    async with programs.open(raw) as program, programs.open(other):
        await in_database(end, owner, row)
        assert await program.next() == b""
        assert programs.reader.count_of(stranger.pk) == 1
    async with programs.open(raw) as program:
        assert program.status == 401


async def test_another_token_of_the_same_person_goes_on(programs, owner, token, job):
    row, raw = await in_database(tokens.make, owner, name="x", scope="read", expires_in=None)
    async with programs.open(raw) as ending, programs.open(token) as program:
        await in_database(tokens.revoke, row, by=owner)
        assert await ending.next() == b""
        event = await happen(job)
        assert ids_in(await program.next()) == [event.pk]


async def test_a_revoked_token_does_not_read_a_long_history_to_its_end(
    programs, token, job, monkeypatch
):
    monkeypatch.setattr(feed, "PAGE", 1)
    for _ in range(3):
        await in_database(long_ago, job)
    whole = job_stream._Listening.missed

    async def ended_meanwhile(self):
        async for piece in whole(self):
            self._subscriber.put(job_stream.END)
            yield piece

    monkeypatch.setattr(job_stream._Listening, "missed", ended_meanwhile)
    async with programs.open(token, address_of(job)) as program:
        assert len(ids_in(await program.next())) == 1
        assert await program.next() == b""


def test_an_operator_of_a_public_site_listens_with_a_second_step_only(operator, settings):
    row, _raw = tokens.make(operator, name="x", scope="read", expires_in=None)
    assert ended([TokenUse.of(row)]) == set()
    settings.SITE_IS_PUBLIC = True
    assert ended([TokenUse.of(row)]) == {TokenUse.of(row)}


def test_all_tokens_are_checked_with_one_query(owner, stranger, django_assert_num_queries):
    rows = [tokens.make(owner, name="x", scope="read", expires_in=None)[0] for _ in range(5)]
    tokens.revoke(rows[2], by=owner)
    with django_assert_num_queries(1):
        assert ended([TokenUse.of(row) for row in rows]) == {TokenUse.of(rows[2])}


async def test_the_end_of_the_server_is_not_the_end_of_the_job(programs, token, job):
    async with programs.open(token, address_of(job)) as program:
        event = await happen(job)
        assert ids_in(await program.next()) == [event.pk]
        programs.reader.close()
        assert await program.next() == b""
