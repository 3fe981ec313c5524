"""The terminal and the logs show the machine's time zone, each time with its name."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
STORY = """
import datetime
from django.core.management import call_command
from accounts.models import User
from jobs.models import JobEvent, JobQueue
from models_app.models import UserModel
from django.utils import timezone
call_command("migrate", verbosity=0)
owner = User.objects.create_user("ann@example.org", "correct horse battery")
job = JobQueue.objects.create(
    kind="training", owner=owner, model=UserModel.objects.create(owner=owner, name="Ann"),
    provider="local", idempotency_key="1", deadline_at=timezone.now(),
)
for month in (1, 7):
    at = datetime.datetime(2026, month, 1, 23, 30, 5, tzinfo=datetime.UTC)
    JobEvent.objects.create(job=job, kind="note", text="4 photos were sent.", at=at)
call_command("jobs", "explain", str(job.pk))
import logging
logging.getLogger("theway").warning("said to the log")
import subprocess, sys
subprocess.run([sys.executable, "-c", "import time; print(time.strftime('child %z'))"])
"""


@pytest.mark.parametrize(
    ("zone", "january", "july"),
    [
        ("Pacific/Auckland", "2026-01-02 12:30:05 NZDT", "2026-07-02 11:30:05 NZST"),
        ("America/St_Johns", "2026-01-01 20:00:05 NST", "2026-07-01 21:00:05 NDT"),
        ("UTC", "2026-01-01 23:30:05 UTC", "2026-07-01 23:30:05 UTC"),
    ],
)
def test_the_terminal_shows_the_machines_zone_in_summer_and_in_winter(
    tmp_path, zone, january, july
):
    environment = {**os.environ, "TZ": zone, "THEWAY_DATA_DIR": str(tmp_path), "PYTHONWARNINGS": ""}
    environment |= {"DJANGO_SETTINGS_MODULE": "theway.settings", "DJANGO_DEBUG": "1"}
    command = [sys.executable, "manage.py", "shell", "-v0", "-c", STORY]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True
    )
    assert f"{january}  4 photos were sent." in done.stdout
    assert f"{july}  4 photos were sent." in done.stdout
    [line] = [line for line in done.stderr.splitlines() if "said to the log" in line]
    offset = line.split()[1][8:]
    assert f"child {offset}" in done.stdout
    assert (offset == "+0000") is (zone == "UTC")
