"""What must outlive a database that is away, or that went back in time: two kinds of small files.

An accepted run that the database would not take is written here, synced, and adopted later.
The high-water mark is the id of an event that was stored before a paid call: a database that
does not know an event as new is older than a call that was paid, so nothing is paid until it
has been reconciled with the providers (`manage.py reconcile`).
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import Max

from jobs.models import JobEvent, JobQueue
from providers.types import Output, Run, RunStatus

log = logging.getLogger(__name__)

_MARK = "newest-event-before-a-paid-call"


def keep_answer(job: JobQueue, run: Run) -> None:
    """Write an accepted run, with the images that came inline, and sync it. Raises OSError."""
    outputs: list[dict[str, str]] = []
    for number, output in enumerate(run.outputs):
        name = f"{job.pk}-{number}.output" if output.data else ""
        if name:
            _write(name, output.data)
        outputs.append({"url": output.url, "file": name})
    kept = {
        "id": run.id,
        "status": run.status.value,
        "correlation": run.correlation,
        "remote_ref": run.remote_ref,
        "engine": run.engine,
        "outputs": outputs,
    }
    # Last, and in one step: where this file is, everything it names is.
    _write(f"{job.pk}.json", json.dumps(kept).encode())


def kept_answers() -> Iterator[tuple[str, Run]]:
    """Yield (job id, run) of every answer that waits for the database."""
    for path in sorted(_folder().glob("*.json")):
        try:
            kept: dict[str, Any] = json.loads(path.read_bytes())
            outputs = tuple(_output(one) for one in kept.pop("outputs"))
            status = RunStatus(kept.pop("status"))
            yield path.stem, Run(**kept, status=status, outputs=outputs)
        except (OSError, ValueError, TypeError, KeyError):
            log.exception("the kept answer %s cannot be read; it stays where it is", path)


def forget_answer(job_id: str) -> None:
    """Remove a kept answer that the database has taken."""
    folder = _folder()
    (folder / f"{job_id}.json").unlink(missing_ok=True)
    for path in folder.glob(f"{job_id}-*.output"):
        path.unlink(missing_ok=True)


def raise_mark() -> None:
    """Remember the newest event, just before a paid call leaves. Raises OSError."""
    newest = _newest_event()
    if newest > _mark():
        _write(_MARK, str(newest).encode())


def is_database_behind() -> bool:
    """Whether the database is older than a paid call that left from this installation."""
    return _newest_event() < _mark()


def reset_mark() -> None:
    """Accept the database as it is, once it has been reconciled with the providers."""
    _write(_MARK, str(_newest_event()).encode())


def _newest_event() -> int:
    return JobEvent.objects.aggregate(newest=Max("id"))["newest"] or 0


def _mark() -> int:
    try:
        return int((_folder() / _MARK).read_bytes())
    except (FileNotFoundError, ValueError):
        return 0


def _output(kept: dict[str, str]) -> Output:
    if kept["file"]:
        return Output(data=(_folder() / kept["file"]).read_bytes())
    return Output(url=kept["url"])


def _folder() -> Path:
    folder = Path(settings.JOURNAL_DIR)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _write(name: str, data: bytes) -> None:
    """Replace a file in one step, and wait until the disk has it."""
    folder = _folder()
    draft = folder / f".{name}.{os.getpid()}"
    with draft.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(folder / name)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
