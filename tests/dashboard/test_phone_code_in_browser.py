"""The code as a phone's camera sees it, what it opens, and several phones at once."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect
from qrcode.constants import ERROR_CORRECT_M
from qrcode.main import QRCode

from models_app import phone_links
from models_app.models import PhoneLink
from tests.console import launched_chromium, without_errors
from tests.dashboard.in_browser import image, sign_in
from tests.dashboard.test_parts_in_browser import large
from tests.dashboard.test_phone import page_of
from tests.dashboard.test_phone_in_browser import PHONE
from tests.dashboard.wizard_drafts import address, draft

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    # Of a site in a home network the header is not sent; the tests' settings are one machine's.
    pytest.mark.console_errors("Cross-Origin-Opener-Policy header has been ignored"),
]
QUIET = 4  # modules
DARK = 128
STORED = '#phone-list [data-state="stored"]'


@pytest.fixture
def chromium(monkeypatch) -> Iterator[Browser]:
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    with launched_chromium("--host-resolver-rules=MAP phones.example 127.0.0.1") as browser:
        yield browser


@pytest.fixture
def site(live_server, settings) -> str:
    """The address at which both the desktop and the phones find the site."""
    settings.ALLOWED_HOSTS = ["*"]
    settings.PUBLIC_URL = f"http://phones.example:{live_server.url.rpartition(':')[2]}"
    return settings.PUBLIC_URL


@pytest.fixture
def visitor(chromium, site, request) -> Iterator[Callable[..., BrowserContext]]:
    """Returns what makes visitors on whose pages nothing may go wrong."""
    with ExitStack() as stack:

        def visit(**options: object) -> BrowserContext:
            context = chromium.new_context(base_url=site, **options)
            stack.callback(context.close)
            stack.enter_context(without_errors(context, request.node))
            return context

        yield visit


def modules(shot: bytes, box: dict[str, float], size: int) -> list[list[bool]]:
    """Return the modules in a screenshot, read in the middle of each, quiet zone included."""
    grey = Image.open(io.BytesIO(shot)).convert("L")
    step = box["width"] / size

    def is_dark(x: int, y: int) -> bool:
        at = (int(box["x"] + (x + 0.5) * step), int(box["y"] + (y + 0.5) * step))
        return bool(grey.getpixel(at) < DARK)

    return [[is_dark(x, y) for x in range(size)] for y in range(size)]


def matrix_of(text: str) -> list[list[bool]]:
    code = QRCode(error_correction=ERROR_CORRECT_M, border=QUIET)
    code.add_data(text)
    return code.get_matrix()


def barriers(page: Page) -> list[str]:
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return [f"{hit['id']}: {hit['nodes'][0]['html']}" for hit in found]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_code_on_a_screenshot_opens_a_page_on_the_phone_that_all_can_use(
    visitor, site, owner, scheme
):
    model = draft(owner)
    desktop = visitor(color_scheme=scheme)
    sign_in(desktop, owner, site)
    page = desktop.new_page()
    page.goto(address(model, "photos"))
    page.get_by_role("button", name="Add photos from your phone").click()
    code = page.locator(".phone-code")
    code.scroll_into_view_if_needed()
    wanted = page.locator("#phone-address").input_value()
    matrix = matrix_of(wanted)
    assert modules(page.screenshot(), code.bounding_box(), len(matrix)) == matrix

    phone = visitor(color_scheme=scheme, **PHONE).new_page()
    assert phone.goto(wanted).status == 200
    assert barriers(phone) == []
    phone.set_input_files("input[multiple]", [image("a.jpg", "red"), image("b.jpg", "navy")])
    expect(phone.locator(STORED)).to_have_count(2)
    assert barriers(phone) == []


@pytest.mark.console_errors("Cross-Origin-Opener-Policy header", "status of 404")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_of_a_link_that_has_ended_is_for_everybody(visitor, scheme):
    phone = visitor(color_scheme=scheme, **PHONE).new_page()
    assert phone.goto(page_of("never")).status == 404
    assert barriers(phone) == []


def test_two_phones_send_by_one_link_at_once_whole_and_in_parts(visitor, owner):
    model = draft(owner)
    path = page_of(phone_links.token_of(phone_links.issue(model)))
    sets = [("red", "orange", "gold"), ("navy", "teal", "lime")]
    phones = [visitor(**PHONE).new_page() for _ in sets]
    for phone in phones:
        phone.goto(path)
    for phone, (first, second, third) in zip(phones, sets, strict=True):
        files = [image(f"{first}.jpg", first), large(second), image(f"{third}.jpg", third)]
        phone.set_input_files("input[multiple]", [*files, image("both.jpg", "plum")])
    for phone in phones:
        expect(phone.locator(STORED)).to_have_count(4)
    photos = list(model.photos.all())
    assert len(photos) == PhoneLink.objects.get().photo_count == 7
    assert [one.position for one in photos] == list(range(7))
    assert [one.chosen for one in photos] == sorted(one.chosen for one in photos)
    names = [one.original_filename for one in photos]
    for first, second, third in sets:
        sent = [f"{first}.jpg", f"{second}.bmp", f"{third}.jpg"]
        assert [name for name in names if name in sent] == sent
    assert names.count("both.jpg") == 1
