"""An installation that is thrown away: the environment of one, and the launcher that runs it."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from theway.processes.ports import unused_port
from theway.processes.process import Process
from theway.processes.watchdog import Watchdog

ROOT = Path(__file__).resolve().parents[2]
TRAINER_KEY = "throw-away"
_KEYS = re.findall(r"^#(\w+_(?:KEY|TOKEN))=", (ROOT / ".env.example").read_text(), re.MULTILINE)
_EMPTY = ("PUBLIC_URL", "REDIS_URL", "S3_BUCKET", "TRAINER_PUBLIC_URL", *_KEYS)


def installation_environment(folder: Path, *, port: int, trainer_port: int) -> dict[str, str]:
    """Return the environment of an installation with all its data in `folder`.

    Everything is set, so that no key, database or trainer of the real installation is used,
    neither from our own environment nor from `.env`.
    """
    return {
        **os.environ,
        **dict.fromkeys(_EMPTY, ""),
        "DJANGO_SETTINGS_MODULE": "theway.settings",
        "THEWAY_DATA_DIR": str(folder),
        "DATABASE_URL": f"sqlite:///{quote(bytes(folder / 'db.sqlite3'))}",
        "EMAIL_URL": "consolemail://",
        "PORT": str(port),
        "WEB_HOST": "127.0.0.1",
        "TRAINER_PORT": str(trainer_port),
        "TRAINER_URL": f"http://127.0.0.1:{trainer_port}",
        "TRAINER_DIR": str(folder / "trainer"),
        "TRAINER_ENGINE": "simulated",
        "TRAINER_API_KEY": TRAINER_KEY,
        "TRAINER_API_KEYS": TRAINER_KEY,
        "DJANGO_ALLOWED_HOSTS": "127.0.0.1",
        "DJANGO_DEBUG": "false",
        "SIGNUP_OPEN": "true",
        "FIRST_PICTURE": "false",
        "EMAIL_VERIFICATION": "none",
        "LOG_LEVEL": "INFO",
        "PYTHONUNBUFFERED": "1",
    }


class Installation(Process):
    """`manage.py up` with all its data in `folder`; unused ports where none are given.

    `environment` holds variables that differ from `installation_environment`.
    """

    def __init__(
        self,
        folder: Path,
        log_file: Path,
        *,
        port: int = 0,
        trainer_port: int = 0,
        environment: Mapping[str, str] | None = None,
        watchdog: Watchdog | None = None,
    ) -> None:
        self.folder = folder
        self.trainer_port = trainer_port or unused_port()
        port = port or unused_port()
        env = installation_environment(folder, port=port, trainer_port=self.trainer_port)
        super().__init__(
            "TheWay",
            [sys.executable, "manage.py", "up"],
            cwd=ROOT,
            env=env | dict(environment or {}),
            port=port,
            ready_line="Open http://",
            log_file=log_file,
            watchdog=watchdog,
        )

    @property
    def address(self) -> str:
        """Where a browser finds it."""
        return f"http://127.0.0.1:{self.port}"
