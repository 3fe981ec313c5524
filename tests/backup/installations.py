"""Installations as their operators handle them: commands in the terminal, and the site itself."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from theway.processes.installation import ROOT, installation_environment
from theway.processes.ports import unused_port
from theway.processes.process import Process

# Photos that come and go, as fast as the database takes them.
_PEOPLE = """
import hashlib, io, itertools, os
from PIL import Image
from django.core.files.base import ContentFile
from accounts.models import User
from models_app import photo_files
from models_app.models import TrainingImage, UserModel
owner, _ = User.objects.get_or_create(email="ann@example.org")
kept = []
for _ in {times}:
    model = UserModel.objects.create(owner=owner, name="Ann")
    for position in range(3):
        noise = io.BytesIO()
        Image.frombytes("RGB", (128, 128), os.urandom(128 * 128 * 3)).save(noise, "PNG")
        data = noise.getvalue()
        sha256 = hashlib.sha256(data).hexdigest()
        names = ["photos/%s/%d%s.png" % (model.pk, position, end) for end in ("", ".thumb")]
        for name in names:
            photo_files.default_storage.save(name, ContentFile(data))
        TrainingImage.objects.create(model=model, file=names[0], thumbnail=names[1],
            original_filename="a.jpg", size=len(data), sha256=sha256, position=position)
    kept.append(model)
    if len(kept) > 20:
        gone = kept.pop(5)
        folders = photo_files.folders_of(gone.pk)
        gone.delete()
        photo_files.remove(folders)
    if len(kept) == 20:
        print("busy", flush=True)
"""
# Signs the one person in, and names an address of a photo.
_SIGNED_IN = """
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.urls import reverse
from accounts.models import User
from models_app.models import TrainingImage
user = User.objects.get()
session = SessionStore()
session[SESSION_KEY] = str(user.pk)
session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
session[HASH_SESSION_KEY] = user.get_session_auth_hash()
session.save()
path = reverse("dashboard:photo_file", args=[TrainingImage.objects.first().pk, "full"])
print(f"{settings.SESSION_COOKIE_NAME}={session.session_key}", path)
"""
# Whatever a row names, and what the file in its place is.
_PHOTOS = """
import hashlib, json
from models_app.models import TrainingImage
rows = TrainingImage.objects.values_list("file", "thumbnail", "sha256")
print(json.dumps([list(row) for row in rows]))
"""


@dataclass
class Installation:
    """One with all its data in `folder`."""

    folder: Path
    env: dict[str, str]

    def manage(self, *arguments: str, fails: bool = False) -> str:
        """Run a command to its end and return what it said."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert bool(done.returncode) == fails, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done.stderr if fails else done.stdout

    def run(self, code: str) -> str:
        return self.manage("shell", "-v0", "-c", code).strip()

    def photos(self) -> list[list[str]]:
        """Return (file, thumbnail, SHA-256) of every row of a photo."""
        return json.loads(self.run(_PHOTOS))

    def signed_in(self) -> list[str]:
        """Return the cookie of a person who is signed in, and where a photo of theirs is."""
        return self.run(_SIGNED_IN).split()

    def files(self) -> dict[str, bytes]:
        """Return every stored file by its name."""
        media = self.folder / "media"
        paths = [path for path in media.rglob("*") if path.is_file()]
        return {str(path.relative_to(media)): path.read_bytes() for path in paths}

    def fill(self, models: int = 4) -> None:
        """Store so many models of three photos each."""
        self.run(_PEOPLE.format(times=f"range({models})"))

    @contextmanager
    def busy(self) -> Iterator[Process]:
        """Photos come and go all the time, from before the block until after it."""
        code = _PEOPLE.format(times="itertools.count()")
        command = [sys.executable, "manage.py", "shell", "-v0", "-c", code]
        log = self.folder / "busy.log"
        process = Process("busy", command, ROOT, self.env, ready_line="busy", log_file=log)
        try:
            process.start()
            yield process
            assert process.is_alive, process.log
        finally:
            process.kill()

    @contextmanager
    def web(self) -> Iterator[Site]:
        """The site, served."""
        self.manage("collectstatic", "-v0", "--no-input")
        port = unused_port()
        command = [sys.executable, "-m", "theway.server", "--port", str(port)]
        address = f"http://127.0.0.1:{port}"
        log = self.folder / "web.log"
        ready = f"{address}/healthz"
        process = Process("web", command, ROOT, self.env, ready_url=ready, log_file=log)
        try:
            process.start()
            yield Site(address)
        finally:
            process.kill()


@dataclass
class Site:
    address: str

    def get(self, path: str, cookie: str = "") -> bytes:
        request = urllib.request.Request(f"{self.address}{path}", headers={"Cookie": cookie})
        with urllib.request.urlopen(request, timeout=30) as response:
            return response.read()

    def problems(self) -> list[str]:
        try:
            self.get("/readyz")
        except urllib.error.HTTPError as error:
            with error:
                found: dict[str, Any] = json.load(error)
            return found["problems"]
        return []


def installation(folder: Path, *, database_url: str = "", is_migrated: bool = True) -> Installation:
    """Make one in `folder`, without any provider."""
    folder.mkdir(exist_ok=True)
    env = installation_environment(folder, port=unused_port(), trainer_port=unused_port())
    env |= {"TRAINER_URL": "", "PYTHONWARNINGS": ""}
    if database_url:
        env["DATABASE_URL"] = database_url
    made = Installation(folder, env)
    if is_migrated:
        made.manage("migrate", "-v0")
    return made
