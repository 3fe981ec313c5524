"""What only a browser can show: the uploader, the autosave, and buttons without a reload."""

from __future__ import annotations

import pytest
from django.conf import settings
from playwright.sync_api import Page, Route, expect

from jobs.engine import provider_status
from models_app.models import UserModel
from providers.catalog import FLUX1_DEV
from providers.types import Description
from tests.dashboard.in_browser import image, open_photo, sign_in
from tests.dashboard.wizard_drafts import address, draft, trainer_answered

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.console_errors("status of 422")
def test_good_photos_arrive_and_a_bad_one_is_explained(page, owner):
    model = draft(owner)
    page.goto(address(model, "photos"))
    bad = {"name": "note.jpg", "mimeType": "image/jpeg", "buffer": b"no photo"}
    good = [image(f"IMG_{colour}.jpg", colour) for colour in ("red", "green", "blue", "gold")]
    page.set_input_files("#photos", [good[0], bad, *good[1:]])
    expect(page.locator("#photo-grid .photo-card")).to_have_count(4)
    expect(page.locator("#photo-advice h2")).to_contain_text("4 photos")
    expect(page.locator(".upload-card")).to_have_count(0)
    refused = page.locator(".trouble-refused")
    expect(refused.locator("summary")).to_have_text("1 file was not taken")
    expect(refused.locator("li")).to_contain_text("note.jpg This is not a photo")
    assert model.photos.count() == 4


def test_who_goes_to_another_step_goes_on_at_its_heading(page, owner):
    model = draft(owner, photos=5)
    page.goto(address(model, "photos"))
    assert page.evaluate("document.activeElement.tagName") == "BODY"  # nobody came from a step
    page.get_by_role("button", name="Continue").press("Enter")
    page.wait_for_url("**/training")
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    page.get_by_role("button", name="Photos").click()
    page.wait_for_url("**/photos")
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    page.reload()
    assert page.evaluate("document.activeElement.tagName") == "BODY"


@pytest.mark.console_errors("status of 422")
def test_refused_photos_do_not_block_continue(page, owner):
    model = draft(owner, photos=5)
    page.goto(address(model, "photos"))
    here = {"name": "a.mp4", "mimeType": "video/mp4", "buffer": b"0"}
    there = {"name": "b.jpg", "mimeType": "image/jpeg", "buffer": b"no photo"}
    page.set_input_files("#photos", [here, there])
    expect(page.locator(".trouble-refused li")).to_have_count(2)
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url("**/training")


@pytest.mark.console_errors("ERR_INTERNET_DISCONNECTED")
def test_continue_waits_for_a_photo_that_can_still_arrive(page, owner):
    model = draft(owner, photos=5)
    page.goto(address(model, "photos"))
    page.context.set_offline(True)
    page.set_input_files("#photos", [image("IMG_1.jpg", "red")])
    expect(page.locator(".upload-card [data-note]")).to_contain_text("No connection")
    page.get_by_role("button", name="Continue").click()
    problem = page.locator("#foot #problems")
    expect(problem).to_be_focused()
    expect(problem).to_contain_text("1 file is not uploaded.")
    problem.get_by_text("Show them").click()
    expect(page.locator(".upload-card [data-open]")).to_be_focused()
    expect(page.locator(".upload-card [data-note]")).to_be_visible()
    page.context.set_offline(False)
    expect(page.locator("#photo-grid .photo-card")).to_have_count(6)
    expect(problem).to_be_hidden()
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url("**/training")


@pytest.mark.console_errors("status of 401")
def test_a_signed_out_upload_is_sent_again_after_signing_in(page, owner, live_server):
    model = draft(owner)
    page.goto(address(model, "photos"))
    page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    page.set_input_files("#photos", [image("IMG_1.jpg", "red")])
    expect(page.locator(".upload-card [data-note]")).to_contain_text("You are signed out")
    expect(page.locator(".trouble-failed").get_by_role("link", name="Sign in")).to_be_visible()
    sign_in(page.context, owner, live_server.url)
    page.get_by_role("button", name="Send all again").click()
    expect(page.locator("#photo-grid .photo-card")).to_have_count(1)
    expect(page.locator(".upload-card")).to_have_count(0)


@pytest.mark.console_errors("ERR_INTERNET_DISCONNECTED")
def test_a_photo_that_could_not_be_sent_is_sent_once_there_is_a_connection(page, owner):
    model = draft(owner)
    page.goto(address(model, "photos"))
    page.context.set_offline(True)
    page.set_input_files("#photos", [image("IMG_1.jpg", "red")])
    expect(page.locator(".upload-card [data-note]")).to_contain_text("No connection")
    page.context.set_offline(False)
    expect(page.locator("#photo-grid .photo-card")).to_have_count(1)


@pytest.mark.console_errors("ERR_FAILED", "status of 422")
def test_a_photo_whose_answer_was_lost_is_found_when_sent_again(page, owner):
    model = draft(owner)
    page.goto(address(model, "photos"))

    def lose_the_answer(route):
        route.fetch()
        route.abort()

    page.route("**/photos/upload", lose_the_answer, times=1)
    page.set_input_files("#photos", [image("IMG_1.jpg", "red")])
    expect(page.locator("#photo-grid .photo-card")).to_have_count(1)
    expect(page.locator(".upload-card")).to_have_count(0)
    assert model.photos.count() == 1


@pytest.mark.console_errors("status of 422")
def test_all_refused_files_are_dismissed_with_one_click(page, owner):
    page.goto(address(draft(owner), "photos"))
    bad = [
        {"name": f"note{n}.jpg", "mimeType": "image/jpeg", "buffer": b"no photo %d" % n}
        for n in range(3)
    ]
    page.set_input_files("#photos", bad)
    expect(page.locator(".trouble-refused summary")).to_have_text("3 files were not taken")
    page.get_by_role("button", name="Dismiss").click()
    expect(page.locator("#upload-trouble")).to_be_hidden()
    expect(page.get_by_role("button", name="Continue")).to_be_focused()


def test_moving_a_photo_keeps_the_focus_on_its_button(page, owner):
    model = draft(owner, photos=3)
    first = model.photos.first()
    page.goto(address(model, "photos"))
    open_photo(page, first)
    with page.expect_response("**/move"):
        page.locator(f"#later-{first.pk}").click()
    expect(page.locator("#photo-grid .photo-card").nth(1)).to_have_id(f"photo-{first.pk}")
    expect(page.locator(f"#later-{first.pk}")).to_be_focused()
    assert list(model.photos.values_list("pk", flat=True))[1] == first.pk


def test_answers_are_saved_without_a_button(page, owner):
    page.goto("/dashboard/models/new")
    page.get_by_label("Name", exact=True).fill("Bob the cat")
    page.keyboard.press("Tab")
    word = page.get_by_label("Trigger word")
    expect(word).not_to_have_value("")
    with page.expect_response(lambda answer: "product" in (answer.request.post_data or "")):
        page.get_by_label("Product").check()
    expect(page.locator(".consent")).to_be_hidden()
    page.wait_for_url("**/about")  # the draft exists and has an address
    expect(page.locator("#saved")).to_have_text("Saved")
    suggested = word.input_value()
    page.reload()
    expect(word).to_have_value(suggested)
    expect(page.get_by_label("Product")).to_be_checked()
    assert UserModel.objects.get(owner=owner).name == "Bob the cat"


SUGGESTION = "**/trigger-word?*"


def hold_suggestions(page: Page) -> list[Route]:
    """Let no suggestion be answered until the test lets it."""
    asked: list[Route] = []
    page.route(SUGGESTION, lambda route: asked.append(route))
    return asked


def test_a_late_suggestion_never_changes_an_entered_word(page, owner):
    page.goto("/dashboard/models/new")
    asked = hold_suggestions(page)
    page.get_by_label("Name", exact=True).fill("Bob the cat")
    word = page.get_by_label("Trigger word")
    with page.expect_request(SUGGESTION):
        word.click()
    word.press_sequentially("mine_k7")
    with page.expect_response(SUGGESTION):
        asked[0].continue_()
    expect(page.locator("#saved")).to_have_text("Saved")
    expect(word).to_have_value("mine_k7")
    assert UserModel.objects.get(owner=owner).trigger_word == "mine_k7"


def test_typing_replaces_a_suggestion_in_the_focused_field(page, owner):
    page.goto("/dashboard/models/new")
    asked = hold_suggestions(page)
    page.get_by_label("Name", exact=True).fill("Bob the cat")
    word = page.get_by_label("Trigger word")
    with page.expect_request(SUGGESTION):
        word.click()
    expect(word).to_be_focused()
    asked[0].continue_()
    expect(word).not_to_have_value("")
    page.keyboard.type("mine_k7")
    expect(word).to_have_value("mine_k7")


def test_an_invalid_answer_is_explained_at_its_field(page, owner):
    page.goto(address(draft(owner), "about"))
    word = page.get_by_label("Trigger word")
    word.fill("house")
    expect(page.locator("#id_trigger_word_error")).to_contain_text("means something")
    expect(word).to_have_attribute("aria-invalid", "true")
    word.fill("house_k7")
    expect(page.locator("#id_trigger_word_error")).to_be_empty()


def test_the_estimate_follows_the_preset(page, owner):
    trainer_answered()
    page.goto(address(draft(owner, photos=5), "training"))
    expect(page.locator("#estimate")).to_contain_text("500")
    page.get_by_label("Thorough").check()
    expect(page.locator("#estimate")).to_contain_text("1,000")


def test_what_a_trainer_cannot_be_asked_for_is_neither_shown_nor_sent(page, owner, settings):
    settings.PROVIDERS = settings.PROVIDERS | {
        "fal": {"api_key": "id:secret", "base_url": "https://queue.fal.run"}
    }
    trainer_answered()
    provider_status.record_description("fal", Description(True, can_train=(FLUX1_DEV,)))
    model = draft(owner, photos=5)
    page.goto(address(model, "training"))
    page.get_by_text("Advanced settings").click()
    keeping = page.get_by_label("Keep what the base model knows")
    keeping.select_option("On")
    page.get_by_label("fal.ai").first.check()
    expect(keeping).to_be_hidden()
    page.get_by_label("Trainer on this machine").first.check()
    expect(keeping).to_have_value("True")
    page.get_by_label("fal.ai").first.check()
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url("**/review")
    model.refresh_from_db()
    assert (model.provider, "keep_prior" in model.options) == ("fal", False)


@pytest.mark.parametrize("step", ["about", "photos", "training", "review"])
def test_nothing_scrolls_sideways_on_a_small_phone(page, owner, step):
    trainer_answered()
    model = draft(owner, photos=5, **CHOSEN)
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto(address(model, step))
    assert page.url.endswith(step)
    root = page.evaluate("document.documentElement.scrollWidth")
    assert root <= 320


CHOSEN = {
    "base_model": "black-forest-labs/FLUX.1-dev",
    "provider": "local",
    "preset": "balanced",
    "options": {"epochs": 100, "learning_rate": 0.0002, "batch_size": 1, "resolution": 1024},
}


@pytest.mark.console_errors("status of 429")
def test_a_photo_beyond_the_limit_stays_on_the_page_to_be_tried_again(page, owner, settings):
    settings.LIMIT_PHOTOS_PER_DAY = 1
    model = draft(owner)
    page.goto(address(model, "photos"))
    page.set_input_files("#photos", [image("red.jpg", "red"), image("blue.jpg", "blue")])
    left = page.locator(".upload-card")
    expect(left).to_have_count(1)
    expect(left.locator("[data-note]")).to_contain_text("as many as you may")
    settings.LIMIT_PHOTOS_PER_DAY = 2
    left.locator("[data-open]").click()
    left.get_by_role("button", name="Try again").click()
    expect(page.locator("#photo-grid .photo-card")).to_have_count(2)
    expect(left).to_have_count(0)


@pytest.mark.console_errors("status of 429", "status of 409")
def test_what_is_typed_stays_where_no_draft_is_left_until_one_is_deleted(page, owner, settings):
    settings.LIMIT_DRAFTS = 1
    old = draft(owner)
    page.goto("/dashboard/models/new")
    page.fill("[name=name]", "My old dog")
    expect(page.locator("#saved")).to_contain_text("Train or delete it to begin another")
    page.press("[name=name]", "Enter")
    expect(page.locator("[name=name]")).to_have_value("My old dog")
    page.goto(address(old, "about"))
    page.get_by_role("link", name="Delete draft").click()
    page.locator("dialog").get_by_role("button", name="Delete draft").click()
    expect(page.locator("#messages")).to_contain_text("is deleted")
    assert not owner.user_models.exists()


PROXY_PAGE = "<html><head><title>An error</title></head></html>"


@pytest.mark.console_errors("status of")
@pytest.mark.parametrize(
    ("status", "words"),
    [
        (413, "A server in front of TheWay refused this as too large (error 413)."),
        (502, "A server in front of TheWay gets no answer from it (error 502)."),
        (200, "A server in front of TheWay answered in its place (error 200)."),
        (403, "A server in front of TheWay answered in its place (error 403)."),
    ],
)
def test_what_a_proxy_refuses_is_told_as_its_word(page, owner, status, words):
    model = draft(owner)
    page.goto(address(model, "photos"))
    page.route(
        "**/photos/upload", lambda route: route.fulfill(status=status, body=PROXY_PAGE), times=1
    )
    page.set_input_files("#photos", [image("IMG_1.jpg", "red")])
    if status in {413, 403}:
        expect(page.locator(".trouble-refused")).to_contain_text(words)
        page.get_by_role("button", name="Try again").click()
    else:  # it passes by itself
        expect(page.locator(".upload-card [data-note]")).to_contain_text(words)
    expect(page.locator("#photo-grid .photo-card")).to_have_count(1)


@pytest.mark.console_errors("status of")
@pytest.mark.parametrize(("status", "may_go_on"), [(413, True), (403, True), (502, False)])
def test_what_a_proxy_refuses_for_good_does_not_block_continue(page, owner, status, may_go_on):
    model = draft(owner, photos=5)
    page.goto(address(model, "photos"))
    page.route("**/photos/upload", lambda route: route.fulfill(status=status, body=PROXY_PAGE))
    page.set_input_files("#photos", [image("IMG_1.jpg", "red")])
    place = ".trouble-refused" if may_go_on else ".upload-card [data-note]"
    expect(page.locator(place)).to_contain_text("A server in front")
    page.get_by_role("button", name="Continue").click()
    if may_go_on:
        page.wait_for_url("**/training")
    else:
        expect(page.locator("#problems")).to_contain_text("not uploaded")


@pytest.mark.console_errors("status of")
def test_answers_that_a_proxy_kept_are_not_called_saved(page):
    page.goto("/dashboard/models/new")
    refuse = lambda route: route.fulfill(status=502, body=PROXY_PAGE)  # noqa: E731
    page.route(lambda url: "/models/new" in url, refuse)
    page.get_by_label("Name", exact=True).fill("Bob the cat")
    page.keyboard.press("Tab")
    expect(page.locator("#saved")).to_contain_text("gets no answer from it (error 502)")
