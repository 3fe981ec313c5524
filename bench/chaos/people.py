"""People with finished drafts who press start the way people do: twice, in two tabs, again."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from random import Random

from theway.demo.browser import Browser
from theway.demo.errors import DemoError

PRESS_STYLES = ("once", "double click", "two tabs", "impatient")
TIMEOUT = (8.0, 8.0)  # seconds to connect, to wait for an answer
TRIES = 12


@dataclass
class Draft:
    """One model whose owner wants exactly one training of it."""

    model_id: uuid.UUID
    cookies: dict[str, str]
    style: str
    accident: str
    accepted: bool = False  # the person saw the model page after pressing


def make_drafts(count: int, rng: Random, prefix: str = "chaos") -> list[Draft]:
    """Store `count` complete drafts of four photos, each with its own signed-in owner."""
    from tests.factories import TrainingImageFactory, UserFactory, UserModelFactory

    drafts = []
    for number in range(count):
        user = UserFactory(email=f"{prefix}{number}@example.org")
        model = UserModelFactory(owner=user, preset="fast", options={"epochs": 5})
        TrainingImageFactory.create_batch(4, model=model)
        drafts.append(Draft(model.pk, sign_in(user), rng.choice(PRESS_STYLES), ""))
    return drafts


def sign_in(user: object) -> dict[str, str]:
    """Return the cookie of a new session of this user."""
    from django.conf import settings
    from django.test import Client

    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return {settings.SESSION_COOKIE_NAME: client.cookies[settings.SESSION_COOKIE_NAME].value}


def press_start(draft: Draft, webs: list[str]) -> None:
    """Press start in the draft's style until the model page is seen, or patience ends."""
    match draft.style:
        case "double click":
            _tab(draft, webs[0], clicks=2)
        case "two tabs":
            _together([partial(_tab, draft, web) for web in webs])
        case "impatient":
            _together([partial(_tab, draft, web, clicks=3) for web in webs])
        case _:
            _tab(draft, webs[0])


def _together(actions: Sequence[Callable[[], object]]) -> None:
    with ThreadPoolExecutor(len(actions)) as pool:
        for done in [pool.submit(action) for action in actions]:
            done.result()


def _tab(draft: Draft, web: str, clicks: int = 1) -> None:
    """One browser tab: open the review page, press, reload and press again where it broke."""
    # A person presses on where the page complains.
    browser = Browser(web, cookies=draft.cookies, timeout=TIMEOUT, ignores_errors=True)
    for _ in range(TRIES):
        try:
            page = browser.open(f"/dashboard/models/new/{draft.model_id}/review")
            if "/dashboard/models/new/" not in page.address:
                draft.accepted = True
                return
            _together([partial(browser.submit, page, "wizard", {"go": "start"})] * clicks)
        except DemoError:
            time.sleep(0.5)
