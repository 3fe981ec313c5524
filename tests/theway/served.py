"""The site as it is served: a process with an installation of its own, and people in it."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from theway.processes.installation import ROOT, installation_environment
from theway.processes.ports import unused_port
from theway.processes.process import Process

# Two accounts that are signed in, and a draft of the first with a phone's link.
_PEOPLE = """
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from accounts.models import User
from models_app import phone_links
from models_app.models import UserModel
keys = []
for name in ("owner", "stranger"):
    user = User.objects.create_user(email=f"{name}@example.org", password="x")
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    keys.append(f"{settings.SESSION_COOKIE_NAME}={session.session_key}")
model = UserModel.objects.create(owner=User.objects.get(email="owner@example.org"))
print(*keys, model.pk, settings.CSRF_COOKIE_NAME, phone_links.token_of(phone_links.issue(model)))
"""


@dataclass
class Served:
    """A running `python -m theway.server`."""

    process: Process
    folder: Path
    port: int
    owner_session: str  # as a cookie
    stranger_session: str
    upload_path: str
    csrf_cookie: str
    phone_path: str

    @property
    def waiting_files(self) -> list[str]:
        """The uploads and nameless temporary files that the server has open."""
        found, uploads = [], f"{self.folder.resolve()}/var/uploads/"
        for link in Path(f"/proc/{self.process.pid}/fd").iterdir():
            with suppress(FileNotFoundError):  # closed meanwhile
                name = str(link.readlink())
                if name.startswith(uploads) or name.startswith(f"{tempfile.gettempdir()}/#"):
                    found.append(name)
        return found

    @property
    def memory(self) -> float:
        """The server's resident memory in mebibytes (proc(5))."""
        return self._memory("VmRSS")

    @property
    def memory_peak(self) -> float:
        """The most of it that there ever was."""
        return self._memory("VmHWM")

    def _memory(self, name: str) -> float:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split(f"{name}:")[1].split()[0]) / 1024


def serve(folder: Path, *, trusted: str = "127.0.0.1", **environment: str) -> Served:
    """Start the site in `folder`, behind the proxies of `trusted` and with more variables; the
    caller kills its process."""
    port = unused_port()
    env = installation_environment(folder, port=port, trainer_port=unused_port()) | environment
    manage(env, "migrate", "-v0")
    manage(env, "collectstatic", "-v0", "--no-input")
    people = manage(env, "shell", "-v0", "-c", _PEOPLE).split()
    process = Process(
        "web",
        [sys.executable, "-m", "theway.server", "--port", str(port), "--trusted-proxies", trusted],
        cwd=ROOT,
        env=env,
        ready_url=f"http://127.0.0.1:{port}/healthz",
        log_file=folder / "web.log",
    )
    process.start()
    upload_path = f"/dashboard/models/new/{people[2]}/photos/upload"
    session, other, _, csrf_cookie, token = people
    phone_path = f"/phone/{token}/"
    return Served(process, folder, port, session, other, upload_path, csrf_cookie, phone_path)


def manage(env: dict[str, str], *arguments: str) -> str:
    """Run one of the site's commands and return what it says."""
    command = [sys.executable, "manage.py", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=env, check=True, capture_output=True, text=True)
    return done.stdout.strip()
