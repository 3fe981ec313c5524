"""No page of the site makes an error in a browser's console: nothing the policy forbids either.

The fixture `visit` looks; these tests bring every page in front of it.
"""

from __future__ import annotations

import pytest
from django.urls import reverse
from playwright.sync_api import BrowserContext, Page, expect

from jobs.models import JobQueue
from tests.admin.test_admin import LISTS
from tests.dashboard.in_browser import open_photo, sign_in
from tests.dashboard.rows import PICTURES, describe_local_trainer, stored_model, tell_story
from tests.dashboard.wizard_drafts import STEPS, address, complete_draft
from tests.factories import GeneratedImageFactory, JobFactory, UserModelFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

FOR_ALL = ("/", "/accounts/login/", "/accounts/signup/", "/accounts/password/reset/")
OWN = (
    *("/dashboard/", "/dashboard/models", "/dashboard/models/new", "/dashboard/pictures"),
    *("/dashboard/activity", "/dashboard/data", "/account/", "/account/password/"),
    *("/account/address/", "/accounts/logout/"),
)


def look_at(page: Page, path: str, status: int = 200) -> None:
    answer = page.goto(path)
    assert answer
    assert answer.status == status, path


def test_pages_for_everybody(visit):
    page = visit.new_page()
    for path in FOR_ALL:
        look_at(page, path)


def test_pages_of_an_owner_without_anything(page):
    for path in OWN:
        look_at(page, path)


@pytest.mark.parametrize("state", ["running", "unknown", "failed", "ready"])
def test_pages_of_a_model_in_every_state(page, owner, state):
    describe_local_trainer()
    if state == "ready":
        model = stored_model(owner)
        GeneratedImageFactory(model=model)
        JobFactory(model=model, kind="generation", failed=True, payload=PICTURES)
    else:
        model = UserModelFactory(owner=owner, training=True)
        tell_story(JobFactory(model=model, **{state: True}))
    for path in (*OWN, reverse("dashboard:model", args=[model.pk])):
        look_at(page, path)
    for tab in page.get_by_role("tab").all():
        tab.click()
    with page.expect_response("**/live"):
        page.evaluate("document.body.dispatchEvent(new CustomEvent('live:poll'))")
    if state == "ready":
        page.locator("a[data-lightbox]").first.click()
        expect(page.locator("#lightbox")).to_be_visible()


def test_every_step_of_the_wizard(page, owner):
    model = complete_draft(owner)
    for step in STEPS:
        look_at(page, address(model, step))
    page.goto(address(model, "photos"))
    first = model.photos.first()
    open_photo(page, first)
    with page.expect_response("**/move"):
        page.locator(f"#later-{first.pk}").click()
    expect(page.locator("#photo-grid .photo-card").nth(1)).to_have_id(f"photo-{first.pk}")


def as_operator(visit: BrowserContext, operator, url: str) -> Page:
    sign_in(visit, operator, url)
    return visit.new_page()


def test_every_page_of_the_admin(visit, operator, live_server):
    page = as_operator(visit, operator, live_server.url)
    job = JobFactory(running=True)
    tell_story(job)
    rows = (job, job.model, GeneratedImageFactory(), operator)
    changes = [
        reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])
        for row in rows
    ]
    for path in ("/admin/", *LISTS, *changes):
        look_at(page, path)
    assert JobQueue.objects.count() == 1


def test_the_page_that_describes_the_api(visit, operator, live_server):
    page = as_operator(visit, operator, live_server.url)
    look_at(page, "/api/docs")
    call = page.locator("#startModel")
    call.locator("summary").click()
    expect(call.get_by_text("Repeating it returns the training")).to_be_visible()


@pytest.mark.console_errors("status of 404")
def test_pages_that_do_not_exist(page):
    look_at(page, "/nothing", 404)
