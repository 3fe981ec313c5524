"""What people do after they pressed start: look, decide, cancel, ask for pictures, delete."""

from __future__ import annotations

import sys
import threading
import time
import uuid
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from random import Random

from bench.chaos.faults import UNREACHABLE
from bench.chaos.ledgers import ledgers
from bench.chaos.people import Draft, press_start, together
from bench.installation import Installation
from bench.trainers import HOSTED
from theway.demo.browser import Browser
from theway.demo.errors import DemoError
from theway.demo.page import Page, form_values

CALM_SECONDS = 8.0
# Where there is a list, people mostly wait for what the engine finds out: else their words
# would permit the second payment that the engine must not make by itself.
LISTED_CHANCE = 0.2
# What a service shows on its own page it shows in its history, too, when it has ended.
FOUND_WITHIN = timedelta(seconds=40)


def live(draft: Draft, site: Installation, stop: threading.Event, rng: Random) -> None:
    """Press start, then come back now and then, until `stop`; in a thread of its own."""
    press_start(draft, site.webs)
    while not stop.wait(rng.uniform(0.3, 1.5)):
        visit(draft, site, rng, patience=0.3)


def settle(drafts: Sequence[Draft], site: Installation, seconds: float, rng: Random) -> bool:
    """Let everybody finish what they want; return whether nothing moves any more."""
    from bench.chaos.verdict import unfinished

    deadline = time.monotonic() + seconds
    calm_since = time.monotonic()
    while time.monotonic() < deadline:
        for draft in drafts:
            if not draft.deleted:
                visit(draft, site, rng, patience=0.5)
        left = unfinished()
        print(f"waiting for rest: {dict(left)}", end="\r", flush=True, file=sys.stderr)
        wishes = [draft for draft in drafts if draft.pictures_wanted and not draft.gave_up]
        if left or any(not draft.deleted for draft in wishes):
            calm_since = time.monotonic()
        elif time.monotonic() - calm_since > CALM_SECONDS:
            return True
        time.sleep(1)
    return False


def visit(draft: Draft, site: Installation, rng: Random, *, patience: float) -> None:
    """Open the model's page and use at most one of its buttons.

    `patience` is the chance to leave an unclear or failed job alone for now.
    """
    browser = draft.browser(rng.choice(site.webs))
    try:
        page = browser.open(f"/dashboard/models/{draft.model_id}")
        _act(draft, site, browser, page, rng, patience)
    except DemoError:
        pass  # a server in the middle of dying; they come back


def _act(
    draft: Draft, site: Installation, browser: Browser, page: Page, rng: Random, patience: float
) -> None:
    clicks = rng.choice((1, 1, 2))
    if page.form("/not-started") or page.form("/retry"):
        chance = 1 - patience
        if page.form("/not-started") and draft.provider == "local":
            chance *= LISTED_CHANCE
        if rng.random() < chance:
            _decide(draft, site, browser, page, rng)
    elif page.form("/cancel") and draft.wants_cancel:
        draft.wants_cancel, draft.gave_up = False, True
        _press(browser, page, "/cancel", clicks=clicks)
    elif draft.pictures_wanted and page.form("/generate"):
        draft.pictures_wanted -= 1
        _permit(draft, "generation", page, "/generate")
        # Some trainers name a call for pictures by nothing but what was asked for.
        prompt = f"at the sea, {uuid.uuid4().hex}"
        fields = {"prompt": prompt, "provider": draft.provider}
        _press(browser, page, "/generate", clicks=clicks, **fields)
    elif draft.wants_delete and not draft.pictures_wanted:
        after = browser.submit(page, "/delete", {})
        draft.deleted = str(draft.model_id) not in after.address


def _decide(draft: Draft, site: Installation, browser: Browser, page: Page, rng: Random) -> None:
    """Say what an unclear job is, or try a failed one again."""
    # Only a trained model has a form for pictures: then the buttons are a generation's.
    kind = "generation" if page.form("/generate") else "training"
    unclear = page.form("/not-started")
    if unclear is None:
        if kind == "generation" or not draft.gave_up:
            _permit(draft, kind, page, "/retry")
            _press(browser, page, "/retry", clicks=2)
    elif draft.provider in HOSTED:
        _decide_knowing(draft, site, browser, page, kind)
    elif rng.random() < 0.2:
        draft.gave_up |= kind == "training"
        _press(browser, page, "/abandon")
    else:
        job = str(unclear["action"]).split("/")[-2]
        with draft.lock:
            draft.permissions[kind] += 1
            draft.words[job] += 1
        _press(browser, page, "/not-started")


def _decide_knowing(
    draft: Draft, site: Installation, browser: Browser, page: Page, kind: str
) -> None:
    """Look at the service's own page first, once a lost call cannot arrive any more: what is not
    there did not start. That permits no second payment."""
    from django.db import Error, connection

    job_id = str(page.form("/not-started")["action"]).split("/")[-2]
    try:
        button = _button_for(site, job_id, kind)
    except (*UNREACHABLE, Error):
        return  # the service, or what remembers the job, is down: they come back
    finally:
        connection.close()  # it would be in the way of a database that is put back
    draft.gave_up |= kind == "training" and button == "/abandon"
    if button:
        _press(browser, page, button)


def _button_for(site: Installation, job_id: str, kind: str) -> str:
    """What to press for an unclear job; "" for nothing yet."""
    from jobs import clock
    from jobs.models import JobQueue

    job = JobQueue.objects.get(pk=job_id)
    over_for = clock.now() - (job.call_over_at or clock.now())
    if over_for <= timedelta(0):
        return ""
    if job.correlation not in ledgers(site, kind):
        return "/not-started"
    return "/abandon" if over_for > FOUND_WITHIN else ""


def _permit(draft: Draft, kind: str, page: Page, form: str) -> None:
    """One form is one permission to pay, however often it is sent."""
    key = form_values(page.form(form))["idempotency_key"]
    with draft.lock:
        if key not in draft.keys:
            draft.keys.add(key)
            draft.permissions[kind] += 1


def _press(browser: Browser, page: Page, form: str, clicks: int = 1, **fields: str) -> None:
    together([partial(browser.submit, page, form, fields)] * clicks)
