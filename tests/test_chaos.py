"""The harness itself, as far as no process has to be killed for it."""

from __future__ import annotations

import importlib
from datetime import timedelta
from pathlib import Path
from random import Random

import httpx
import pytest

from bench import compressed_time
from bench.chaos import accidents
from bench.chaos.dialects import rule_at
from bench.chaos.mutants import MUTANTS
from bench.trainers import SETS
from emulators.fal.app import emulate as fal
from emulators.hosted.options import read_options
from emulators.replicate.app import emulate as replicate
from emulators.stand_ins import STAND_INS

EVERYTHING = {"services", "disk", "hosted", *SETS["all"]}
ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_every_breakage_still_applies_and_is_looked_for(mutant):
    assert (ROOT / mutant.file).read_text().count(mutant.old) == 1
    assert mutant.old != mutant.new
    assert mutant.tests or mutant.chaos
    for test in mutant.tests:
        assert (ROOT / test).exists()


@pytest.mark.parametrize("module", compressed_time.WAITS)
def test_every_wait_that_is_shortened_exists(module):
    loaded = importlib.import_module(module)
    for name in compressed_time.WAITS[module]:
        assert getattr(loaded, name)


def test_times_are_divided_whatever_they_are_in(monkeypatch):
    monkeypatch.setattr(compressed_time, "FACTOR", 10.0)
    assert compressed_time.shorter(timedelta(seconds=30)) == timedelta(seconds=3)
    assert compressed_time.shorter({"paid": (5.0, 60.0)}) == {"paid": (0.5, 6.0)}


def test_every_accident_comes_in_its_turn_and_others_with_it():
    dealt = accidents.schedule(Random(1), 60, only="", has=EVERYTHING)
    names = {one.name for together in dealt for one in together}
    assert names == {one.name for group in accidents.GROUPS for one in group}
    assert {len(together) for together in dealt} == {2, 3}
    assert dealt == accidents.schedule(Random(1), 60, only="", has=EVERYTHING)


@pytest.mark.parametrize(("stand_in", "emulate"), [*zip(STAND_INS, (replicate, fal), strict=True)])
async def test_every_accident_is_one_that_the_emulator_knows(stand_in, emulate, tmp_path):
    app = emulate(read_options(stand_in.name, 0, ["--folder", str(tmp_path)]))
    every = [one.rule for group in accidents.GROUPS for one in group if one.rule]
    rules = [rule for one in every if (rule := rule_at(stand_in.name, one))]
    assert len(rules) > len(every) / 2
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://emulator") as client:
        answer = await client.put("/faults", json={"rules": rules}, headers=stand_in.headers)
    assert answer.status_code == 200, answer.text


def test_without_services_nothing_happens_that_needs_them():
    dealt = accidents.schedule(Random(1), 60, only="", has={"local"})
    assert not any(one.needs for together in dealt for one in together)
