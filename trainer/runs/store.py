"""The runs: rows in the database and a folder of files each.

runs/ft-…/dataset.jsonl        the photos, until the run is over
runs/ft-…/adapter.safetensors  the result; checkpoints/<step>.safetensors before it
"""

from __future__ import annotations

import json
import logging
import re
import secrets
import shutil
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import Any

from trainer.database import Database, Statement, delete, insert, update
from trainer.disk import SCRATCH, remove_unknown, sync_folder
from trainer.errors import ApiError, invalid, not_found
from trainer.files.store import FileStore, StoredFile
from trainer.runs.bodies import TrainingRequest
from trainer.runs.records import OVER, Run
from trainer.threads import in_thread
from trainer.times import iso

log = logging.getLogger("trainer.runs")

Point = tuple[int, float, float, float]  # step, loss, learning rate, seconds since 1970
Event = dict[str, Any]  # in Together's shape

RUN_ID = re.compile(r"ft-[0-9a-f]{24}")
DATASET = "dataset.jsonl"
MAX_STEPS = 100_000


class RunStore:
    """All runs, in memory and in the database. Used on the event loop only."""

    def __init__(self, database: Database, folder: Path, files: FileStore) -> None:
        self._database = database
        self._folder = folder
        self._files = files
        self._runs: dict[str, Run] = {}
        self._users: dict[str, set[str]] = {}  # unfinished runs by the file they train on
        self._unwritten: dict[str, list[Point]] = {}  # losses, until the next `save`

    def load(self) -> None:
        """Read what an earlier process left; remove what it had half made or half removed, and
        the photos of runs that are over."""
        rows = self._database.all_rows("runs")
        remove_unknown(self._folder, {row["id"] for row in rows})
        for row in rows:
            try:
                run = Run.from_row(row)
            except (ValueError, TypeError, ApiError):
                log.exception("Run %s cannot be read; its row and folder are kept", row["id"])
                continue
            self._runs[run.id] = run
            if run.status in OVER:
                _remove([self._dataset(run), self._scratch(run)])
            else:
                self._note_use(run)
        self._remove_spent_files()

    def all(self) -> list[Run]:
        """Return every run, oldest first."""
        return sorted(self._runs.values(), key=lambda run: run.created_at)

    def get(self, run_id: str) -> Run:
        """Return one run; raise a 404 for an id that is not one of ours."""
        if run := self._runs.get(run_id):
            return run
        raise not_found(f"Fine-tune {run_id[:80]}")

    def folder(self, run: Run) -> Path:
        """Return the folder of a run's files."""
        return self._folder / run.id

    async def create(self, request: TrainingRequest, correlation: str, seconds: float) -> Run:
        """Accept a run: when this returns it is on the disk, so the answer may leave.

        Raises a 404 or 400 where it cannot be trained on its file.
        """
        file = _training_file(request, self._files)
        now = time.time()
        run = Run(
            id=f"ft-{secrets.token_hex(12)}",
            request=request,
            correlation=correlation,
            photos=file.line_count,
            dataset_bytes=file.size,
            created_at=now,
            updated_at=now,
            seconds=seconds,
            seconds_left=seconds,
        )
        folder = self.folder(run)
        folder.mkdir()
        self._note_use(run)
        self._files.link(file, self._dataset(run))
        accepted = _event("job_pending", "Job accepted", run)
        try:
            await in_thread(_sync, folder)
            await self._database.commit(insert("runs", run.row()), _insert_event(run, accepted))
        except BaseException:
            self._users[file.id].discard(run.id)
            raise
        self._runs[run.id] = run
        return run

    def save(self, run: Run, *statements: Statement) -> Future[None]:
        """Write what is known of a run, together with other changes."""
        losses = [_insert_loss(run, point) for point in self._unwritten.pop(run.id, [])]
        return self._database.write(update("runs", run.row()), *statements, *losses)

    def add_event(
        self, run: Run, kind: str, message: str, *, status: str | None = None, step: int | None
    ) -> None:
        """Record an event and the run as it is after it; its photos go when it is over."""
        event = _event(kind, message, run, step=step)
        run.status, run.stage, run.updated_at = status or run.status, kind, time.time()
        run.step = max(run.step, step or 0)
        if run.status not in OVER:
            self.save(run, _insert_event(run, event))
            return
        # Private and no longer needed: the weights are made, or never will be. Not before the
        # end is on the disk: a crash in between would leave a run without its photos.
        rows, paths = self._end_use(run)
        written = self.save(run, _insert_event(run, event), *rows)
        written.add_done_callback(
            partial(_unlink, [self._dataset(run), self._scratch(run), *paths])
        )

    async def events(self, run: Run) -> list[Event]:
        """Return all events, oldest first."""
        sql = "SELECT event FROM events WHERE run_id = :run_id ORDER BY number"
        rows = await self._database.select(sql, run_id=run.id)
        return [json.loads(row["event"]) for row in rows]

    def add_losses(self, run: Run, points: Sequence[tuple[int, float, float]]) -> None:
        """Take in (step, loss, learning rate) points; they are written with the run."""
        now = round(time.time(), 3)
        unwritten = self._unwritten.setdefault(run.id, [])
        unwritten.extend((step, loss, rate, now) for step, loss, rate in points)

    async def losses(self, run: Run) -> list[Point]:
        """Return (step, loss, learning rate, seconds since 1970) points, in order."""
        sql = "SELECT * FROM losses WHERE run_id = :run_id ORDER BY step"
        unwritten = list(self._unwritten.get(run.id, []))
        rows = await self._database.select(sql, run_id=run.id)
        written = [
            (row["step"], row["loss"], row["learning_rate"], row["logged_at"]) for row in rows
        ]
        return written + unwritten

    async def remove(self, run: Run) -> None:
        """Delete a run with everything it has; nobody may be working on it.

        Raises a 404 where another call was first.
        """
        del self._runs[self.get(run.id).id]
        self._unwritten.pop(run.id, None)
        await self._database.commit(delete("runs", run.id))
        await in_thread(shutil.rmtree, self.folder(run))
        await self._database.purge()

    def is_used(self, file: StoredFile) -> bool:
        """Whether an unfinished run was started with a file."""
        return bool(self._users.get(file.id))

    def remove_expired_files(self) -> None:
        """Remove the uploaded files that no run used in time."""
        self._remove_files(file for file in self._files.all() if file.is_expired)

    def _remove_spent_files(self) -> None:
        """Remove the uploaded files whose runs are all over, where a crash came before it."""
        used = {run.request.training_file for run in self._runs.values()}
        self._remove_files(file for file in self._files.all() if file.id in used)

    def _remove_files(self, files: Iterable[StoredFile]) -> None:
        spent = [self._files.discard(file) for file in files if not self.is_used(file)]
        if spent:
            written = self._database.write(*(row for row, _ in spent))
            written.add_done_callback(partial(_unlink, [path for _, path in spent]))

    def _end_use(self, run: Run) -> tuple[list[Statement], list[Path]]:
        """Note that a run is over; return how to remove its file's row and then its bytes, where
        no other run needs them."""
        file_id = run.request.training_file
        users = self._users.get(file_id, set())
        users.discard(run.id)
        file = self._files.find(file_id)
        if users or file is None:
            return [], []
        self._users.pop(file_id, None)
        row, path = self._files.discard(file)
        return [row], [path]

    def _note_use(self, run: Run) -> None:
        self._users.setdefault(run.request.training_file, set()).add(run.id)

    def _dataset(self, run: Run) -> Path:
        return self.folder(run) / DATASET

    def _scratch(self, run: Run) -> Path:
        return self.folder(run) / SCRATCH


def _unlink(paths: Sequence[Path], written: Future[None]) -> None:
    if written.exception() is None:
        _remove(paths)


def _remove(paths: Sequence[Path]) -> None:
    for path in paths:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def _training_file(request: TrainingRequest, files: FileStore) -> StoredFile:
    file = files.get(request.training_file)
    if file.status != "COMPLETED" or file.purpose != "fine-tune":
        reason = file.error or f"it is {file.status}, for {file.purpose}"
        raise invalid(f"{file.id} cannot be trained on: {reason}.", "training_file")
    if request.n_epochs * file.line_count > MAX_STEPS * request.batch_size:
        raise invalid(f"This training would have more than {MAX_STEPS} steps.", "n_epochs")
    return file


def _sync(folder: Path) -> None:
    sync_folder(folder)
    sync_folder(folder.parent)


def _insert_event(run: Run, event: Event) -> Statement:
    return insert("events", {"run_id": run.id, "event": json.dumps(event)})


def _insert_loss(run: Run, point: Point) -> Statement:
    names = ("step", "loss", "learning_rate", "logged_at")
    return insert("losses", {"run_id": run.id, **dict(zip(names, point, strict=True))})


def _event(kind: str, message: str, run: Run, *, step: int | None = None) -> Event:
    level = {"job_error": "error", "warning": "warning"}.get(kind, "info")
    values: Event = {
        "object": "fine-tune-event",
        "created_at": iso(time.time()),
        "level": level,
        "type": kind,
        "message": message,
    }
    if step is not None:
        values |= {"step": step, "total_steps": run.total_steps}
    return values
