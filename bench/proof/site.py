"""The way of a person: an installation, an account, photos in, weights and a picture out."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from PIL import Image

from bench.proof.client import MODEL, Client
from theway.demo.browser import Browser
from theway.demo.journey import EMAIL, Journey
from theway.demo.page import Page
from theway.processes.installation import ROOT, TRAINER_KEY, Installation
from theway.processes.watchdog import Watchdog

MACHINE = 120.0  # seconds until everything runs
_MODEL_PATH = re.compile(r"/dashboard/models/[0-9a-f-]{36}")


class Site:
    """A running installation with one account, whose trainer really trains."""

    def __init__(self, installation: Installation, folder: Path) -> None:
        self.installation, self._folder = installation, folder
        self._browser = Browser(installation.address)
        self._journey = Journey(self._browser, write=lambda text: None, show=lambda *shown: None)
        self.trainer = Client(f"http://127.0.0.1:{installation.trainer_port}", TRAINER_KEY)
        self._journey.sign_up()

    def train(self, photos: Path, word: str, **options: object) -> str:
        """Train from a folder by the worker and the trainer; return what was said at the end.

        Raises SystemExit with the reason where it failed.
        """
        command = train_command(photos, word, EMAIL, **options)
        done = subprocess.run(
            command, cwd=ROOT, env=self.installation.env, capture_output=True, text=True
        )
        if done.returncode:
            raise SystemExit(f"The training failed: {done.stderr.strip() or done.stdout.strip()}")
        return done.stdout.strip().splitlines()[-1]

    def weights(self) -> bytes:
        """Return the weights that came home, checked by the page's SHA-256."""
        path, _count = self._journey.download(self._page(), self._folder)
        return path.read_bytes()

    def picture(self, prompt: str) -> Image.Image:
        """Return a picture made on the model's page."""
        path, _size = self._journey.generate(self._page(), self._folder, prompt)
        with Image.open(path) as image:
            return image.convert("RGB")

    def _page(self) -> Page:
        links = self._browser.open("/dashboard/").links
        address = next(link for link in links if _MODEL_PATH.fullmatch(link))
        return self._browser.open(address)


def train_command(photos: Path, word: str, email: str, **options: object) -> list[str]:
    """Return the command that trains the tiny base model from a folder, by worker and trainer."""
    command = [sys.executable, "manage.py", "train", str(photos), "--email", email]
    command += ["--base-model", MODEL, "--trigger-word", word, "--kind", "style"]
    for name, value in options.items():
        command += [f"--{name.replace('_', '-')}", str(value)]
    return command


def account(env: Mapping[str, str], email: str) -> str:
    """Make an account by the terminal; return its address."""
    code = f"from accounts.models import User; User.objects.create_user({email!r})"
    command = [sys.executable, "manage.py", "shell", "-v0", "-c", code]
    subprocess.run(command, cwd=ROOT, env=env, check=True)
    return email


@contextmanager
def running_site(folder: Path) -> Iterator[Site]:
    """Run an installation with all its data in `folder`, its trainer training for real."""
    log = folder / "services.log"
    environment = {"TRAINER_ENGINE": "diffusers", "TRAINER_SLOTS": "1"}
    with Watchdog() as watchdog:
        data = folder / "data"
        data.mkdir()
        installation = Installation(data, log, environment=environment, watchdog=watchdog)
        try:
            installation.start(MACHINE)
            yield Site(installation, folder)
        finally:
            installation.stop()
