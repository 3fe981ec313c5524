"""A phone adds photos while the desktop watches, over the real live stream."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.console import launched_chromium
from tests.dashboard.real_server import manage
from tests.factories import jpeg

pytestmark = pytest.mark.browser
DRAFT = """
from accounts.models import User
from models_app.models import UserModel
user = User.objects.get()
columns = {"name": "Ann", "kind": "product", "trigger_word": "ann_k7"}
print(UserModel.objects.create(owner=user, **columns).pk)
"""
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


@pytest.fixture
def environment(environment):
    # Both browsers find it here; a machine with a name in its network is found by that name.
    return environment | {"PUBLIC_URL": "http://phones.example", "WEB_HOST": "127.0.0.1"}


@pytest.fixture
def chromium():
    with launched_chromium("--host-resolver-rules=MAP phones.example 127.0.0.1") as browser:
        yield browser


def test_photos_of_a_phone_appear_on_the_desktop_without_a_reload(environment, server, chromium):
    _, port, session = server
    model_id = manage(environment, "shell", "-v0", "-c", DRAFT)
    url = f"http://phones.example:{port}"
    desktop = chromium.new_context(base_url=url)
    name, value = session.split("=", 1)
    desktop.add_cookies([{"name": name, "value": value, "url": url}])
    page = desktop.new_page()
    page.goto(f"/dashboard/models/new/{model_id}/photos")
    page.get_by_role("button", name="Add photos from your phone").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#phone-title")).to_be_focused()
    shown = page.locator("#phone-address").input_value()
    path = re.sub(r"^http://phones\.example", "", shown)
    page.evaluate("window.isSameVisit = true")

    phone = chromium.new_context(base_url=url, **PHONE).new_page()
    phone.goto(path)
    library = phone.locator("input[multiple]")
    library.set_input_files([photo("a.jpg", "teal"), photo("b.jpg", "red")])
    expect(phone.locator('#phone-list [data-state="stored"]')).to_have_count(2)
    expect(phone.get_by_text("Done: you can go on at the computer.")).to_be_visible()

    cards = page.locator("#photo-grid > li")
    expect(cards).to_have_count(2)
    cards.first.locator("[data-open]").click()
    caption = cards.first.locator("input").first
    caption.fill("typed while others come")
    library.set_input_files([photo("c.jpg", "gold")])
    expect(cards).to_have_count(3)
    expect(caption).to_have_value("typed while others come")
    expect(page.locator("#phone-count")).to_contain_text("3 photos came by it.")

    phone.locator('[data-state="stored"] [data-remove]').last.click()
    expect(cards).to_have_count(2)
    page.get_by_role("button", name="Withdraw the code").click()
    expect(page.get_by_role("button", name="Add photos from your phone")).to_be_visible()
    library.set_input_files([photo("d.jpg", "navy")])
    expect(phone.locator('[data-state="refused"]')).to_contain_text("This link has ended")
    assert page.evaluate("window.isSameVisit")


def photo(name: str, colour: str) -> dict[str, object]:
    return {"name": name, "mimeType": "image/jpeg", "buffer": jpeg(colour=colour)}
