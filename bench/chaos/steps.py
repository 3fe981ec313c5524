"""A worker is stopped at every single step between reading the row and saving the run id.

Each line of our code that a submission executes is one step. For every step a process of its
own submits one job and is killed (or frozen) exactly there; then ordinary workers take over.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from random import Random
from types import FrameType
from typing import Any

from bench.chaos.people import Draft, make_drafts
from bench.installation import ROOT, Installation

ROOMS = tuple(str(ROOT / room) + os.sep for room in ("jobs", "training", "providers"))


class Counter:
    """Counts executed lines of our rooms and acts at one of them."""

    def __init__(self, at: int | None, act: Callable[[], None]) -> None:
        self.at, self.act, self.count = at, act, 0

    def __call__(self, frame: FrameType, event: str, _arg: Any) -> Counter | None:
        if not frame.f_code.co_filename.startswith(ROOMS):
            return None
        if event == "line":
            self.count += 1
            if self.count == self.at:
                self.act()
        return self


def run(site: Installation, *, is_freezing: bool, stride: int) -> list[Draft]:
    """Stop one submission at every `stride`-th step; return the drafts, one per step."""
    site.start_trainers()
    rng, providers = Random(1), [site.trainers[0].provider]
    counted = make_drafts(1, rng, "count", providers)[0]
    counted.accident = "nothing"
    total = _steps_of(counted)
    steps = list(range(1, total + 1, stride))
    print(f"a submission has {total} steps; stopping at {len(steps)} of them", flush=True)
    drafts = make_drafts(len(steps), rng, "step", providers)
    frozen: list[int] = []
    for number, (step, draft) in enumerate(zip(steps, drafts, strict=True), start=1):
        draft.accident = "frozen" if is_freezing else "killed"
        child = _submit_in_child(draft, step, signal.SIGSTOP if is_freezing else signal.SIGKILL)
        if is_freezing:
            frozen.append(child)
        if number % 50 == 0:
            print(f"{number} of {len(steps)} steps", file=sys.stderr, flush=True)
    site.heal()
    wait_for_rest()
    _thaw(frozen)
    wait_for_rest()
    return [counted, *drafts]


def _start(draft: Draft) -> uuid.UUID:
    from models_app.models import UserModel
    from training.selectors import next_idempotency_key
    from training.services import start

    model = UserModel.objects.get(pk=draft.model_id)
    return start(model, idempotency_key=next_idempotency_key(model)).pk


def _steps_of(draft: Draft) -> int:
    """Submit one job undisturbed and count its steps."""
    from jobs.engine.submit import submit

    job_id = _start(draft)
    with _tracing(Counter(None, lambda: None)) as counter:
        submit(job_id)
    return counter.count


def _submit_in_child(draft: Draft, step: int, number: int) -> int:
    """Fork a worker that stops itself at `step`; return its id once it is dead or frozen."""
    from django.db import connection

    from jobs.engine.submit import submit

    job_id = _start(draft)
    connection.close()
    child = os.fork()
    if child == 0:
        try:
            with _tracing(Counter(step, lambda: os.kill(os.getpid(), number))):
                submit(job_id)
        finally:
            os._exit(0)  # whatever it met, the child must not unwind into the harness
    os.waitpid(child, os.WUNTRACED)
    return child


@contextlib.contextmanager
def _tracing(counter: Counter) -> Iterator[Counter]:
    sys.settrace(counter)
    try:
        yield counter
    finally:
        sys.settrace(None)


def wait_for_rest(within: float = 420.0) -> None:
    """Wait until no job moves any more, for at most so many seconds."""
    from bench.chaos.verdict import unfinished

    deadline = time.monotonic() + within
    while time.monotonic() < deadline and (left := unfinished()):
        print(f"waiting for rest: {dict(left)}", end="\r", flush=True, file=sys.stderr)
        time.sleep(2)
    print(file=sys.stderr)


def _thaw(children: list[int]) -> None:
    """Let frozen workers go on, long after others took their jobs over."""
    for child in children:
        with contextlib.suppress(ProcessLookupError, ChildProcessError):
            os.kill(child, signal.SIGCONT)
            os.waitpid(child, 0)
