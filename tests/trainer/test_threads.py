"""What may not be broken off comes to its end, however often its caller is cancelled."""

from __future__ import annotations

import asyncio

import pytest

from trainer.threads import to_the_end


async def test_a_caller_that_is_cancelled_twice_waits_for_the_end():
    goal, ended = asyncio.Event(), False

    async def work() -> None:
        nonlocal ended
        await goal.wait()
        ended = True

    caller = asyncio.create_task(to_the_end(work()))
    for _ in range(2):
        await asyncio.sleep(0)
        caller.cancel()
    await asyncio.sleep(0)
    assert not caller.done()
    goal.set()

    with pytest.raises(asyncio.CancelledError):
        await caller
    assert ended


async def test_what_comes_of_it_is_returned_and_raised():
    async def work(fails: bool) -> int:
        if fails:
            raise ValueError
        return 7

    assert await to_the_end(work(fails=False)) == 7
    with pytest.raises(ValueError):
        await to_the_end(work(fails=True))
