"""Browsers that keep nothing for a site, stop its pages, or read what is typed in them."""

from __future__ import annotations

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from tests.dashboard.in_browser import image, wall_of
from tests.dashboard.wizard_drafts import address, draft
from tests.factories import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

REFUSES = """(() => {
  const refuse = () => { throw new DOMException("The operation is insecure.", "SecurityError"); };
  globalThis.BroadcastChannel = class { constructor() { refuse(); } };
  globalThis.SharedWorker = class { constructor() { refuse(); } };
  IDBFactory.prototype.open = refuse;
  LockManager.prototype.request = async () => refuse();
  for (const name of ["localStorage", "sessionStorage"]) {
    Object.defineProperty(globalThis, name, { get: refuse });
  }
})()"""
LACKS = "delete globalThis.BroadcastChannel"
# A passkey's dialog that nobody has answered yet; a second one fails.
ASKED = """(() => {
  globalThis.asked = [];
  navigator.credentials.get = ({ signal }) => new Promise((resolve, reject) => {
    const isOpen = globalThis.asked.some((one) => !one.aborted);
    globalThis.asked.push(signal ?? {});
    if (isOpen) reject(new DOMException("A request is already pending.", "OperationError"));
  });
})()"""
HIDE = """() => {
  Object.defineProperty(document, "visibilityState", { get: () => "hidden" });
  Object.defineProperty(document, "hidden", { get: () => true });
  document.dispatchEvent(new Event("visibilitychange"));
}"""


@pytest.mark.parametrize("browser", [REFUSES, LACKS], ids=["refuses", "lacks"])
def test_a_draft_is_filled_in_where_the_browser_keeps_nothing(page, owner, browser):
    page.add_init_script(browser)
    model = draft(owner)
    page.goto(address(model, "about"))
    page.get_by_label("Name", exact=True).fill("Berta")
    expect(page.locator("#saved")).to_have_text("Saved")
    wall_of(page, model)
    page.set_input_files("#photos", [image("IMG_1.jpg", "red")])
    expect(page.locator("#photo-grid .photo-card")).to_have_count(1)


def test_what_is_typed_is_sent_before_a_phone_stops_the_page(page, owner):
    model = draft(owner)
    page.goto(address(model, "about"))
    page.wait_for_load_state()
    page.clock.install()
    page.clock.pause_at("2050-01-01")  # no timer ends any more
    page.get_by_label("Name", exact=True).fill("Berta")
    with page.expect_response(lambda reply: reply.request.method == "POST"):
        page.evaluate(HIDE)
    model.refresh_from_db()
    assert model.name == "Berta"


def test_nobody_spells_or_capitalises_a_password_that_is_shown(visit, owner):
    page = visit.new_page()
    page.goto(reverse("account_login"))
    field = page.locator("#id_password")
    field.fill(PASSWORD)
    page.get_by_role("button", name="Show password").click()
    expect(field).to_have_attribute("type", "text")
    expect(field).to_have_attribute("spellcheck", "false")
    expect(field).to_have_attribute("autocapitalize", "none")
    expect(field).to_have_attribute("autocorrect", "off")


@pytest.mark.parametrize("later", [False, True])
def test_a_passkey_is_asked_for_once_and_anew_where_nobody_has_answered(visit, owner, later):
    page = visit.new_page()
    page.add_init_script(ASKED)
    page.goto(reverse("account_login"))
    button = page.locator("form[data-passkey] button")
    page.evaluate("(now => (Date.now = () => now))(Date.now())")  # however busy this machine is
    button.click()
    page.wait_for_function("() => asked.length === 1")
    if later:
        page.evaluate("(now => (Date.now = () => now + 60000))(Date.now())")
    button.click()
    if later:
        page.wait_for_function("() => asked.length === 2")
    for _ in range(2):  # whatever was asked of the server before is answered by then
        page.evaluate("fetch('/healthz').then((answer) => answer.text())")
    assert page.evaluate("asked.length") == (2 if later else 1)
    expect(page.locator("[data-passkey-error]")).to_be_hidden()


def test_the_answer_of_a_passkey_is_sent_once(visit, owner):
    page = visit.new_page()
    page.goto(reverse("account_login"))
    answer = page.locator("form[data-passkey] [name=credential]")
    answer.evaluate("field => (field.value = 'used')")
    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    expect(answer).to_have_value("")
