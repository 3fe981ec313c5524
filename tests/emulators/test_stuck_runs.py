"""Runs that stand still while a rule says so, and go on when it is gone."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace

import pytest

from emulators.faults.plan import Plan
from emulators.faults.rules import Rule
from emulators.trainer.engine import StuckEngine
from trainer.engines.base import ImageRequest, TrainingError
from trainer.runs.work import Work

STUCK = Rule(route="*", fault="stuck")


class CountingEngine:
    """Comes to an end when `goal` is set; counts how often it was begun and let go."""

    name = "counting"
    why = ""
    training_seconds = 1.0
    slots = 1

    def __init__(self) -> None:
        self.goal = asyncio.Event()
        self.begun = asyncio.Event()
        self.released = 0
        self.error: Exception | None = None

    async def train(self, work: Work) -> None:
        self.begun.set()
        try:
            await self.goal.wait()
        except asyncio.CancelledError:
            self.released += 1
            raise
        if self.error:
            raise self.error

    async def generate(self, request: ImageRequest) -> bytes:
        return b"image"


@pytest.fixture
def engine() -> CountingEngine:
    return CountingEngine()


@pytest.fixture
def plan() -> Plan:
    return Plan()


@pytest.fixture
def work(tmp_path: Path) -> SimpleNamespace:
    return SimpleNamespace(run=SimpleNamespace(id="ft-1"), folder=tmp_path)


async def settled() -> None:
    """Let everybody who can act, act."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_a_stuck_training_is_released_and_resumed_when_the_rule_is_gone(engine, plan, work):
    training = asyncio.create_task(StuckEngine(engine, plan).train(work))
    await engine.begun.wait()

    plan.replace(1, [STUCK])
    await settled()
    engine.goal.set()
    await settled()
    assert engine.released == 1
    assert not training.done()

    plan.clear()
    await asyncio.wait_for(training, 5)


async def test_other_rules_do_not_disturb_a_training(engine, plan, work):
    training = asyncio.create_task(StuckEngine(engine, plan).train(work))
    await engine.begun.wait()

    plan.replace(1, [Rule(route="list", fault="error")])
    await settled()
    plan.replace(1, [Rule(route="*", fault="stuck", probability=0.0)])
    await settled()

    assert engine.released == 0
    engine.goal.set()
    await asyncio.wait_for(training, 5)


async def test_a_training_that_fails_fails_as_it_would_without_faults(engine, plan, work):
    engine.error = TrainingError("Line 3: no photo")
    engine.goal.set()

    with pytest.raises(TrainingError, match="Line 3"):
        await StuckEngine(engine, plan).train(work)


async def test_a_cancelled_training_lets_go_of_what_it_holds(engine, plan, work):
    training = asyncio.create_task(StuckEngine(engine, plan).train(work))
    await engine.begun.wait()

    training.cancel()
    await asyncio.wait([training])

    assert training.cancelled()
    assert engine.released == 1


def test_which_runs_are_stuck_follows_from_the_seed():
    def held(seed: int) -> list[bool]:
        plan = Plan()
        plan.replace(seed, [Rule(route="*", fault="stuck", probability=0.5)])
        return [plan.befalls("stuck", f"ft-{number}") for number in range(40)]

    assert held(1) == held(1) != held(2)
    assert 5 < sum(held(1)) < 35


@pytest.mark.service
def test_a_stuck_run_of_the_service_never_moves_until_the_rule_is_gone(faulty):
    # The slow answer lets more time pass than the whole training takes.
    faulty.rules(
        {"route": "*", "fault": "stuck"},
        {"route": "supported", "fault": "slow", "seconds": 1.5},
    )
    run_id = faulty.start()
    faulty.request("GET", "/v1/fine-tunes/models/supported")

    stuck = faulty.job(run_id)
    assert (stuck["status"], stuck["step"]) == ("running", 0)

    faulty.clear()
    done = faulty.finish(run_id)
    assert done["status"] == "completed"
    assert "job_restarted" not in {event["type"] for event in done["events"]}


@pytest.mark.service
def test_a_stuck_run_can_be_cancelled(faulty):
    faulty.rules({"route": "*", "fault": "stuck"})
    run_id = faulty.start()

    faulty.request("POST", f"/v1/fine-tunes/{run_id}/cancel").raise_for_status()

    assert faulty.finish(run_id)["status"] == "cancelled"
