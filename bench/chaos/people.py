"""People with finished drafts who press start the way people do: twice, in two tabs, again."""

from __future__ import annotations

import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from random import Random

from theway.demo.browser import Browser
from theway.demo.errors import DemoError

PRESS_STYLES = ("once", "double click", "two tabs", "impatient")
TIMEOUT = (8.0, 8.0)  # seconds to connect, to wait for an answer
TRIES = 12


@dataclass(eq=False)
class Draft:
    """One model of one person, what that person wants, and every word they gave.

    `permissions` counts by kind of job how often they asked for something paid: a start, a new
    try, pictures, "it did not start". `words` counts the last of these by job.
    """

    model_id: uuid.UUID
    cookies: dict[str, str]
    style: str
    accident: str
    provider: str
    pictures_wanted: int = 0
    wants_cancel: bool = False
    wants_delete: bool = False
    accepted: bool = False  # the person saw the model page after pressing
    gave_up: bool = False  # cancelled or abandoned the training, and wants none now
    deleted: bool = False
    permissions: Counter[str] = field(default_factory=lambda: Counter(training=1))
    words: Counter[str] = field(default_factory=Counter)
    keys: set[str] = field(default_factory=set)  # of the forms sent
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def story(self) -> str:
        """What this person did, in a line."""
        asked, words = dict(self.permissions), dict(self.words)
        ends = f"gave up: {self.gave_up}, deleted: {self.deleted}"
        return f"{self.accident}; {self.style} at {self.provider}, asked {asked} {words}, {ends}"

    def browser(self, web: str) -> Browser:
        """A tab of this person, who goes on where a page complains."""
        return Browser(web, cookies=self.cookies, timeout=TIMEOUT, ignores_errors=True)


def make_drafts(
    count: int,
    rng: Random,
    prefix: str = "chaos",
    providers: Sequence[str] = ("local",),
    *,
    is_one_owner: bool = False,
) -> list[Draft]:
    """Store `count` complete drafts of four photos, each with its own signed-in owner or all
    with the same, spread over `providers`.
    """
    from tests.factories import TrainingImageFactory, UserFactory, UserModelFactory

    drafts: list[Draft] = []
    for number in range(count):
        if not drafts or not is_one_owner:
            user = UserFactory(email=f"{prefix}{number}@example.org")
            cookies = sign_in(user)
        provider = providers[number % len(providers)]
        model = UserModelFactory(
            owner=user, provider=provider, preset="fast", options={"epochs": 5}
        )
        TrainingImageFactory.create_batch(4, model=model)
        style = rng.choice(PRESS_STYLES)
        drafts.append(Draft(model.pk, cookies, style, "", provider))
    return drafts


def draw_wishes(drafts: Sequence[Draft], rng: Random) -> None:
    """Let most want pictures, and some change their minds."""
    for draft in drafts:
        draft.pictures_wanted = rng.choice((0, 1, 1, 2))
        draft.wants_cancel = rng.random() < 0.15
        draft.wants_delete = rng.random() < 0.1


def want_pictures(drafts: Sequence[Draft]) -> None:
    """Let all of them want pictures, and nobody change their minds before."""
    for draft in drafts:
        draft.pictures_wanted, draft.wants_cancel = max(draft.pictures_wanted, 2), False


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
            together([partial(_tab, draft, web) for web in webs])
        case "impatient":
            together([partial(_tab, draft, web, clicks=3) for web in webs])
        case _:
            _tab(draft, webs[0])


def together(actions: Sequence[Callable[[], object]]) -> None:
    """Do all of it at the same time. Raise what one of them raises."""
    with ThreadPoolExecutor(len(actions)) as pool:
        for done in [pool.submit(action) for action in actions]:
            done.result()


def _tab(draft: Draft, web: str, clicks: int = 1) -> None:
    """One browser tab: open the review page, press, reload and press again where it broke."""
    browser = draft.browser(web)
    for _ in range(TRIES):
        if draft.gave_up:
            return
        try:
            page = browser.open(f"/dashboard/models/new/{draft.model_id}/review")
            if "/dashboard/models/new/" not in page.address:
                draft.accepted = True
                return
            together([partial(browser.submit, page, "wizard", {"go": "start"})] * clicks)
        except DemoError:
            time.sleep(0.5)
