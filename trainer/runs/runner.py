"""Works on the runs: a few at once, the rest wait.

One asyncio task per working run and none per waiting run, no thread: what a run costs while its
engine waits is a sleeping coroutine. Runs change here only, on the event loop, so nothing is
locked.
"""

from __future__ import annotations

import asyncio
import logging
import time
from functools import partial

from trainer.engines.base import Engine, TrainingError
from trainer.runs.records import OVER, WAITING, WORKING, Run
from trainer.runs.store import RunStore
from trainer.runs.weights import checksum
from trainer.runs.work import Work
from trainer.threads import in_thread

log = logging.getLogger("trainer.runs")

# Seconds of work between two writes of a run's progress; events are written at once.
SAVE_EVERY = 5.0
# Such writes per second for all runs together: thousands of runs share one disk.
MAX_SAVES = 100


class Runner:
    """Starts every run in its turn and records how it ends."""

    def __init__(self, store: RunStore, engine: Engine, slots: int) -> None:
        self._store = store
        self._engine = engine
        self._slots = slots
        self._waiting: list[Run] = []
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def resume(self) -> None:
        """Resume what an earlier process left, in the order it was accepted."""
        unfinished = [run for run in self._store.all() if run.status not in OVER]
        for run in sorted(unfinished, key=lambda run: (run.status in WAITING, run.created_at)):
            if run.status == "cancel_requested":
                self._end(run, "cancelled", "job_stopped", "Job cancelled")
            else:
                self._waiting.append(run)
        self._start_waiting()

    def accept(self, run: Run) -> None:
        """Take in a new run; it starts after the current answer has left."""
        self._waiting.append(run)
        asyncio.get_running_loop().call_soon(self._start_waiting)

    def queue_depths(self) -> dict[str, int]:
        """Return, per waiting run's id, how many runs start before it."""
        return {run.id: depth for depth, run in enumerate(self._waiting)}

    def cancel(self, run: Run) -> None:
        """Ask a run to stop. A waiting run stops at once; one that is over stays as it is."""
        if run.status in OVER or run.status == "cancel_requested":
            return
        if run in self._waiting and run.status in WAITING:
            self._waiting.remove(run)
            self._end(run, "cancelled", "job_stopped", "Job cancelled before it started")
            return
        self._add_event(run, "cancel_requested", "Cancel requested", status="cancel_requested")
        if task := self._tasks.get(run.id):
            task.cancel()
        else:  # interrupted by a restart and still waiting for its turn
            self._waiting.remove(run)
            self._end(run, "cancelled", "job_stopped", "Job cancelled")

    async def delete(self, run: Run) -> None:
        """Stop a run where it works and remove everything it has."""
        self.cancel(run)
        if task := self._tasks.get(run.id):
            await asyncio.wait([task])
        await self._store.remove(run)

    async def close(self) -> None:
        """Stop all work without ending the runs: the next process resumes them."""
        self._waiting.clear()
        working = [self._store.get(run_id) for run_id in self._tasks]
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for run in working:
            self._store.save(run)

    def _start_waiting(self) -> None:
        while self._waiting and len(self._tasks) < self._slots:
            run = self._waiting.pop(0)
            task = asyncio.create_task(self._train(run), name=run.id)
            self._tasks[run.id] = task
            task.add_done_callback(partial(self._done, run))
        for run in self._waiting:
            if run.status == "pending":
                run.status = "queued"
                self._store.save(run)

    def _done(self, run: Run, task: asyncio.Task[None]) -> None:
        del self._tasks[run.id]
        if not task.cancelled() and (error := task.exception()):
            log.error("The end of run %s could not be recorded", run.id, exc_info=error)
        if run.status == "cancel_requested":
            self._end(run, "cancelled", "job_stopped", "Job cancelled")
        self._start_waiting()

    async def _train(self, run: Run) -> None:
        save_every = max(SAVE_EVERY, len(self._tasks) / MAX_SAVES)
        work = Work(run, self._store, save_every)
        try:
            self._start(run)
            self._require_its_engine(run)
            await self._engine.train(work)
            path = work.folder / "adapter.safetensors"
            run.weights_sha256 = await in_thread(checksum, path)
            self._end(run, "completed", "job_complete", "Job completed")
        except TrainingError as error:
            self._end(run, "error", "job_error", str(error))
        except Exception:
            log.exception("Run %s stopped with an error", run.id)
            self._end(run, "error", "job_error", "The trainer had an internal error")

    def _start(self, run: Run) -> None:
        if run.status in WORKING:
            message = f"The trainer was restarted; resuming at step {run.step}"
            self._add_event(run, "job_restarted", message, status="running")
        else:
            run.started_at, run.status = time.time(), "running"
            run.engine = self._engine.name
            self._store.save(run)

    def _require_its_engine(self, run: Run) -> None:
        """Raise TrainingError for a run that another engine has begun: a simulation must not end
        what was really trained, nor the other way round."""
        if run.engine != self._engine.name:
            raise TrainingError(
                f"This training was begun by the engine {run.engine}, and {self._engine.name} is "
                "at work now. Start it again."
            )

    def _end(self, run: Run, status: str, kind: str, message: str) -> None:
        run.finished_at, run.seconds_left = time.time(), 0.0
        if status == "error":
            run.error = message
        self._add_event(run, kind, message, status=status)

    def _add_event(self, run: Run, kind: str, message: str, *, status: str) -> None:
        self._store.add_event(run, kind, message, status=status, step=run.step)
