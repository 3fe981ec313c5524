"""The journey of product and pages, step by step, as a person makes it."""

from __future__ import annotations

import mimetypes
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from theway.demo.browser import Browser
from theway.demo.failure import DemoFailed
from theway.demo.page import Page, plain, read_page
from theway.demo.results import check_picture, check_weights

EMAIL, PASSWORD = "demo@example.org", "a password for one demo"
TRAINING_LIMIT = 600.0  # seconds
PICTURE_LIMIT = 120.0
_SHA256 = re.compile(r"\b[0-9a-f]{64}\b")
_PICTURE = re.compile(r"/dashboard/pictures/[0-9a-f-]{36}/full")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it, where it was stored, and whether anything of it is real."""

    weights: Path
    tensor_count: int
    picture: Path
    picture_size: tuple[int, int]
    is_simulated: bool


class Journey:
    """`say` takes a line; `show` a share (0 to 1) and a text for a progress bar."""

    def __init__(
        self,
        browser: Browser,
        *,
        say: Callable[[str], None],
        show: Callable[[float, str], None],
    ) -> None:
        self._browser = browser
        self._say = say
        self._show = show

    def make(self, photos: list[Path], folder: Path) -> Outcome:
        """Go all the way and store weights and a picture in `folder`. Raises DemoFailed."""
        self.sign_up()
        page = self.describe()
        page = self.upload(page, photos)
        page = self.start(page)
        page = self.follow(page)
        weights, tensor_count = self.download(page, folder)
        picture, size = self.draw(page, folder)
        is_simulated = "SIMULATED" in plain(page.texts.get("live-body", "")).upper()
        return Outcome(weights, tensor_count, picture, size, is_simulated)

    def sign_up(self) -> None:
        page = self._browser.open("/accounts/signup/")
        self._browser.submit(page, "/accounts/signup/", {"email": EMAIL, "password1": PASSWORD})
        self._say(f"Signed up as {EMAIL}")

    def describe(self) -> Page:
        page = self._browser.open("/dashboard/models/new")
        about = {"name": "Demo mug", "kind": "product", "go": "next"}
        page = self._browser.submit(page, "wizard", about)
        if not page.address.endswith("/photos"):
            # Without a script the wizard fills in a trigger word and shows it first.
            page = self._browser.submit(page, "wizard", {"go": "next"})
        self._say("Answered what it is about")
        return page

    def upload(self, page: Page, photos: list[Path]) -> Page:
        for number, path in enumerate(photos, start=1):
            kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
            file = ("photos", (path.name, path.read_bytes(), kind))
            page = self._browser.submit(page, "drop-zone", {}, files=[file])
            self._show(number / len(photos), f"photo {number} of {len(photos)}: {path.name}")
        return self._browser.submit(page, "wizard", {"go": "next"})

    def start(self, page: Page) -> Page:
        page = self._browser.submit(page, "wizard", {"go": "next"})
        page = self._browser.submit(page, "wizard", {"go": "start"})
        self._say(f"Pressed start: {page.address}")
        return page

    def follow(self, page: Page) -> Page:
        """Watch the live page until the training is over; return the page as it is then."""
        until = time.monotonic() + TRAINING_LIMIT
        while True:
            page = self._browser.open(page.address)
            if page.form("/generate"):
                self._show(1.0, "ready")
                return page
            if "live-progress" not in page.texts:
                raise DemoFailed(f"The training did not succeed: {plain(page.texts['live-body'])}")
            self._watch(page, until)

    def _watch(self, page: Page, until: float) -> None:
        """Show what the stream says until the model's page changes its shape."""
        for message in self._browser.events(page.live):
            if time.monotonic() > until:
                raise DemoFailed("The training did not end in time.")
            if message.get("state") not in {None, "working"}:
                return
            self._show((message.get("progress") or 0) / 100, _stage_in(message))

    def download(self, page: Page, folder: Path) -> tuple[Path, int]:
        shown = _SHA256.search(page.texts["live-body"])
        if shown is None:
            raise DemoFailed("The page of the model shows no SHA-256 of its weights.")
        content = self._browser.fetch(f"{page.address}/weights")
        header = check_weights(content, shown[0])
        path = folder / "demo.safetensors"
        path.write_bytes(content)
        self._say(f"Downloaded the weights ({len(content) // 1024} KB), hash and header are right")
        return path, len(header) - ("__metadata__" in header)

    def draw(self, page: Page, folder: Path) -> tuple[Path, tuple[int, int]]:
        changes = {"prompt": "on a wooden table in the morning light", "count": "1"}
        page = self._browser.submit(page, "/generate", changes)
        until = time.monotonic() + PICTURE_LIMIT
        while not (found := _first_picture(page)):
            if time.monotonic() > until:
                raise DemoFailed("The picture was not finished in time.")
            time.sleep(0.5)
            page = self._browser.open(page.address)
        content = self._browser.fetch(found)
        size = check_picture(content)
        path = folder / "demo-picture.jpg"
        path.write_bytes(content)
        self._say("Made a picture with it")
        return path, size


def _first_picture(page: Page) -> str:
    return next((link for link in page.links if _PICTURE.fullmatch(link)), "")


def _stage_in(message: dict[str, Any]) -> str:
    """The heading of the progress block, where the message carries one."""
    for fragment in message.get("fragments", ()):
        texts = read_page("", fragment["html"]).texts
        if stage := plain(texts.get("progress-title", "")):
            return stage
    return ""
