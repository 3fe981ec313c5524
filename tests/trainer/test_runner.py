"""The runner with small engines of our own: every way in which a run can end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from tests.trainer.photos import example, photo
from tests.trainer.test_weights import a_run
from trainer.database import Database, update
from trainer.engines.base import ImageRequest, TrainingError
from trainer.files.store import FileStore
from trainer.runs.records import OVER, Run
from trainer.runs.runner import Runner
from trainer.runs.store import RunStore
from trainer.runs.work import Work

Train = Callable[[Work], Awaitable[None]]


class SmallEngine:
    """Trains as the test says."""

    name = "small"
    training_seconds = 1.0

    def __init__(self, train: Train) -> None:
        self._train = train

    async def train(self, work: Work) -> None:
        await self._train(work)

    async def generate(self, request: ImageRequest) -> bytes:
        return b""


class Workshop:
    """Stores on disk and a runner over them; a second one on the same folder is a restart."""

    def __init__(self, folder: Path, train: Train, slots: int = 1) -> None:
        self.database = Database(folder / "trainer.db")
        self.database.open()
        self.files = FileStore(self.database, folder / "files")
        self.runs = RunStore(self.database, folder / "runs", self.files)
        self.files.load()
        self.runs.load()
        self.runner = Runner(self.runs, SmallEngine(train), slots)

    async def accept(self) -> Run:
        file = self.files.announce("set.jsonl", "fine-tune", "")
        await self.files.receive(file, _chunks(example(photo()).encode()))
        await self.files.process(file)
        run = await self.runs.create(a_run(training_file=file.id).request, "", 1.0)
        self.runner.accept(run)
        return run

    async def kinds(self, run: Run) -> list[str]:
        return [event["type"] for event in await self.runs.events(run)]


async def _chunks(data: bytes) -> AsyncIterator[bytes]:
    yield data


async def over(run: Run) -> None:
    """Let the others work until a run is over."""
    async with asyncio.timeout(10):
        while run.status not in OVER:
            await asyncio.sleep(0)


async def write_weights(work: Work) -> None:
    (work.folder / "adapter.safetensors").write_bytes(b"weights")


async def never(work: Work) -> None:
    await asyncio.Event().wait()


async def test_a_run_that_comes_back_is_completed_with_its_checksum(tmp_path):
    workshop = Workshop(tmp_path, write_weights)
    run = await workshop.accept()

    await over(run)

    assert (run.status, len(run.weights_sha256)) == ("completed", 64)
    assert await workshop.kinds(run) == ["job_pending", "job_complete"]


async def test_an_engine_that_gives_up_says_why(tmp_path):
    async def give_up(work: Work) -> None:
        raise TrainingError("Line 3: no photo")

    workshop = Workshop(tmp_path, give_up)
    run = await workshop.accept()

    await over(run)

    assert (run.status, run.error) == ("error", "Line 3: no photo")


async def test_a_bug_in_an_engine_is_an_error_without_its_innards(tmp_path, caplog):
    async def stumble(work: Work) -> None:
        raise KeyError("secret detail")

    workshop = Workshop(tmp_path, stumble)
    run = await workshop.accept()

    await over(run)

    assert run.status == "error"
    assert "secret" not in run.error
    assert "secret detail" in caplog.text


async def test_an_engine_that_leaves_no_weights_has_failed(tmp_path, caplog):
    async def forget(work: Work) -> None:
        return

    workshop = Workshop(tmp_path, forget)
    run = await workshop.accept()

    await over(run)

    assert run.status == "error"


async def test_a_run_cancelled_before_its_first_step_is_cancelled(tmp_path):
    workshop = Workshop(tmp_path, never)
    run = await workshop.accept()
    workshop.runner._start_waiting()  # its task exists, and has not begun

    workshop.runner.cancel(run)
    await over(run)

    assert run.status == "cancelled"
    assert await workshop.kinds(run) == ["job_pending", "cancel_requested", "job_stopped"]


async def test_the_next_run_starts_when_one_is_over(tmp_path):
    gates: list[asyncio.Event] = []

    async def wait_for_gate(work: Work) -> None:
        gates.append(asyncio.Event())
        await gates[-1].wait()
        await write_weights(work)

    workshop = Workshop(tmp_path, wait_for_gate)
    first, second = await workshop.accept(), await workshop.accept()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert (first.status, second.status) == ("running", "queued")
    assert workshop.runner.queue_depths() == {second.id: 0}

    gates[0].set()
    await over(first)
    await asyncio.sleep(0)
    await asyncio.sleep(0)

    assert second.status == "running"
    await workshop.runner.close()


async def test_closing_ends_no_run_and_the_next_process_goes_on(tmp_path):
    async def work_a_little(work: Work) -> None:
        work.event("training_start", "Started", step=0)
        work.losses([(1, 0.5, 1e-4)])
        work.progress(elapsed=0.4, step=3, seconds_left=0.6)
        await never(work)

    workshop = Workshop(tmp_path, work_a_little)
    run = await workshop.accept()
    while run.step < 3:
        await asyncio.sleep(0)

    await workshop.runner.close()
    workshop.database.close()

    reopened = Workshop(tmp_path, write_weights)
    again = reopened.runs.get(run.id)
    assert (again.status, again.step, again.elapsed) == ("running", 3, 0.4)
    assert [point[:2] for point in await reopened.runs.losses(again)] == [(1, 0.5)]
    reopened.runner.resume()
    await over(again)
    assert await reopened.kinds(again) == [
        "job_pending",
        "training_start",
        "job_restarted",
        "job_complete",
    ]


async def test_after_a_crash_the_events_tell_how_far_a_run_was(tmp_path):
    async def work_a_little(work: Work) -> None:
        work.event("epoch_complete", "Epoch 2 complete", step=7)
        await never(work)

    workshop = Workshop(tmp_path, work_a_little)
    run = await workshop.accept()
    while run.stage != "epoch_complete":
        await asyncio.sleep(0)

    await workshop.database.committed()
    again = Workshop(tmp_path, never).runs.get(run.id)  # nobody closed the first

    assert (again.step, again.stage) == (7, "epoch_complete")
    await workshop.runner.close()


async def test_a_record_nobody_can_read_is_kept_and_reported(tmp_path, caplog):
    workshop = Workshop(tmp_path, write_weights)
    run = await workshop.accept()
    await over(run)
    await workshop.database.commit(update("runs", {"id": run.id, "request": "{"}))

    reopened = Workshop(tmp_path, write_weights)

    assert reopened.runs.all() == []
    assert run.id in caplog.text
    assert (tmp_path / "runs" / run.id / "adapter.safetensors").exists()


@pytest.mark.parametrize("leftover", ["ft-1", ".draft"])
async def test_half_made_and_half_deleted_runs_are_cleared_away(tmp_path, leftover):
    (tmp_path / "runs" / leftover).mkdir(parents=True)

    Workshop(tmp_path, never)

    assert list((tmp_path / "runs").iterdir()) == []


async def test_two_deletes_at_once_remove_it_once(tmp_path):
    workshop = Workshop(tmp_path, never)
    run = await workshop.accept()
    await asyncio.sleep(0)
    await asyncio.sleep(0)

    results = await asyncio.gather(
        workshop.runner.delete(run), workshop.runner.delete(run), return_exceptions=True
    )

    assert [str(result) for result in results if result] == [f"Fine-tune {run.id} not found."]
    assert list((tmp_path / "runs").iterdir()) == []
