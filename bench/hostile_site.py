"""The process that takes hostile files in, for `bench.hostile`: a folder's name on a line of the
standard input, what came of the files in it on a line of the standard output."""

from __future__ import annotations

import json
import pickle
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO

import django

django.setup()

from accounts.models import User  # noqa: E402
from bench.memory import begin_peak, memory_now, memory_peak  # noqa: E402
from models_app.decoding import process  # noqa: E402
from models_app.decoding.task import Ended, Task  # noqa: E402
from models_app.decoding.workers import Workers  # noqa: E402
from models_app.models import UserModel  # noqa: E402
from models_app.services import create_draft  # noqa: E402
from tests.hostile.case import STORED, Case  # noqa: E402
from tests.hostile.intake import taken_in  # noqa: E402


@dataclass
class Told:
    """What one kind of files came to: counts, seconds, mebibytes."""

    refused: int = 0
    taken: int = 0
    left: int = 0
    seconds: float = 0.0
    slowest: str = ""
    worker: float = 0.0
    before: float = 0.0
    site: float = 0.0
    faults: list[str] = field(default_factory=list)


class MeasuredWorkers(Workers):
    """Workers of which is known how much memory the largest took, in mebibytes."""

    most = 0.0

    def run(self, task: Task, source: IO[bytes]) -> tuple[bytes, Ended]:
        answer, ended = super().run(task, source)
        self.most = max(self.most, ended.memory / 1024**2)
        return answer, ended


WORKERS = MeasuredWorkers()


def main() -> None:
    process._WORKERS = WORKERS
    user, _ = User.objects.get_or_create(email="bench@example.org")
    model = create_draft(user)
    for line in sys.stdin:
        print(json.dumps(asdict(told(model, Path(line.strip())))), flush=True)


def told(model: UserModel, folder: Path) -> Told:
    """Take in every file of a folder."""
    cases: list[Case] = pickle.loads((folder / "list").read_bytes())  # noqa: S301 - our own
    begin_peak()
    found, WORKERS.most = Told(before=memory_now()), 0.0
    for at, one in enumerate(cases):
        started = time.monotonic()
        try:
            with (folder / f"{at:04}").open("rb") as source:
                _count(found, one, model, source)
        except Exception as error:  # a person would have got the page of the server's own error
            found.faults.append(f"{one.name}: {type(error).__name__}: {error}")
        seconds = time.monotonic() - started
        if seconds > found.seconds:
            found.seconds, found.slowest = seconds, one.name
    found.worker = WORKERS.most
    found.site = memory_peak()
    return found


def _count(found: Told, one: Case, model: UserModel, source: IO[bytes]) -> None:
    taken = taken_in(model, one, source)
    found.faults += [*taken.faults, *(f"{one.name} left {path}" for path in taken.leftovers)]
    found.left += len(taken.leftovers)
    is_taken = STORED in taken.codes
    found.taken, found.refused = found.taken + is_taken, found.refused + (not is_taken)


if __name__ == "__main__":
    main()
