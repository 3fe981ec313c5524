"""A throw-away installation: started with the launcher, gone without a trace."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from theway.demo.failure import DemoFailed
from theway.launcher.ports import unused_port
from theway.launcher.watchdog import Watchdog

START_LIMIT = 120.0  # seconds; the first start migrates and collects static files
END_LIMIT = 15.0


@contextmanager
def throw_away_installation(log: Path, training_seconds: float) -> Iterator[str]:
    """Run an installation of its own and give its address. Raises DemoFailed.

    `log` receives what the services say.
    """
    with tempfile.TemporaryDirectory(prefix="theway-demo-") as folder:
        port = unused_port()
        env = os.environ | _environment(Path(folder), port, training_seconds)
        with log.open("w") as output:
            launcher = subprocess.Popen(
                [sys.executable, "manage.py", "up"],
                cwd=settings.BASE_DIR,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        watchdog = Watchdog()
        watchdog.watch(launcher.pid)
        try:
            _wait_until_open(launcher, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            _end(launcher)
            watchdog.end()


def _environment(folder: Path, port: int, training_seconds: float) -> dict[str, str]:
    """Everything set, so that no key, database or bucket of the real installation is used."""
    return {
        "DJANGO_SETTINGS_MODULE": "theway.settings",
        "THEWAY_DATA_DIR": str(folder),
        "DATABASE_URL": f"sqlite:///{folder / 'db.sqlite3'}",
        "EMAIL_URL": "consolemail://",
        "PORT": str(port),
        "WEB_HOST": "127.0.0.1",
        "TRAINER_PORT": str(unused_port()),
        "TRAINER_DIR": str(folder / "trainer"),
        "TRAINER_ENGINE": "simulated",
        "TRAINER_SECONDS": str(training_seconds),
        "DJANGO_ALLOWED_HOSTS": "127.0.0.1",
        "DJANGO_DEBUG": "false",
        "SIGNUP_OPEN": "true",
        "EMAIL_VERIFICATION": "none",
        "LOG_LEVEL": "INFO",
        "TRAINER_API_KEY": "local",
        "TRAINER_API_KEYS": "local",
    } | dict.fromkeys(
        ("PUBLIC_URL", "REDIS_URL", "TOGETHER_API_KEY", "DJANGO_SECRET_KEY", "TRAINER_PUBLIC_URL"),
        "",
    )


def _wait_until_open(launcher: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + START_LIMIT
    while "Open http://" not in log.read_text(errors="replace"):
        if launcher.poll() is not None:
            raise DemoFailed(f"The services could not be started; {log} says why.")
        if time.monotonic() > until:
            raise DemoFailed(f"The services were not ready in time; {log} says how far they came.")
        time.sleep(0.1)


def _end(launcher: subprocess.Popen[bytes]) -> None:
    launcher.send_signal(signal.SIGTERM)
    try:
        launcher.wait(END_LIMIT)
    except subprocess.TimeoutExpired:
        launcher.kill()
        launcher.wait()
