"""Trainings and predictions: what is known of each, and as the API answers it."""

from __future__ import annotations

import random
import secrets
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from emulators.hosted.records import Records
from emulators.replicate.errors import not_found
from emulators.replicate.times import stamp

Json = dict[str, Any]

TRAINING, PREDICTION = "training", "prediction"
OVER = frozenset({"succeeded", "failed", "canceled", "aborted"})
# base32, as Replicate's ids look
_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"


@dataclass(slots=True)
class Run:
    """One training or prediction.

    `base` is the start of the addresses it was asked for under; `wanted` its input with defaults;
    `seconds` how long its work takes once it has started and `steps` what its progress counts to;
    `fate` how it will end if not well; `delivery` the secret part of its results' addresses;
    `captions` those of its photos.
    """

    id: str
    kind: str
    base: str
    model: str
    version: str
    input: Json
    wanted: Json
    created_at: float
    seconds: float
    steps: int
    delivery: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    destination: str = ""
    webhook: str = ""
    events: list[str] | None = None
    deadline: float | None = None
    status: str = "starting"
    started_at: float | None = None
    completed_at: float | None = None
    output: Any = None
    error: str | None = None
    fate: str = ""
    captions: dict[str, str | None] = field(default_factory=dict)
    data_removed: bool = False

    @property
    def seed(self) -> int:
        """What decides everything random in its pictures."""
        given = self.wanted.get("seed")
        return random.Random(self.id).randrange(2**31) if given is None else int(given)  # noqa: S311

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.status in OVER

    @property
    def path(self) -> str:
        """Its path in the API."""
        return f"/v1/{self.kind}s/{self.id}"


def new_id() -> str:
    """Return a new run's id."""
    return "".join(secrets.choice(_LETTERS) for _ in range(26))


class Runs:
    """All runs of one kind. Used on the event loop only."""

    def __init__(self, records: Records, log: Callable[[Run], str]) -> None:
        self._records = records
        self._log = log
        self._runs: dict[str, Run] = {}

    def load(self) -> None:
        """Read what an earlier process has left."""
        self._runs = {record["id"]: Run(**record) for record in self._records}

    def __iter__(self) -> Iterator[Run]:
        return iter(list(self._runs.values()))

    def newest_first(self) -> list[Run]:
        """Return all runs, the newest first."""
        return list(reversed(self._runs.values()))

    def find(self, run_id: str) -> Run | None:
        """Return one run, None where there is none."""
        return self._runs.get(run_id)

    def get(self, run_id: str) -> Run:
        """Return one run; raise a 404 where there is none."""
        if run := self._runs.get(run_id):
            return run
        raise not_found()

    async def save(self, run: Run) -> None:
        """Keep a run as it is now: on the disk when this returns."""
        await self._records.save(run.id, asdict(run))
        self._runs[run.id] = run

    async def remove(self, run: Run) -> None:
        """Forget a run."""
        self._runs.pop(run.id, None)
        await self._records.remove(run.id)

    def answer(self, run: Run, base: str, *, is_new: bool = False) -> Json:
        """Return a run as GET does; a new one's addresses lead to predictions, as the real."""
        path = f"/v1/predictions/{run.id}" if is_new else run.path
        return self.list_answer(run, base) | {
            "logs": "" if run.data_removed else self._log(run),
            "urls": _urls(base, path, run.id),
        }

    def list_answer(self, run: Run, base: str) -> Json:
        """Return a run as lists do: without its log."""
        answer = {
            "id": run.id,
            "model": run.model,
            "version": run.version,
            "status": run.status,
            "source": "api",
            "input": run.input,
            "output": run.output,
            "error": run.error,
            "created_at": stamp(run.created_at),
            "started_at": stamp(run.started_at),
            "completed_at": stamp(run.completed_at),
            "data_removed": run.data_removed,
            "urls": _urls(base, run.path, run.id),
        }
        return answer | {"metrics": _metrics(run)}


def _urls(base: str, path: str, run_id: str) -> Json:
    return {
        "get": f"{base}{path}",
        "cancel": f"{base}{path}/cancel",
        "web": f"{base}/p/{run_id}",
    }


def _metrics(run: Run) -> Json:
    """Return what a run cost in seconds: `predict_time` is what is billed."""
    if run.completed_at is None:
        return {}
    metrics = {"total_time": round(run.completed_at - run.created_at, 6)}
    if run.started_at is not None:
        metrics["predict_time"] = round(run.completed_at - run.started_at, 6)
    return metrics
