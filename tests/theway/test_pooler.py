"""PostgreSQL behind PgBouncer in transaction mode, both as real processes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.conf import settings

from bench import services
from models_app.photo_folders import read_folder
from tests.theway.launched import Launched
from theway.demo import mug
from theway.demo.browser import Browser
from theway.demo.journey import Journey
from theway.processes.installation import installation_environment
from theway.processes.process import Process

ROOT = Path(settings.BASE_DIR)
pytestmark = [
    pytest.mark.service,
    pytest.mark.skipif(
        not (services.find_postgres() and services.find_pgbouncer())
        and not os.environ.get("THEWAY_REQUIRE_SERVICES"),
        reason="PostgreSQL and PgBouncer are not installed",
    ),
]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Process]:
    with services.postgres() as database:
        yield database


@pytest.fixture(scope="module")
def pooler(cluster) -> Iterator[Process]:
    with services.pgbouncer(cluster) as service:
        yield service


def test_a_model_is_trained_and_makes_a_picture_through_it(pooler, tmp_path):
    launched = Launched(tmp_path, DATABASE_URL=services.postgres_url(pooler), TRAINER_SECONDS="4")
    try:
        launched.wait_for("Open http://")
        photos = tmp_path / "photos"
        photos.mkdir()
        mug.render_photos(photos)
        journey = Journey(
            Browser(launched.address), write=lambda text: None, show=lambda share, text: None
        )
        outcome = journey.run(read_folder(photos), tmp_path)
        assert outcome.tensor_count > 0
    finally:
        launched.stop()
        launched.wait_until_gone()
    assert "Traceback" not in launched.log, launched.log


_LOOK = """
from django.db import connection, transaction
NAMES = ("synchronous_commit", "lock_timeout", "statement_timeout",
         "idle_in_transaction_session_timeout")
def look():
    with connection.cursor() as cursor:
        cursor.execute("SELECT " + ", ".join(f"current_setting('{name}')" for name in NAMES))
        print(*cursor.fetchone())
look()
with transaction.atomic():
    look()
    with transaction.atomic():
        look()
"""


def test_the_settings_are_in_force_in_and_outside_of_transactions(pooler, tmp_path):
    """Another program's session settings lie on the pooled connections before."""
    url = services.postgres_url(pooler)
    with psycopg.connect(url, autocommit=True) as other:
        other.execute("SET synchronous_commit = off")
        other.execute("SET lock_timeout = 0")
    env = installation_environment(tmp_path, port=1, trainer_port=2) | {"DATABASE_URL": url}
    command = [sys.executable, "manage.py", "shell", "-v0", "-c", _LOOK]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["on 2s 1min 20s"] * 3
    with psycopg.connect(url, autocommit=True) as other:
        row = other.execute("SHOW synchronous_commit").fetchone()
        assert row == ("off",), "what is ours stays in our transactions"
