"""What must outlive a database that is away, or that went back in time: three kinds of small files.

An accepted run that the database would not take is written here, synced, and adopted later.
The look-up key of a paid call is written before it leaves, where the provider's list shows that
instead of our token: an older database does not know it, and could not find the run.
The high-water mark is the number of paid calls, counted in the database before each leaves: a
database that counts fewer is older than a call that was paid, so nothing is paid until it has
been reconciled with the providers (`manage.py reconcile`).
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import logging
import os
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings

from jobs.models import JobQueue, ProviderStatus
from models_app.disk import sync
from providers.types import Output, Run, RunStatus

log = logging.getLogger(__name__)

_MARK = "paid-calls"
_ANSWER = ".answer"
_OUTPUT = ".output"
_LOOKUP_KEY = ".key"
# In the mark beside the providers: a call that no database has counted.
_RESTORED = "restored"


def keep_answer(job: JobQueue, run: Run) -> Path:
    """Write an accepted run, with the images that came inline, and sync it; return the answer's
    file. Raises OSError."""
    # One file for each run: a second answer must not replace the first.
    name = _name(job, run.id)
    outputs: list[dict[str, str]] = []
    for number, output in enumerate(run.outputs):
        file = f"{name}-{number}{_OUTPUT}" if output.data else ""
        if file:
            _write(file, output.data)
        outputs.append({"url": output.url, "file": file})
    kept = {
        "job": str(job.pk),
        "run": {
            "id": run.id,
            "status": run.status.value,
            "correlation": run.correlation,
            "remote_ref": run.remote_ref,
            "engine": run.engine,
            "cost_usd": run.cost_usd,
            "billed": run.billed,
        },
        "outputs": outputs,
    }
    # Last, and in one step: where this file is, everything it names is.
    return _write(f"{name}{_ANSWER}", json.dumps(kept).encode())


def kept_answers(job_id: object = "*") -> list[Path]:
    """The answers, of one job or all, that wait for the database."""
    return sorted(_folder().glob(f"{job_id}.*{_ANSWER}"))


def kept_files() -> list[Path]:
    """All files of the answers that wait: what a backup needs of the journal. Never the mark: it
    says what was paid until now, whatever comes back."""
    return sorted(path for kind in (_ANSWER, _OUTPUT) for path in _folder().glob(f"*{kind}"))


def read_answer(path: Path) -> tuple[uuid.UUID, Run]:
    """Return (job id, run) of a kept answer. Raises whatever a damaged file leads to."""
    kept: dict[str, Any] = json.loads(path.read_bytes())
    outputs = tuple(output for one in kept["outputs"] if (output := _output(one)))
    status = RunStatus(kept["run"].pop("status"))
    return uuid.UUID(kept["job"]), Run(**kept["run"], status=status, outputs=outputs)


def forget_answer(path: Path) -> None:
    """Remove a kept answer that the database has taken."""
    path.unlink(missing_ok=True)
    for output in path.parent.glob(f"{path.name.removesuffix(_ANSWER)}-*{_OUTPUT}"):
        output.unlink(missing_ok=True)


def keep_lookup_key(job: JobQueue) -> Path:
    """Write down what a list will show of the paid call that is about to leave instead of our
    token, and sync it; return its file. Raises OSError."""
    name = f"{_name(job, job.lookup_key)}{_LOOKUP_KEY}"
    return _write(name, job.lookup_key.encode())


def lookup_keys() -> dict[uuid.UUID, list[str]]:
    """Return the look-up keys of the paid calls by job, newest first. Those that cannot be read
    are left out."""
    kept = []
    for path in _folder().glob(f"*{_LOOKUP_KEY}"):
        try:
            job_id = uuid.UUID(path.name.partition(".")[0])
            kept.append((path.stat().st_mtime, job_id, path.read_text()))
        except (OSError, ValueError):
            log.exception("the look-up key %s cannot be read", path.name)
    keys: dict[uuid.UUID, list[str]] = {}
    for _written_at, job_id, key in sorted(kept, reverse=True):
        keys.setdefault(job_id, []).append(key)
    return keys


def prune_lookup_keys(before: datetime) -> int:
    """Remove those of paid calls that left before; return how many."""
    paths = _folder().glob(f"*{_LOOKUP_KEY}")
    old = [path for path in paths if path.stat().st_mtime < before.timestamp()]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)


def begin_mark() -> None:
    """Write a first mark where there is none, before the first call is counted. Raises OSError
    and ValueError."""
    if _mark() is None and not is_database_behind():
        raise_mark()


def require_reconcile() -> None:
    """Let nothing be paid until the database is reconciled, whatever it counts: it is about to be
    replaced by an older one. Raises OSError."""
    try:
        mark = _mark() or {}
    except ValueError:
        return  # a damaged mark says so already
    _write(_MARK, json.dumps(mark | {_RESTORED: 1}).encode())


def raise_mark() -> None:
    """Remember how many calls were paid, just before one more leaves. Raises OSError, and
    ValueError where the mark is damaged."""
    with (_folder() / ".mark.lock").open("wb") as lock:
        # Two workers that write together must not lower it.
        fcntl.flock(lock, fcntl.LOCK_EX)
        mark, counted = _mark() or {}, _paid_calls()
        highest = {key: max(mark.get(key, 0), counted.get(key, 0)) for key in mark | counted}
        if highest != mark or not mark:
            _write(_MARK, json.dumps(highest).encode())


def is_database_behind() -> bool:
    """Whether the database is older than a paid call that left from this installation, or
    nobody can tell: the mark cannot be read, or is missing though calls were paid, as beside a
    copy of another installation's database."""
    try:
        mark = _mark()
    except (OSError, ValueError):
        log.exception("the mark of paid calls cannot be read")
        return True
    counted = _paid_calls()
    if mark is None:
        return any(counted.values())
    return any(counted.get(key, 0) < calls for key, calls in mark.items())


def marked_at() -> datetime:
    """When the last paid call left, by the clock of the machine that keeps the mark."""
    try:
        seconds = (_folder() / _MARK).stat().st_mtime
    except FileNotFoundError:
        seconds = 0.0
    return datetime.fromtimestamp(seconds, UTC)


def reset_mark() -> None:
    """Accept the database as it is, once it has been reconciled with the providers."""
    _write(_MARK, json.dumps(_paid_calls()).encode())


def _paid_calls() -> dict[str, int]:
    """How many calls each provider was sent, as the database knows."""
    return dict(ProviderStatus.objects.values_list("provider", "paid_calls"))


def _mark() -> dict[str, int] | None:
    """Read the mark, None where there is none. Raises OSError, and ValueError for a damaged one."""
    try:
        mark: Any = json.loads((_folder() / _MARK).read_bytes())
    except FileNotFoundError:
        return None
    if isinstance(mark, dict) and all(type(calls) is int for calls in mark.values()):
        return mark
    raise ValueError("the mark of paid calls is damaged")


def _output(kept: dict[str, str]) -> Output | None:
    """Return one output; None where its file is gone: the run is worth more than it."""
    if not kept["file"]:
        return Output(url=kept["url"])
    try:
        return Output(data=(_folder() / kept["file"]).read_bytes())
    except FileNotFoundError:
        log.error("the kept output %s is gone", kept["file"])
        return None


def _name(job: JobQueue, of: str) -> str:
    return f"{job.pk}.{hashlib.sha256(of.encode()).hexdigest()[:16]}"


def _folder() -> Path:
    folder = Path(settings.JOURNAL_DIR)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _write(name: str, data: bytes) -> Path:
    """Replace a file in one step, and wait until the disk has it."""
    folder = _folder()
    draft = folder / f".{name}.{os.getpid()}"
    draft.write_bytes(data)
    sync(draft)
    path = draft.replace(folder / name)
    sync(folder)
    return path
