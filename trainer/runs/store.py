"""The runs: a folder each, whole from the moment it exists.

runs/ft-…/job.json            what is known, replaced in one move
runs/ft-…/events.jsonl        what happened, append only
runs/ft-…/metrics.jsonl       the losses, append only
runs/ft-…/dataset.jsonl       the photos, until the run is over
runs/ft-…/photos/             small copies to draw with
runs/ft-…/adapter.safetensors the result; checkpoints/<step>.safetensors before it
"""

from __future__ import annotations

import logging
import re
import secrets
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from trainer import disk
from trainer.errors import not_found
from trainer.files.store import FileStore, StoredFile
from trainer.runs.records import OVER, Run, Wish
from trainer.threads import in_thread
from trainer.times import iso

log = logging.getLogger("trainer.runs")

Point = tuple[int, float, float, float]  # step, loss, learning rate, seconds since 1970

RUN_ID = re.compile(r"ft-[0-9a-f]{24}")


class RunStore:
    """All runs, in memory and on disk. Used on the event loop only."""

    def __init__(self, folder: Path, accepted: Callable[[Run], None] | None = None) -> None:
        """`accepted` hears of every new run, in a thread, before anybody else does."""
        self._folder = folder
        self._accepted = accepted
        self._runs: dict[str, Run] = {}
        self._unwritten: dict[str, list[Point]] = {}  # losses, until the record is written

    def load(self) -> None:
        """Read what an earlier process left and remove what it had begun to remove."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for folder in sorted(self._folder.iterdir()):
            if RUN_ID.fullmatch(folder.name):
                self._load_one(folder)
            else:  # half made or half deleted: nobody was ever told of it, or it is gone
                shutil.rmtree(folder, ignore_errors=True)

    def _load_one(self, folder: Path) -> None:
        try:
            run = Run.from_json(disk.read_json(folder / "job.json"))
        except (OSError, ValueError, TypeError, KeyError):
            log.exception("The record of run %s cannot be read; the folder is kept", folder.name)
            return
        self._runs[run.id] = run
        if run.status not in OVER:
            disk.mend_lines(folder / "events.jsonl")
            disk.mend_lines(folder / "metrics.jsonl")
            self._catch_up(run)

    def _catch_up(self, run: Run) -> None:
        """After a crash the events know more than the record, which is written less often."""
        for said in self.events(run):
            run.step = max(run.step, said.get("step", 0))
            run.stage = said["type"]

    def all(self) -> list[Run]:
        """Give every run, oldest first."""
        return sorted(self._runs.values(), key=lambda run: run.created_at)

    def get(self, run_id: str) -> Run:
        """Give one run; raise a 404 for an id that is not one of ours."""
        if run := self._runs.get(run_id):
            return run
        raise not_found(f"Fine-tune {run_id[:80]}")

    def folder(self, run: Run) -> Path:
        """Give where a run's files lie."""
        return self._folder / run.id

    async def create(self, wish: Wish, file: StoredFile, files: FileStore, seconds: float) -> Run:
        """Accept a run: when this returns it is on the disk, so the answer may leave."""
        now = time.time()
        run = Run(
            id=f"ft-{secrets.token_hex(12)}",
            wish=wish,
            photos=file.line_count,
            dataset_bytes=file.size,
            created_at=now,
            updated_at=now,
            seconds=seconds,
            seconds_left=seconds,
        )
        draft = self._folder / f".new-{run.id}"
        draft.mkdir()
        files.lend(file, draft / "dataset.jsonl")
        await in_thread(self._write_new, run, draft)
        self._runs[run.id] = run
        return run

    def _write_new(self, run: Run, draft: Path) -> None:
        disk.append_lines(draft / "events.jsonl", [event("job_pending", "Job accepted", run)])
        disk.write_json(draft / "job.json", asdict(run), durable=True)
        draft.rename(self.folder(run))
        disk.sync_folder(self._folder)
        if self._accepted:
            self._accepted(run)

    def save(self, run: Run, *, durable: bool = False) -> None:
        """Write what is known about a run."""
        points = self._unwritten.pop(run.id, [])
        disk.append_lines(self.folder(run) / "metrics.jsonl", points)
        disk.write_json(self.folder(run) / "job.json", asdict(run), durable=durable)

    def add_event(self, run: Run, values: dict[str, Any]) -> None:
        """Append one event."""
        disk.append_lines(self.folder(run) / "events.jsonl", [values])

    def events(self, run: Run) -> list[dict[str, Any]]:
        """Give all events, oldest first."""
        return list(disk.read_lines(self.folder(run) / "events.jsonl"))

    def add_losses(self, run: Run, points: Sequence[tuple[int, float, float]]) -> None:
        """Take in (step, loss, learning rate) points; they are written with the next `save`."""
        at = round(time.time(), 3)
        known = self._unwritten.setdefault(run.id, [])
        known.extend((step, loss, rate, at) for step, loss, rate in points)

    def losses(self, run: Run) -> list[Point]:
        """Give (step, loss, learning rate, seconds since 1970) points, in order."""
        written = [tuple(point) for point in disk.read_lines(self.folder(run) / "metrics.jsonl")]
        return written + self._unwritten.get(run.id, [])

    async def remove(self, run: Run) -> None:
        """Delete a run with everything it has; nobody may be working on it.

        Raises a 404 where another call was first.
        """
        del self._runs[self.get(run.id).id]
        self._unwritten.pop(run.id, None)
        await in_thread(self._erase, run)

    def _erase(self, run: Run) -> None:
        gone = self._folder / f".gone-{run.id}"
        self.folder(run).rename(gone)
        disk.sync_folder(self._folder)
        shutil.rmtree(gone)


def event(kind: str, message: str, run: Run, *, step: int | None = None) -> dict[str, Any]:
    """Give one event in Together's shape, of this moment."""
    level = {"job_error": "error", "warning": "warning"}.get(kind, "info")
    values: dict[str, Any] = {
        "object": "fine-tune-event",
        "created_at": iso(time.time()),
        "level": level,
        "type": kind,
        "message": message,
    }
    if step is not None:
        values |= {"step": step, "total_steps": run.total_steps}
    return values
