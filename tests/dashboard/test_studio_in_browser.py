"""Making pictures and looking at them, in a browser: by keyboard, by finger, by hand alone."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.core.files.base import ContentFile
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page, expect

from generation.ideas import ideas_for
from generation.models import GeneratedImage
from jobs.models import JobQueue
from models_app.models import UserModel
from tests.console import without_errors
from tests.dashboard.in_browser import sign_in
from tests.dashboard.rows import describe_local_trainer, stored_model
from tests.factories import GeneratedImageFactory, jpeg
from theway.processes.waiting import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

KEPT = {"typed_prompt": "on a boat", "ratio": "3:2", "strength": 0.8, "provider": "local"}
WITHOUT_DIALOG = "delete HTMLDialogElement.prototype.showModal"
IS_KEPT = "Boolean(history.state?.lightbox)"
POLL = "document.body.dispatchEvent(new CustomEvent('live:poll'))"
# What moved without anybody having done something: https://web.dev/articles/cls
WATCH = """() => {
  window.moved = [];
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const what = entry.sources.map(({ node }) => node?.nodeName);
      if (!entry.hadRecentInput) window.moved.push([entry.value, ...what]);
    }
  }).observe({ type: "layout-shift", buffered: true });
}"""
SHIFT = "window.moved.reduce((sum, [value]) => sum + value, 0)"
MOST = 0.02


@pytest.fixture
def ready(owner) -> UserModel:
    describe_local_trainer()
    return stored_model(owner, name="Ann")


@pytest.fixture
def images(ready) -> list[GeneratedImage]:
    """Three pictures, newest first, each of a press of its own."""
    made = GeneratedImageFactory.create_batch(3, model=ready, seed=7, settings=KEPT)
    return list(reversed(made))


@pytest.fixture
def phone(chromium, live_server, owner, request) -> Iterator[BrowserContext]:
    """A phone of the owner's."""
    context = chromium.new_context(
        base_url=live_server.url,
        viewport={"width": 390, "height": 700},
        has_touch=True,
        is_mobile=True,
    )
    sign_in(context, owner, live_server.url)
    with without_errors(context, request.node):
        yield context
    context.close()


def studio(model: UserModel) -> str:
    return reverse("dashboard:model", args=[model.pk])


def link(page: Page, image: GeneratedImage):
    return page.locator(f"#picture-{image.pk}")


def place(page: Page):
    return page.locator("#lightbox-place")


# --- making --------------------------------------------------------------------------------


def test_after_making_pictures_focus_and_view_are_where_they_appear(phone, ready, images):
    page = phone.new_page()
    page.goto(studio(ready))
    page.get_by_label("What should the picture").fill("in the sun")
    page.get_by_role("button", name="Make pictures").tap()
    heading = page.get_by_role("heading", name="in the sun")
    expect(heading).to_be_focused()
    expect(heading).to_be_in_viewport()
    job = JobQueue.objects.get(kind="generation")
    expect(page.locator(f"#place-{job.pk}-0")).to_be_in_viewport()
    expect(page.get_by_role("progressbar", name="Making pictures")).to_be_in_viewport()


def test_an_idea_fills_in_the_prompt_and_sends_nothing(page, ready):
    page.goto(studio(ready))
    idea = ideas_for(ready)[1]
    page.get_by_label("Shape").select_option("16:9")
    page.get_by_role("link", name=idea).press("Enter")
    prompt = page.get_by_label("What should the picture")
    expect(prompt).to_have_value(idea)
    expect(prompt).to_be_focused()
    expect(page.get_by_label("Shape")).to_have_value("16:9")
    assert page.url.endswith(studio(ready))
    assert not JobQueue.objects.filter(kind="generation").exists()


def test_words_that_an_idea_has_replaced_are_brought_back_as_any_others(page, ready):
    page.goto(studio(ready))
    prompt = page.get_by_label("What should the picture")
    prompt.press_sequentially("my own long words")
    idea = ideas_for(ready)[0]
    page.get_by_role("link", name=idea).click()
    expect(prompt).to_have_value(idea)
    page.keyboard.press("Control+z")
    expect(prompt).to_have_value("my own long words")


@pytest.mark.console_errors("422")
def test_a_form_that_was_refused_is_filled_in_like_any_other(page, ready, images):
    page.goto(studio(ready))
    page.get_by_label("What should the picture").fill("in the sun")
    page.locator("#studio-form summary").click()
    page.locator("#id_strength").fill("9")
    page.evaluate("document.querySelector('#studio-form form').noValidate = true")
    page.get_by_role("button", name="Make pictures").click()
    expect(page.locator("#id_strength")).to_have_attribute("aria-invalid", "true")
    page.get_by_role("link", name=ideas_for(ready)[0]).click()
    expect(page.get_by_label("What should the picture")).to_have_value(ideas_for(ready)[0])
    expect(page.locator("#id_strength")).to_have_value("9")
    link(page, images[0]).click()
    assert page.locator("#lightbox input[name=next]").input_value().startswith(studio(ready) + "#")
    page.get_by_role("link", name="Use these settings").click()
    expect(page.locator("#id_strength")).to_have_value("0.8")


@pytest.mark.parametrize(("name", "seed"), [("Use these settings", "7"), ("More like this", "")])
def test_a_picture_fills_in_the_form_and_the_person_presses_the_button(
    page, ready, images, name, seed
):
    page.goto(studio(ready))
    page.locator("#id_count").select_option("3")
    link(page, images[1]).click()
    page.get_by_role("link", name=name).click()
    expect(page.locator("#lightbox")).to_be_hidden()
    prompt = page.get_by_label("What should the picture")
    expect(prompt).to_be_focused()
    expect(prompt).to_be_in_viewport()
    expect(prompt).to_have_value("on a boat")
    expect(page.get_by_label("Shape")).to_have_value("3:2")
    expect(page.locator("#id_strength")).to_have_value("0.8")
    expect(page.locator("#id_seed")).to_have_value(seed)
    expect(page.locator("#id_count")).to_have_value("3")
    assert not JobQueue.objects.filter(kind="generation").exists()


def test_words_that_a_picture_has_replaced_come_back_with_a_key(page, ready, images):
    page.goto(studio(ready))
    prompt = page.get_by_label("What should the picture")
    prompt.fill("my own words")
    link(page, images[1]).click()
    page.get_by_role("link", name="Use these settings").click()
    expect(prompt).to_have_value("on a boat")
    expect(prompt).to_be_focused()
    page.keyboard.press("Control+z")
    expect(prompt).to_have_value("my own words")


def test_from_the_gallery_it_leads_to_the_form_of_its_model(page, ready, images):
    page.goto(reverse("dashboard:gallery"))
    before = page.evaluate("history.length")
    link(page, images[0]).click()
    page.get_by_role("link", name="Use these settings").click()
    prompt = page.get_by_label("What should the picture")
    expect(prompt).to_have_value("on a boat")
    expect(prompt).to_be_focused()
    expect(page.locator("#id_seed")).to_have_value("7")
    assert page.evaluate("history.length") == before + 1  # one step leads back


# --- looking -------------------------------------------------------------------------------


def test_the_full_view_begins_with_close_and_goes_by_keys(page, ready, images):
    page.goto(reverse("dashboard:gallery"))
    link(page, images[0]).press("Enter")
    close = page.get_by_role("button", name="Close")
    expect(close).to_be_focused()
    expect(place(page)).to_have_text("1 of 3")
    page.keyboard.press("ArrowRight")
    expect(place(page)).to_have_text("2 of 3")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    expect(place(page)).to_have_text("3 of 3")
    page.keyboard.press("Escape")
    expect(page.locator("#lightbox")).to_be_hidden()
    expect(link(page, images[2])).to_be_focused()


@pytest.mark.parametrize("width", [1440, 390, 320])
def test_close_stays_at_the_top_and_is_as_large_as_a_finger(page, ready, images, width):
    page.set_viewport_size({"width": width, "height": 600})
    page.goto(reverse("dashboard:gallery"))
    link(page, images[0]).click()
    page.locator("#lightbox summary").click()
    page.get_by_role("button", name="Delete picture").scroll_into_view_if_needed()
    close = page.get_by_role("button", name="Close")
    expect(close).to_be_in_viewport(ratio=1)
    for button in (close, page.locator("[data-lightbox-step]").first):
        box = button.bounding_box()
        assert box and min(box["width"], box["height"]) >= 44
    assert page.evaluate("document.getElementById('lightbox').scrollWidth") <= width


def swipe(page: Page, aside: int, along: int = 0, fingers: int = 1) -> None:
    """Move fingers over the picture, as a touch screen says it."""
    client = page.context.new_cdp_session(page)

    def touch(kind: str, part: float) -> None:
        points = [
            {"x": 190 + aside * part, "y": 200 + 60 * one + along * part, "id": one}
            for one in range(fingers)
        ]
        sent = {"type": kind, "touchPoints": [] if kind == "touchEnd" else points}
        client.send("Input.dispatchTouchEvent", sent)

    touch("touchStart", 0)
    for part in (0.25, 0.5, 0.75, 1):
        touch("touchMove", part)
    touch("touchEnd", 1)


def test_a_finger_to_the_side_shows_the_next_picture(phone, ready, images):
    page = phone.new_page()
    page.goto(reverse("dashboard:gallery"))
    link(page, images[0]).tap()
    expect(place(page)).to_have_text("1 of 3")
    swipe(page, -150)
    expect(place(page)).to_have_text("2 of 3")
    swipe(page, 150)
    expect(place(page)).to_have_text("1 of 3")
    swipe(page, 20, 150)  # scrolling
    swipe(page, -150, fingers=2)  # zooming
    swipe(page, -20)  # a tap that trembles
    expect(place(page)).to_have_text("1 of 3")


def test_the_back_button_closes_the_picture_and_then_leaves_the_page(phone, ready, images):
    page = phone.new_page()
    page.goto(reverse("dashboard:models"))
    page.goto(reverse("dashboard:gallery"))
    for _ in range(2):
        link(page, images[1]).tap()
        expect(page.locator("#lightbox")).to_be_visible()
        page.go_back()
        expect(page.locator("#lightbox")).to_be_hidden()
        expect(link(page, images[1])).to_be_focused()
        link(page, images[0]).tap()
        page.get_by_role("button", name="Close").tap()
        expect(page.locator("#lightbox")).to_be_hidden()
        assert wait_until(lambda: page.wait_for_timeout(20) or not page.evaluate(IS_KEPT), 10)
    assert page.url.endswith(reverse("dashboard:gallery"))
    page.go_back()
    expect(page).to_have_url(f"{page.url.partition('/dashboard')[0]}{reverse('dashboard:models')}")


def test_a_browser_without_dialogs_opens_the_page_of_the_picture(page, ready, images):
    page.add_init_script(WITHOUT_DIALOG)
    page.goto(reverse("dashboard:gallery"))
    link(page, images[0]).click()
    expect(page.get_by_role("heading", name="Picture", exact=True)).to_be_visible()
    assert page.url.endswith(reverse("dashboard:image", args=[images[0].pk]))


def test_the_full_view_shows_the_whole_file(page, ready, images):
    page.goto(reverse("dashboard:gallery"))
    link(page, images[0]).click()
    full = reverse("dashboard:image_file", args=[images[0].pk, "full"])
    expect(page.locator("#lightbox-image")).to_have_attribute("src", re.compile(f"{full}$"))


def test_a_picture_is_deleted_where_it_is_shown_and_the_next_one_has_the_focus(page, ready, images):
    page.goto(studio(ready))
    link(page, images[1]).click()
    page.locator("#lightbox summary").click()
    page.get_by_role("button", name="Delete picture").click()
    expect(page.get_by_text("The picture is deleted.")).to_be_visible()
    expect(link(page, images[1])).to_have_count(0)
    expect(link(page, images[2])).to_be_focused()
    assert page.url.partition("#")[0].endswith(studio(ready))


# --- nothing moves -------------------------------------------------------------------------


def shift_of(page: Page) -> float:
    page.wait_for_timeout(100)  # what the browser has to say comes with the next frames
    return float(page.evaluate(SHIFT))


def poll(page: Page, answer: str = "**/live") -> None:
    with page.expect_response(answer):
        page.evaluate(POLL)


def finish_one(job: JobQueue, index: int, *, is_last: bool) -> None:
    file = ContentFile(jpeg(448, 560), name="picture.jpg")
    GeneratedImageFactory(model=job.model, job=job, index=index, file=file, settings=job.payload)
    if is_last:
        JobQueue.objects.filter(pk=job.pk).update(
            status="succeeded", finished_at=timezone.now(), result={"images": index + 1}
        )


@pytest.mark.parametrize("width", [1440, 390])
def test_pictures_that_arrive_in_the_studio_move_nothing(page, ready, images, width):
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(studio(ready))
    page.get_by_label("What should the picture").fill("in the sun")
    page.get_by_label("Shape").select_option("4:5")
    page.locator("#id_count").select_option("2")
    page.get_by_role("button", name="Make pictures").click()
    expect(page.get_by_role("heading", name="in the sun")).to_be_focused()
    page.evaluate(WATCH)
    job = JobQueue.objects.get(kind="generation")
    JobQueue.objects.update(status="running", run_id="img-1", sent_at=timezone.now())
    poll(page)
    for index in range(2):
        finish_one(job, index, is_last=index == 1)
        poll(page)
        expect(page.locator(f"#generation-{job.pk} img")).to_have_count(index + 1)
    expect(page.locator(f"#generation-{job.pk} progress")).to_have_count(0)
    expect(page.get_by_role("status").get_by_text("in the sun: Done")).to_be_attached()
    assert shift_of(page) < MOST, page.evaluate("window.moved")


@pytest.mark.parametrize("width", [1440, 320])
def test_the_gallery_is_laid_out_once(page, ready, width):
    GeneratedImageFactory.create_batch(30, model=ready)
    page.set_viewport_size({"width": width, "height": 900})
    page.add_init_script(f"({WATCH})()")
    page.goto(reverse("dashboard:gallery"))
    page.wait_for_load_state("networkidle")
    assert shift_of(page) < MOST, page.evaluate("window.moved")


@pytest.mark.parametrize(("width", "there"), [(1440, 0), (1440, 7), (390, 7), (390, 12)])
def test_new_pictures_on_home_move_nothing(page, ready, width, there):
    GeneratedImageFactory.create_batch(there, model=ready)
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(reverse("dashboard:home"))
    page.wait_for_load_state("networkidle")
    page.locator("#live-newest").evaluate("part => part.scrollIntoView()")
    page.evaluate(WATCH)
    for _ in range(2):
        GeneratedImageFactory(model=ready)
        poll(page, f"**{reverse('dashboard:home')}")
    shown = page.locator("#live-newest img")
    expect(shown).to_have_count(min(there + 2, 12))
    assert shift_of(page) < MOST, page.evaluate("window.moved")
