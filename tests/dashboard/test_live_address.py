"""Who may listen, how many pages each, and what ends a stream: at the whole application."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import AsyncClient, Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from jobs.models import JobEvent
from live.reader import Reader
from live.sign_ins import SignIn, ended, seal_of
from live.streaming import RETRY
from tests.conftest import client_of
from tests.dashboard.live_pages import Pages, in_database
from tests.factories import JobFactory, UserModelFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def job(owner):
    return JobFactory(model=UserModelFactory(owner=owner, training=True), running=True)


@pytest.fixture
def foreign_job(stranger):
    return JobFactory(model=UserModelFactory(owner=stranger, training=True), running=True)


@pytest.fixture
def pages():
    """At an application whose reader is in a hurry."""
    return Pages(Reader(interval=0.01))


def key_of(client: Client) -> str:
    """The session of a browser that is signed in."""
    return str(client.cookies[settings.SESSION_COOKIE_NAME].value)


# --- who may listen -----------------------------------------------------------------------


async def test_without_signing_in_there_is_no_stream(pages):
    async with pages.open() as page:
        assert page.status == 401
        assert page.headers["content-type"] == "text/plain; charset=utf-8"
        assert await page.next() == b"Sign in first."
    assert not pages.reader.is_running


async def test_for_a_stranger_and_an_operator_there_is_no_such_model(
    pages, job, stranger, operator
):
    for model in (job.model_id, uuid.uuid4(), "nonsense"):
        for somebody in (stranger, operator):
            async with pages.open(somebody, query=f"model={model}") as page:
                assert page.status == 404
    assert not pages.reader.is_running


async def test_everybody_hears_of_their_own_trainings_only(
    pages, job, foreign_job, owner, stranger
):
    async with pages.open(owner) as mine, pages.open(stranger) as theirs:
        assert await mine.next() == await theirs.next() == RETRY
        for moved, page in ((job, mine), (foreign_job, theirs), (job, mine)):
            await in_database(JobEvent.objects.create, job=moved, kind="progress")
            assert str(moved.model_id).encode() in await page.next()


async def test_one_stream_serves_all_pages_of_a_browser(pages, job, owner, stranger, foreign_job):
    other = await in_database(JobFactory, model__owner=owner, running=True)
    wanted = [f"model={job.model_id}", "model=", f"model={foreign_job.model_id}", "model=gone"]
    async with pages.open(owner, query="&".join(wanted)) as page:
        assert await page.next() == RETRY
        assert pages.reader.count_of(owner.pk) == 1
        await in_database(JobEvent.objects.create, job=foreign_job, kind="progress")
        await in_database(JobEvent.objects.create, job=other, kind="progress")
        assert b'"topic": ""' in await page.next()
        await in_database(JobEvent.objects.create, job=job, kind="progress")
        both = await page.next() + await page.next()
        assert b'"topic": ""' in both
        assert f'"topic": "{job.model_id}"'.encode() in both
    assert not pages.reader.is_running


async def test_each_topic_is_caught_up_from_the_event_its_own_pages_know(pages, job, owner):
    long_ago = timezone.now() - timedelta(hours=1)
    other = await in_database(JobFactory, model__owner=owner, running=True)
    old = await in_database(JobEvent.objects.create, job=job, kind="progress", at=long_ago)
    new = await in_database(JobEvent.objects.create, job=other, kind="progress", at=long_ago)
    for known, missed in ((old.pk - 1, job), (old.pk, other)):
        first, last = (known, new.pk) if missed is job else (new.pk, known)
        query = f"model={job.model_id}&after={first}&model={other.model_id}&after={last}"
        async with pages.open(owner, query=query) as page:
            assert await page.next() == RETRY
            assert f'"topic": "{missed.model_id}"'.encode() in await page.next()


async def test_the_stream_has_the_headers_of_every_page_and_no_proxy_buffers_it(pages, owner):
    async with pages.open(owner) as page:
        assert page.status == 200
        assert page.headers["content-type"] == "text/event-stream"
        assert "no-store" in page.headers["cache-control"]
        assert "no-transform" in page.headers["cache-control"]  # proxies compress nothing
        assert page.headers["x-accel-buffering"] == "no"
        assert page.headers["x-content-type-options"] == "nosniff"
        assert "default-src 'self'" in page.headers["content-security-policy"]
        assert "content-length" not in page.headers
        assert await page.next() == RETRY


async def test_listening_writes_nothing(pages, owner):
    client = await in_database(client_of, owner)
    before = await in_database(lambda: list(Session.objects.values()))
    async with pages.open(client=client) as page:
        assert page.status == 200
        assert "set-cookie" not in page.headers
        assert await page.next() == RETRY
    assert await in_database(lambda: list(Session.objects.values())) == before


@pytest.mark.parametrize("method", ["HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
async def test_nothing_but_get_is_answered(pages, owner, stranger, job, method):
    for somebody in (owner, stranger, None):
        query = f"model={job.model_id}"
        async with pages.open(somebody, method=method, query=query) as page:
            assert page.status in {403, 405}
    assert not pages.reader.is_running


async def test_a_body_is_not_waited_for(pages, owner):
    """A few slow senders would keep everybody else from opening a page."""
    unfinished = {"type": "http.request", "body": b"x", "more_body": True}
    async with pages.open(owner, first=unfinished) as page:
        assert page.status == 200
        assert await page.next() == RETRY


async def test_a_page_that_is_left_is_forgotten(pages, owner):
    async with pages.open(owner) as page:
        assert await page.next() == RETRY
        assert pages.reader.count_of(owner.pk) == 1
    assert pages.reader.count_of(owner.pk) == 0
    assert not pages.reader.is_running


async def test_a_server_that_cannot_continue_the_answer_refuses_to_begin_it(owner):
    client = AsyncClient()
    await client.aforce_login(owner, backend="allauth.account.auth_backends.AuthenticationBackend")
    response = await client.get(reverse("dashboard:events"))
    assert response.status_code == 503
    assert response.content == b"This server sends no live updates."


# --- how many -----------------------------------------------------------------------------


async def test_one_page_too_many_is_refused_with_a_sentence(pages, owner, stranger, settings):
    settings.LIMIT_STREAMS = 2
    async with pages.open(owner) as first, pages.open(owner) as second:
        assert [first.status, second.status] == [200, 200]
        async with pages.open(owner) as third:
            assert third.status == 429
            assert third.headers["retry-after"] == "30"
            assert (
                b"You already have 2 pages and programs with live updates open."
                in await third.next()
            )
        async with pages.open(stranger) as other:
            assert other.status == 200


async def test_a_page_that_is_closed_makes_room_for_another(pages, owner, settings):
    settings.LIMIT_STREAMS = 1
    for _ in range(3):
        async with pages.open(owner) as page:
            assert page.status == 200


# --- what ends it -------------------------------------------------------------------------


def sign_out(owner: User, session: str) -> None:
    Session.objects.filter(pk=session).delete()


def expire(owner: User, session: str) -> None:
    Session.objects.filter(pk=session).update(expire_date=timezone.now() - timedelta(seconds=1))


def change_password(owner: User, session: str) -> None:
    owner.set_password("another horse battery")
    owner.save()


def end_all_sessions(owner: User, session: str) -> None:
    owner.session_generation += 1
    owner.save()


def deactivate(owner: User, session: str) -> None:
    User.objects.filter(pk=owner.pk).update(is_active=False)


def delete_account(owner: User, session: str) -> None:
    User.objects.filter(pk=owner.pk).delete()


@pytest.mark.parametrize(
    "end", [sign_out, expire, change_password, end_all_sessions, deactivate, delete_account]
)
async def test_a_stream_ends_with_the_sign_in_it_came_from(pages, owner, stranger, end):
    client = await in_database(client_of, owner)
    async with pages.open(client=client) as page, pages.open(stranger) as other:
        assert await page.next() == await other.next() == RETRY
        await in_database(end, owner, key_of(client))
        assert await page.next() == b""
        assert pages.reader.count_of(stranger.pk) == 1
    async with pages.open(client=client) as page:
        assert page.status == 401


async def test_signing_out_in_one_browser_leaves_the_other_its_stream(pages, owner, job):
    here, there = [await in_database(client_of, owner) for _ in range(2)]
    async with pages.open(client=here) as page, pages.open(client=there) as other:
        assert await page.next() == await other.next() == RETRY
        await in_database(sign_out, owner, key_of(here))
        assert await page.next() == b""
        await in_database(JobEvent.objects.create, job=job, kind="progress")
        assert b"event: update" in await other.next()


def test_all_sign_ins_are_checked_with_one_query(owner, stranger, django_assert_num_queries):
    good = SignIn(key_of(client_of(owner)), owner.pk, hash(seal_of(owner)))
    gone = [SignIn(f"gone-{number}", stranger.pk, 0) for number in range(1000)]
    with django_assert_num_queries(1):
        assert ended([good, *gone]) == set(gone)


def test_more_sign_ins_than_fit_into_a_query_are_checked_too(owner, monkeypatch):
    monkeypatch.setattr("live.sign_ins.BATCH", 2)
    found = [SignIn(key_of(client_of(owner)), owner.pk, hash(seal_of(owner))) for _ in range(5)]
    assert ended(found) == set()
    Session.objects.filter(pk=found[3].session_key).delete()
    assert ended(found) == {found[3]}
