"""The one file: what was committed is there, and nothing takes anything else with it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.trainer.test_weights import a_run
from trainer.database import OURS, Database, delete, insert, update
from trainer.errors import ConfigurationError
from trainer.runs.records import Run

GENERATION = {"model": "m", "correlation": "c", "created_at": 1.0, "names": "[]"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "trainer.db"


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    database = Database(path)
    database.open()
    yield database
    database.close()


def a_generation(number: int) -> dict:
    return {"id": f"img-{number}", **GENERATION}


def on_disk(path: Path) -> list[str]:
    """The ids that another process sees."""
    with closing(sqlite3.connect(path)) as other:
        return [row[0] for row in other.execute("SELECT id FROM generations ORDER BY id")]


async def test_what_is_committed_is_seen_by_another_process(database, path):
    await database.commit(insert("generations", a_generation(1)))

    assert on_disk(path) == ["img-1"]


async def test_changes_are_made_in_their_order(database):
    database.write(insert("generations", a_generation(1)))
    database.write(update("generations", {"id": "img-1", "model": "other"}))
    rows = await database.select("SELECT model FROM generations WHERE id = :id", id="img-1")
    database.write(delete("generations", "img-1"))

    await database.committed()

    assert rows == [{"model": "other"}]
    assert database.all_rows("generations") == []


async def test_a_change_that_fails_takes_no_other_with_it(database, path, caplog):
    written = [database.write(insert("generations", a_generation(n))) for n in (1, 1, 2)]

    await database.committed()

    assert [one.exception() is None for one in written] == [True, False, True]
    assert on_disk(path) == ["img-1", "img-2"]
    assert "could not be written" in caplog.text


async def test_statements_of_one_change_are_made_together_or_not_at_all(database, path):
    with pytest.raises(sqlite3.IntegrityError):
        await database.commit(
            insert("generations", a_generation(1)), insert("generations", a_generation(1))
        )

    assert on_disk(path) == []


async def test_a_caller_who_is_cancelled_takes_no_change_with_him(database, path):
    caller = asyncio.create_task(database.commit(insert("generations", a_generation(1))))
    await asyncio.sleep(0)

    caller.cancel()
    await asyncio.wait([caller])
    await database.committed()

    assert on_disk(path) == ["img-1"]


def test_closing_commits_what_waits(path):
    database = Database(path)
    database.open()
    for number in range(50):
        database.write(insert("generations", a_generation(number)))

    database.close()

    assert len(on_disk(path)) == 50


def test_a_file_of_a_newer_version_is_refused_and_left_alone(path):
    with closing(sqlite3.connect(path)) as other:
        other.execute(f"PRAGMA user_version = {OURS.version + 1}")

    with pytest.raises(ConfigurationError, match="newer version"):
        Database(path).open()


def test_a_file_of_the_first_version_is_brought_up_to_today(path):
    before = OURS.schema.read_text().replace(",\n  engine TEXT NOT NULL DEFAULT 'simulated'", "")
    run = {**a_run().row(), "status": "completed"}
    del run["engine"]
    names = ", ".join(run)
    with closing(sqlite3.connect(path)) as other, other:
        other.executescript(before.replace(f"= {OURS.version};", "= 1;"))
        values = ", ".join(f":{name}" for name in run)
        other.execute(f"INSERT INTO runs ({names}) VALUES ({values})", run)  # noqa: S608

    for _ in range(2):  # the second time there is nothing left to do
        database = Database(path)
        database.open()
        (row,) = database.all_rows("runs")
        database.close()

    # All that the first version trained was a simulation.
    assert Run.from_row(row).engine == "simulated"
