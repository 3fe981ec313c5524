"""Times: labelled UTC by the server, and in the person's own zone where scripts run."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.urls import reverse
from playwright.sync_api import Page, expect

from accounts import invitations
from accounts.models import Invitation
from dashboard.templatetags.times import ago, moment
from jobs.models import JobEvent
from models_app.models import UserModel
from tests.dashboard.in_browser import sign_in
from tests.dashboard.wizard_drafts import address, complete_draft
from tests.factories import JobFactory, UserModelFactory

# Both ends of summer time in Auckland in 2026, and of winter time in St. John's: an instant each.
WINTER = datetime(2026, 7, 1, 23, 30, 5, tzinfo=UTC)
SUMMER = datetime(2026, 1, 1, 23, 30, 5, tzinfo=UTC)


def test_a_time_is_exact_and_says_that_it_is_utc():
    auckland = SUMMER.astimezone(ZoneInfo("Pacific/Auckland"))
    for at in (SUMMER, auckland):
        text = moment(at, "second")
        assert 'datetime="2026-01-01T23:30:05+00:00"' in text
        assert ">1 Jan 2026, 23:30:05 UTC</time>" in text
        assert 'title="1 January 2026, 23:30:05 UTC"' in text
    assert moment(None) == ""


def test_a_day_longer_ago_than_a_week_is_a_day_in_utc(time_machine):
    time_machine.move_to(WINTER)
    assert ">1 Jan 2026 UTC</time>" in ago(SUMMER)


def story(owner, at: datetime) -> UserModel:
    """A model in training whose log has one line."""
    model = UserModelFactory(owner=owner, training=True)
    job = JobFactory(model=model, running=True)
    JobEvent.objects.create(job=job, kind="log", text="loading the base model", at=at)
    JobEvent.objects.create(job=job, kind="note", text="4 photos were sent.", at=at)
    return model


@pytest.mark.django_db
def test_without_a_script_every_time_of_a_page_says_utc(owner, owner_client, operator_client):
    model = story(owner, SUMMER)
    UserModel.objects.filter(pk=model.pk).update(ready_at=SUMMER, consent_at=SUMMER)
    job = model.jobs.get()
    for client, path, wanted in (
        (owner_client, reverse("dashboard:model", args=[model.pk]), "Times: <span data-zone>UTC<"),
        (operator_client, f"/admin/jobs/jobqueue/{job.pk}/change/", "1 Jan 2026, 23:30:05 UTC"),
        (operator_client, "/admin/models_app/usermodel/", "1 Jan 2026, 23:30:05 UTC"),
        (operator_client, f"/admin/models_app/usermodel/{model.pk}/change/", "23:30:05 UTC"),
    ):
        assert wanted in client.get(path).content.decode(), path


def test_no_page_writes_a_time_of_its_own():
    """Only the tag's are shown in the person's zone. Mails have no scripts; days are no times."""
    own = re.compile(r'\|(?:date|time):"[^"]*[HhgGPcrUi]|\bUTC\b(?!\.)')
    pages = Path(settings.BASE_DIR, "templates").rglob("*.html")
    assert [path.name for path in pages if own.search(path.read_text())] == []


@pytest.mark.django_db
def test_the_admins_history_says_utc_too(operator, operator_client, stranger):
    entry = LogEntry.objects.create(
        user=operator,
        content_type=ContentType.objects.get_for_model(stranger),
        object_id=str(stranger.pk),
        action_flag=2,
        change_message="Changed.",
    )
    LogEntry.objects.filter(pk=entry.pk).update(action_time=SUMMER)
    page = operator_client.get(f"/admin/accounts/user/{stranger.pk}/history/").content.decode()
    assert "1 Jan 2026, 23:30:05 UTC" in page
    assert "Changed." in page


def page_in(zone: str, chromium, live_server, user) -> Page:
    context = chromium.new_context(base_url=live_server.url, timezone_id=zone)
    sign_in(context, user, live_server.url)
    return context.new_page()


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("zone", "at", "clock", "day", "offset"),
    [
        ("Pacific/Auckland", SUMMER, "12:30:05", "2 January 2026", "GMT+13"),
        ("Pacific/Auckland", WINTER, "11:30:05", "2 July 2026", "GMT+12"),
        ("America/St_Johns", SUMMER, "20:00:05", "1 January 2026", "GMT-3:30"),
        ("America/St_Johns", WINTER, "21:00:05", "1 July 2026", "GMT-2:30"),
    ],
)
def test_a_page_shows_the_persons_own_zone_at_that_time_of_the_year(
    chromium, live_server, owner, operator, zone, at, clock, day, offset
):
    model = story(owner, at)
    page = page_in(zone, chromium, live_server, owner)
    page.goto(reverse("dashboard:model", args=[model.pk]))
    page.get_by_role("tab", name="Log").click()
    line = page.locator(".log time")
    expect(line).to_have_text(clock)
    title = line.get_attribute("title") or ""
    assert title.startswith(day)
    assert title.endswith(f"{clock} {offset}")
    expect(page.locator("#live-log [data-zone]")).to_have_text(zone.replace("_", " "))
    expect(line).to_have_attribute("datetime", at.isoformat())

    draft = complete_draft(owner)
    UserModel.objects.filter(pk=draft.pk).update(consent_at=at)
    page.goto(address(draft, "review"))
    expect(page.get_by_text("Given on")).to_contain_text(f"{clock[:5]} {offset}")

    admin = page_in(zone, chromium, live_server, operator)
    admin.goto(f"/admin/jobs/jobqueue/{model.jobs.get().pk}/change/")
    expect(admin.get_by_text(f"{clock} {offset}").first).to_be_visible()
    admin.goto("/admin/models_app/usermodel/")
    expect(admin.locator("time").first).to_contain_text("GMT")


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_a_visitor_who_is_invited_sees_their_own_zone_too(chromium, live_server):
    invitation = Invitation()
    link = invitations.issue(invitation, lasts=timedelta(days=7))
    page = chromium.new_context(timezone_id="Pacific/Auckland").new_page()
    page.goto(live_server.url + urlsplit(link).path)
    there = invitation.expires_at.astimezone(ZoneInfo("Pacific/Auckland"))
    expect(page.locator("time")).to_contain_text(f"{there:%H:%M} GMT+1")
