"""The time of an emulated service, and what is done when."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from emulators.hosted.agenda import Agenda
from emulators.hosted.clock import Clock


@pytest.fixture
def clock(tmp_path: Path) -> Clock:
    return Clock(tmp_path)


def test_the_clock_is_the_real_one_until_it_is_put_forward(clock, tmp_path):
    assert clock.now() == pytest.approx(time.time(), abs=5)

    clock.put_forward(1000)

    assert clock.now() == pytest.approx(time.time() + 1000, abs=5)
    later = Clock(tmp_path)
    later.load()
    assert later.now() == pytest.approx(clock.now(), abs=5)


def test_the_clock_never_goes_back(clock):
    clock.put_forward(1000)
    clock.put_forward(10)

    assert clock.now() > time.time() + 900


async def test_work_is_done_in_the_order_of_its_times_when_they_come(clock):
    agenda, done = Agenda(clock), []
    everything = asyncio.Event()

    async def note(name: str) -> None:
        done.append(name)
        if len(done) == 3:
            everything.set()

    agenda.at(clock.now() + 2000, lambda: note("last"))
    agenda.at(clock.now() + 1000, lambda: note("second"))
    agenda.at(clock.now() - 1, lambda: note("first"))
    running = asyncio.create_task(agenda.run())
    await asyncio.sleep(0)
    clock.put_forward(3000)
    async with asyncio.timeout(5):
        await everything.wait()
    running.cancel()

    assert done == ["first", "second", "last"]


async def test_work_that_fails_is_logged_and_stops_nothing(clock, caplog):
    agenda, done = Agenda(clock), asyncio.Event()

    async def fail() -> None:
        raise ValueError("broken")

    async def finish() -> None:
        done.set()

    running = asyncio.create_task(agenda.run())
    agenda.at(clock.now(), fail)
    agenda.at(clock.now(), finish)
    async with asyncio.timeout(5):
        await done.wait()
    running.cancel()

    assert "broken" in caplog.text
