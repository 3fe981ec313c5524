"""What people do after they pressed start: look, decide, cancel, ask for pictures, delete."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Sequence
from functools import partial
from random import Random

from bench.chaos.people import Draft, press_start, together
from theway.demo.browser import Browser
from theway.demo.errors import DemoError
from theway.demo.page import Page, form_values

CALM_SECONDS = 8.0
# Where there is a list, people mostly wait for what the engine finds out: else their words
# would permit the second payment that the engine must not make by itself.
LISTED_CHANCE = 0.2


def live(draft: Draft, webs: Sequence[str], stop: threading.Event, rng: Random) -> None:
    """Press start, then come back now and then, until `stop`; in a thread of its own."""
    press_start(draft, list(webs))
    while not stop.wait(rng.uniform(0.3, 1.5)):
        visit(draft, rng.choice(webs), rng, patience=0.3)


def settle(drafts: Sequence[Draft], webs: Sequence[str], seconds: float, rng: Random) -> bool:
    """Let everybody finish what they want; return whether nothing moves any more."""
    from bench.chaos.verdict import unfinished

    deadline = time.monotonic() + seconds
    calm_since = time.monotonic()
    while time.monotonic() < deadline:
        for draft in drafts:
            if not draft.deleted:
                visit(draft, rng.choice(webs), rng, patience=0.5)
        left = unfinished()
        print(f"waiting for rest: {dict(left)}", end="\r", flush=True, file=sys.stderr)
        wishes = [draft for draft in drafts if draft.pictures_wanted and not draft.gave_up]
        if left or any(not draft.deleted for draft in wishes):
            calm_since = time.monotonic()
        elif time.monotonic() - calm_since > CALM_SECONDS:
            return True
        time.sleep(1)
    return False


def visit(draft: Draft, web: str, rng: Random, *, patience: float) -> None:
    """Open the model's page and use at most one of its buttons.

    `patience` is the chance to leave an unclear or failed job alone for now.
    """
    browser = draft.browser(web)
    try:
        page = browser.open(f"/dashboard/models/{draft.model_id}")
        _act(draft, browser, page, rng, patience)
    except DemoError:
        pass  # a server in the middle of dying; they come back


def _act(draft: Draft, browser: Browser, page: Page, rng: Random, patience: float) -> None:
    clicks = rng.choice((1, 1, 2))
    if page.form("/not-started") or page.form("/retry"):
        chance = 1 - patience
        if page.form("/not-started") and draft.provider == "local":
            chance *= LISTED_CHANCE
        if rng.random() < chance:
            _decide(draft, browser, page, rng)
    elif page.form("/cancel") and draft.wants_cancel:
        draft.wants_cancel, draft.gave_up = False, True
        _press(browser, page, "/cancel", clicks=clicks)
    elif draft.pictures_wanted and page.form("/generate"):
        draft.pictures_wanted -= 1
        _permit(draft, "generation", page, "/generate")
        fields = {"prompt": "at the sea", "provider": draft.provider}
        _press(browser, page, "/generate", clicks=clicks, **fields)
    elif draft.wants_delete and not draft.pictures_wanted:
        after = browser.submit(page, "/delete", {})
        draft.deleted = str(draft.model_id) not in after.address


def _decide(draft: Draft, browser: Browser, page: Page, rng: Random) -> None:
    """Say what an unclear job is, or try a failed one again."""
    # Only a trained model has a form for pictures: then the buttons are a generation's.
    kind = "generation" if page.form("/generate") else "training"
    unclear = page.form("/not-started")
    if unclear is None:
        if kind == "generation" or not draft.gave_up:
            _permit(draft, kind, page, "/retry")
            _press(browser, page, "/retry", clicks=2)
    elif rng.random() < 0.2:
        draft.gave_up |= kind == "training"
        _press(browser, page, "/abandon")
    else:
        job = str(unclear["action"]).split("/")[-2]
        with draft.lock:
            draft.permissions[kind] += 1
            draft.words[job] += 1
        _press(browser, page, "/not-started")


def _permit(draft: Draft, kind: str, page: Page, form: str) -> None:
    """One form is one permission to pay, however often it is sent."""
    key = form_values(page.form(form))["idempotency_key"]
    with draft.lock:
        if key not in draft.keys:
            draft.keys.add(key)
            draft.permissions[kind] += 1


def _press(browser: Browser, page: Page, form: str, clicks: int = 1, **fields: str) -> None:
    together([partial(browser.submit, page, form, fields)] * clicks)
