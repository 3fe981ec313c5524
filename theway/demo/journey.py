"""The journey from signing up to an image, step by step, through the pages."""

from __future__ import annotations

import mimetypes
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models_app.photo_sets import File, PhotoSet, Refused, account_of, shown_path
from theway.demo.browser import Browser
from theway.demo.errors import DemoError
from theway.demo.page import Page
from theway.demo.results import check_image, check_weights

EMAIL, PASSWORD = "demo@example.org", "a password for one demo"
PROMPT = "on a wooden table in the morning light"
TRAINING_LIMIT = 600.0  # seconds
IMAGE_LIMIT = 120.0
_SHA256 = re.compile(r"\b[0-9a-f]{64}\b")
_IMAGE_PATH = re.compile(r"/dashboard/pictures/[0-9a-f-]{36}/full")


@dataclass(frozen=True, slots=True)
class Outcome:
    """The files that were kept, and whether the training was a simulation."""

    weights: Path
    tensor_count: int
    image: Path
    image_size: tuple[int, int]
    is_simulated: bool


class Journey:
    """One person's way through the pages.

    `write` takes a line, `show` a share (0 to 1) and a text for a progress bar.
    """

    def __init__(
        self,
        browser: Browser,
        *,
        write: Callable[[str], None],
        show: Callable[[float, str], None],
    ) -> None:
        self._browser = browser
        self._write = write
        self._show = show

    def run(self, photos: PhotoSet, folder: Path) -> Outcome:
        """Go through every step; store weights and an image in `folder`. Raise DemoError."""
        self.sign_up()
        page = self.describe()
        page = self.upload(page, photos)
        page = self.start(page)
        page = self.wait_for_training(page)
        weights, tensor_count = self.download(page, folder)
        image, size = self.generate(page, folder)
        is_simulated = "SIMULATED" in page.text("live-body").upper()
        return Outcome(weights, tensor_count, image, size, is_simulated)

    def sign_up(self) -> None:
        page = self._browser.open("/accounts/signup/")
        self._browser.submit(page, "/accounts/signup/", {"email": EMAIL, "password1": PASSWORD})
        self._write(f"Signed up as {EMAIL}")

    def describe(self) -> Page:
        page = self._browser.open("/dashboard/models/new")
        answers = {"name": "Demo mug", "kind": "product", "go": "next"}
        page = self._browser.submit(page, "wizard", answers)
        if not page.address.endswith("/photos"):
            # Without a script the wizard fills in a trigger word and shows it first.
            page = self._browser.submit(page, "wizard", {"go": "next"})
        self._write("Named the model")
        return page

    def upload(self, page: Page, photos: PhotoSet) -> Page:
        """Upload every file and say what became of each; too few that are taken end the demo."""
        refused, count = list(photos.refused), len(photos.files)
        for number, file in enumerate(photos.files, start=1):
            page = self._browser.submit(page, "drop-zone", {}, files=[_part(file)])
            refused += [Refused(file.path, reason) for reason in page.refusals]
            self._show(number / count, f"photo {number} of {count}: {shown_path(file.path)}")
        for line in account_of(refused, photos.litter, page.photo_count):
            self._write(line)
        return self._browser.submit(page, "wizard", {"go": "next"})

    def start(self, page: Page) -> Page:
        page = self._browser.submit(page, "wizard", {"go": "next"})
        page = self._browser.submit(page, "wizard", {"go": "start"})
        self._write(f"Started the training: {page.address}")
        return page

    def wait_for_training(self, page: Page) -> Page:
        """Follow the live page until the training is over and return its final state."""
        deadline = time.monotonic() + TRAINING_LIMIT
        while True:
            page = self._browser.open(page.address)
            if page.form("/generate"):
                self._show(1.0, "ready")
                return page
            if not page.text("live-progress"):
                raise DemoError(f"The training failed: {page.text('live-body')}")
            self._follow(page, deadline)

    def _follow(self, page: Page, deadline: float) -> None:
        """Show the progress in the stream until the page of the model must be loaded again."""
        for message in self._browser.events(page.live):
            if time.monotonic() > deadline:
                raise DemoError("The training did not end in time.")
            if message.get("state") not in {None, "working"}:
                return
            self._show((message.get("progress") or 0) / 100, _stage(message))

    def download(self, page: Page, folder: Path) -> tuple[Path, int]:
        sha256 = _SHA256.search(page.text("live-body"))
        if sha256 is None:
            raise DemoError("The page of the model does not show the SHA-256 of the weights.")
        content = self._browser.fetch(f"{page.address}/weights")
        tensor_count = check_weights(content, sha256[0])
        path = folder / "demo.safetensors"
        path.write_bytes(content)
        self._write(f"Downloaded the weights ({len(content) // 1024} KB), checked hash and header")
        return path, tensor_count

    def generate(
        self, page: Page, folder: Path, prompt: str = PROMPT
    ) -> tuple[Path, tuple[int, int]]:
        changes = {"prompt": prompt, "count": "1"}
        page = self._browser.submit(page, "/generate", changes)
        deadline = time.monotonic() + IMAGE_LIMIT
        while not (found := _first_image(page)):
            if time.monotonic() > deadline:
                raise DemoError("The image was not finished in time.")
            time.sleep(0.5)
            page = self._browser.open(page.address)
        content = self._browser.fetch(found)
        size = check_image(content)
        path = folder / "demo-image.jpg"
        path.write_bytes(content)
        self._write("Generated an image with it")
        return path, size


def _part(file: File) -> tuple[str, tuple[str, bytes, str]]:
    """Return a file as a part of the form."""
    kind = mimetypes.guess_type(file.path)[0] or "application/octet-stream"
    with file.open() as source:
        return "photos", (file.path, source.read(), kind)


def _first_image(page: Page) -> str:
    return next((link for link in page.links if _IMAGE_PATH.fullmatch(link)), "")


def _stage(message: dict[str, Any]) -> str:
    """Return the heading of the progress block, empty where the message has none."""
    for fragment in message.get("fragments", ()):
        if stage := Page("", fragment["html"]).text("progress-title"):
            return stage
    return ""
