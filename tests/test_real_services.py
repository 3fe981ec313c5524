"""The engine's tests once more, on the database and the broker of a larger installation.

And those of what races for one row elsewhere.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench import services

ROOT = Path(__file__).resolve().parent.parent
ENGINE = [
    "tests/jobs",
    "tests/training",
    "tests/generation",
    "tests/models_app/test_drafts.py",
    "tests/models_app/test_person_limits.py",
    "tests/accounts/test_invitation_races.py",
]
# PostgreSQL refuses texts that SQLite takes: what gets as far as the database must fit both.
ENGINE += [
    f"tests/theway/test_request_texts.py::{test}"
    for test in (
        "test_a_cookie_that_cannot_be_stored_is_no_cookie",
        "test_every_field_of_every_form_refuses_a_null_character",
        "test_answers_that_are_kept_as_typed_fit_any_database",
        "test_names_captions_and_file_names_are_stored_as_they_were_written",
    )
]


needs_services = pytest.mark.skipif(
    not (services.find_postgres() and services.find_redis())
    and not os.environ.get("THEWAY_REQUIRE_SERVICES"),
    reason="PostgreSQL and redis-server are not installed",
)


@pytest.mark.service
@pytest.mark.parametrize(
    "embedded", [pytest.param([], marks=needs_services), pytest.param(["--embedded"])]
)
def test_presses_become_trainings_through_a_real_broker(embedded):
    """A whole installation, a second beat, and the ledger of what was paid at the end."""
    command = [sys.executable, "-m", "bench.chaos", "--trials", "1", "--only", "beat started"]
    result = subprocess.run(
        [*command, *embedded],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if not name.startswith("THEWAY_")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout[-4000:] + result.stderr[-4000:]
    assert "started=2 doubled=0 lost=0 stuck=0 backwards=0" in result.stdout
    assert ("PostgreSQL and Redis" in result.stdout) is not bool(embedded)


@pytest.mark.service
@needs_services
def test_the_engine_on_postgresql_and_redis():
    with services.postgres() as database, services.redis() as broker:
        result = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *ENGINE],
            cwd=ROOT,
            env=os.environ
            | {
                "DATABASE_URL": services.postgres_url(database),
                "REDIS_URL": f"redis://127.0.0.1:{broker.port}/0",
            },
            capture_output=True,
            text=True,
            check=False,
        )
    assert result.returncode == 0, result.stdout[-4000:]
