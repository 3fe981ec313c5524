"""People with finished drafts who press start the way people do: twice, in two tabs, again."""

from __future__ import annotations

import re
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import TypeVar

import requests

PRESS_STYLES = ("once", "double click", "two tabs", "impatient")
TIMEOUT = 8.0
TRIES = 12
T = TypeVar("T")


@dataclass
class Draft:
    """One model whose owner wants exactly one training of it."""

    model_id: uuid.UUID
    cookies: dict[str, str]
    style: str
    accident: str
    accepted: bool = False  # the person saw the model page after pressing
    presses: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


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


def _together(actions: list[Callable[[], T]]) -> list[T]:
    """Do all of them at once; return their results."""
    with ThreadPoolExecutor(len(actions)) as pool:
        return [done.result() for done in [pool.submit(action) for action in actions]]


def _tab(draft: Draft, web: str, clicks: int = 1) -> None:
    """One browser tab: open the review page, press, reload and press again where it broke."""
    url = f"{web}/dashboard/models/new/{draft.model_id}/review"
    for _ in range(TRIES):
        try:
            page = _get(url, draft)
            if "/dashboard/models/new/" not in page.url:
                draft.accepted = True
                return
            _click(draft, url, page, clicks)
        except (requests.RequestException, _Broken):
            time.sleep(0.5)


class _Broken(Exception):
    """A page that is no page: the server was in the middle of dying."""


def _get(url: str, draft: Draft) -> requests.Response:
    page = requests.get(url, cookies=draft.cookies, timeout=TIMEOUT)
    if page.status_code >= 500:
        raise _Broken
    return page


def _click(draft: Draft, url: str, page: requests.Response, clicks: int) -> None:
    token, press = _hidden(page.text, "csrfmiddlewaretoken"), _hidden(page.text, "idempotency_key")
    cookies = {**draft.cookies, **page.cookies.get_dict()}
    form = {"csrfmiddlewaretoken": token, "idempotency_key": press, "go": "start"}

    def send() -> requests.Response:
        with draft.lock:
            draft.presses += 1
        return requests.post(url, data=form, cookies=cookies, timeout=TIMEOUT)

    if any(answer.status_code >= 500 for answer in _together([send] * clicks)):
        raise _Broken


def _hidden(html: str, name: str) -> str:
    found = re.search(rf'name="{name}"[^>]*value="([^"]+)"', html)
    if not found:
        raise _Broken
    return found.group(1)
