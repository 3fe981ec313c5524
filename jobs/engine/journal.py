"""What must outlive a database that is away, or that went back in time: two kinds of small files.

An accepted run that the database would not take is written here, synced, and adopted later.
The high-water mark is the number of paid calls, counted in the database before each leaves: a
database that counts fewer is older than a call that was paid, so nothing is paid until it has
been reconciled with the providers (`manage.py reconcile`).
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings

from jobs.models import JobQueue, ProviderStatus
from models_app.disk import sync
from providers.types import Output, Run, RunStatus

log = logging.getLogger(__name__)

_MARK = "paid-calls"


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
    """Remember how many calls were paid, just before one more leaves. Raises OSError."""
    with (_folder() / ".mark.lock").open("wb") as lock:
        # Two workers that write together must not lower it.
        fcntl.flock(lock, fcntl.LOCK_EX)
        mark, counted = _mark(), _paid_calls()
        highest = {key: max(mark.get(key, 0), counted.get(key, 0)) for key in mark | counted}
        if highest != mark:
            _write(_MARK, json.dumps(highest).encode())


def is_database_behind() -> bool:
    """Whether the database is older than a paid call that left from this installation, or
    nobody can tell because the mark cannot be read."""
    try:
        mark = _mark()
    except (OSError, ValueError, TypeError):
        log.exception("the mark of paid calls cannot be read")
        return True
    counted = _paid_calls() if mark else {}
    return any(counted.get(key, 0) < calls for key, calls in mark.items())


def reset_mark() -> None:
    """Accept the database as it is, once it has been reconciled with the providers."""
    _write(_MARK, json.dumps(_paid_calls()).encode())


def _paid_calls() -> dict[str, int]:
    """How many calls each provider was sent, as the database knows."""
    return dict(ProviderStatus.objects.values_list("provider", "paid_calls"))


def _mark() -> dict[str, int]:
    try:
        return dict(json.loads((_folder() / _MARK).read_bytes()))
    except FileNotFoundError:
        return {}


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
    draft.write_bytes(data)
    sync(draft)
    draft.replace(folder / name)
    sync(folder)
