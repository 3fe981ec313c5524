"""The engine's tests once more, on the database and the broker of a larger installation."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench import services

ROOT = Path(__file__).resolve().parent.parent
ENGINE = ["tests/jobs", "tests/training", "tests/generation", "tests/models_app/test_drafts.py"]


@pytest.mark.service
@pytest.mark.skipif(
    not (services.find_postgres() and services.find_redis())
    and not os.environ.get("THEWAY_REQUIRE_SERVICES"),
    reason="PostgreSQL and redis-server are not installed",
)
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
