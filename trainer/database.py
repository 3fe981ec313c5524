"""One SQLite file for all that is known, and the one thread that uses it.

Changes are made in memory on the event loop and queued here in the same order. The thread commits
all that wait together, so one wait for the disk serves many changes; answers are held back until
the changes they tell of are committed (`middleware.CommittedAnswers`).
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from trainer.errors import ConfigurationError

log = logging.getLogger("trainer.database")

Row = dict[str, Any]
Statement = tuple[str, Mapping[str, Any]]
Job = Callable[[sqlite3.Connection], Any]


@dataclass(frozen=True, slots=True)
class Layout:
    """The tables of a file: what makes them, their version, and what makes each earlier version the
    next one."""

    schema: Path
    version: int
    upgrades: Mapping[int, str] = field(default_factory=dict)


OURS = Layout(
    Path(__file__).with_name("schema.sql"),
    2,
    {1: "ALTER TABLE runs ADD COLUMN engine TEXT NOT NULL DEFAULT 'simulated';"},
)


class Database:
    """The file. Use it on the event loop only, between `open` and `close`."""

    def __init__(self, path: Path, layout: Layout = OURS) -> None:
        self._path = path
        self._layout = layout
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="database")
        self._waiting: deque[tuple[Job, Future[Any]]] = deque()
        self._newest: Future[Any] | None = None
        self._has_deleted = True  # perhaps: an earlier process knew

    def open(self) -> None:
        """Open or make the file; raise ConfigurationError where a newer trainer made it."""
        self._connection = self._thread.submit(_connect, self._path, self._layout).result()

    def close(self) -> None:
        """Commit what waits and close the file."""
        self._thread.submit(self._connection.close)
        self._thread.shutdown()

    def write(self, *statements: Statement) -> Future[None]:
        """Queue changes that are committed together, or not at all. Does not wait."""
        return self._submit(lambda connection: _execute(connection, statements))

    async def commit(self, *statements: Statement) -> None:
        """Make changes that are on the disk when this returns."""
        self.write(*statements)
        await self.committed()

    async def committed(self) -> None:
        """Wait until every change so far is on the disk; raise the error that prevented it."""
        if self._newest is not None:
            await _wait_for(self._newest)

    async def purge(self) -> None:
        """Empty the write-ahead log, which has what was deleted until it is written over."""
        self._has_deleted = True
        await self._run("PRAGMA wal_checkpoint(TRUNCATE)")

    async def compact(self) -> None:
        """Write the file anew where something was purged: copies of deleted rows may have been
        left behind when their page was divided. Takes about 30 ms per megabyte."""
        if self._has_deleted:
            self._has_deleted = False
            await self._run("VACUUM")
            await self._run("PRAGMA wal_checkpoint(TRUNCATE)")

    async def _run(self, statement: str) -> None:
        await _wait_for(self._thread.submit(lambda: self._connection.execute(statement).fetchall()))

    async def select(self, sql: str, **values: Any) -> list[Row]:
        """Return the rows of a query, with every change so far."""
        rows: list[Row] = await _wait_for(self._submit(lambda c: _rows(c, sql, values)))
        return rows

    def all_rows(self, table: str) -> list[Row]:
        """Return a whole table. Blocks: for the start of the service."""
        sql = f"SELECT * FROM {table}"  # noqa: S608 - our own names
        rows: list[Row] = self._submit(lambda c: _rows(c, sql, {})).result()
        return rows

    def _submit(self, job: Job) -> Future[Any]:
        future: Future[Any] = Future()
        self._newest = future
        self._waiting.append((job, future))
        self._thread.submit(self._commit_waiting)
        return future

    def _commit_waiting(self) -> None:
        self._commit([self._waiting.popleft() for _ in range(len(self._waiting))])

    def _commit(self, batch: list[tuple[Job, Future[Any]]]) -> None:
        try:
            with self._connection:
                results = [job(self._connection) for job, _ in batch]
        except Exception as error:
            if len(batch) == 1:
                log.exception("A change could not be written")
                batch[0][1].set_exception(error)
                return
            for one in batch:  # a change that fails must not take the others with it
                self._commit([one])
        else:
            for (_, future), result in zip(batch, results, strict=True):
                future.set_result(result)


def insert(table: str, row: Row) -> Statement:
    """Return the statement that adds a row."""
    columns, values = ", ".join(row), ", ".join(f":{name}" for name in row)
    return f"INSERT INTO {table} ({columns}) VALUES ({values})", row  # noqa: S608 - our own names


def update(table: str, row: Row) -> Statement:
    """Return the statement that changes the row with the same id, if it is still there."""
    columns = ", ".join(f"{name} = :{name}" for name in row)
    return f"UPDATE {table} SET {columns} WHERE id = :id", row  # noqa: S608 - our own names


def delete(table: str, row_id: str) -> Statement:
    """Return the statement that removes a row, and the rows that belong to it."""
    return f"DELETE FROM {table} WHERE id = :id", {"id": row_id}  # noqa: S608 - our own names


def _connect(path: Path, layout: Layout) -> sqlite3.Connection:
    # Closed in the thread too, but perhaps by the interpreter's end in another one.
    connection = sqlite3.connect(path, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")  # a commit is on the disk, not on its way
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA temp_store = MEMORY")  # no large sort leaves the folder
    connection.execute("PRAGMA secure_delete = ON")  # what is deleted is overwritten
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > layout.version:
        raise ConfigurationError(f"{path} was made by a newer version of the trainer")
    if not version:
        connection.executescript(f"BEGIN; {layout.schema.read_text()} COMMIT;")
        return connection
    for older in range(version, layout.version):
        upgrade = f"{layout.upgrades[older]} PRAGMA user_version = {older + 1};"
        connection.executescript(f"BEGIN; {upgrade} COMMIT;")
    return connection


def _execute(connection: sqlite3.Connection, statements: tuple[Statement, ...]) -> None:
    for sql, values in statements:
        connection.execute(sql, values)


def _rows(connection: sqlite3.Connection, sql: str, values: Mapping[str, Any]) -> list[Row]:
    return [dict(row) for row in connection.execute(sql, values)]


async def _wait_for(future: Future[Any]) -> Any:
    # Shielded: a caller who is cancelled must not take a queued change with it.
    return await asyncio.shield(asyncio.wrap_future(future))
