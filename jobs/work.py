"""The kinds of work the engine can do. A room registers its kind when Django starts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Protocol

from jobs.models import JobQueue
from providers.base import Provider
from providers.types import Run

Report = Callable[[str], None]


class InvalidResultError(Exception):
    """The delivered result cannot be kept: cut short, or the wrong kind of file.

    Retried a bounded number of times; `code` is an error code of `jobs.messages`.
    """

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


class MissingInputError(Exception):
    """What a job is made from is gone, and trying again brings nothing back. Nothing was sent.

    `code` is an error code of `jobs.messages`, `detail` what is gone, in the words of its owner.
    """

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


class Work(Protocol):
    """One kind of work. The engine owns order, claims, retries and states."""

    kind: str
    # How long it may wait for its provider, then how long its run may take, then collecting.
    time_limit: timedelta

    def prepare(self, job: JobQueue, provider: Provider) -> Any:
        """Do everything that costs nothing (upload photos) and return the paid request.

        May run more than once. Must not make a paid call. Raises ProviderError and, where
        something it needs is gone, MissingInputError.
        """
        ...

    def submit(self, job: JobQueue, provider: Provider, request: Any, *, not_after: float) -> Run:
        """Make the paid call, once; nothing may be sent after `not_after` (of `steady_seconds`).

        Raises ProviderUnavailableError only where the call surely did not arrive.
        """
        ...

    def result_of(self, job: JobQueue, run: Run) -> dict[str, Any]:
        """Return what must be remembered of a finished run to collect it later (JSON)."""
        ...

    def collect(self, job: JobQueue, provider: Provider, report: Report) -> dict[str, Any]:
        """Download, verify and store the result; return additions to `job.result`.

        Called again after any crash, so every step must be repeatable. `report` takes a
        sentence for the page. Raises ProviderError, InvalidResultError or OSError.
        """
        ...

    def fetch_samples(self, job: JobQueue, provider: Provider) -> None:
        """Store what a running job shows on the way that is not stored yet, if it shows anything.

        Nothing is paid, and it may run at any time. Raises like `collect`.
        """
        ...

    def is_stored(self, job: JobQueue) -> bool:
        """Whether a finished run's result is here already, so that nobody has to deliver it."""
        ...

    def on_transition(self, job: JobQueue) -> None:
        """Bring other data in line with the job's new state, in its transaction."""
        ...


Follower = Callable[[JobQueue], object]
_kinds: dict[str, Work] = {}
_followers: dict[str, list[Follower]] = {}


def register(work: Work) -> None:
    _kinds[work.kind] = work


def follow(kind: str, follower: Follower) -> None:
    """Have `follower` called with each job of `kind` once its success is committed.

    At most once: a worker that dies in between calls nobody. What it does is its own affair and
    changes nothing about the job.
    """
    _followers.setdefault(kind, []).append(follower)


def followers_of(job: JobQueue) -> list[Follower]:
    return _followers.get(job.kind, [])


def work_for(job: JobQueue) -> Work:
    return _kinds[job.kind]
