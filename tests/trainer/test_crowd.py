"""Thousands of runs at once cost little each."""

from __future__ import annotations

import pytest
from pydantic_core import to_json

from tests.trainer.test_weights import a_run
from trainer.engines.simulated.engine import SimulatedEngine
from trainer.runs import answers

CONTEXT = {"engine": "simulated", "base": "http://127.0.0.1:8100", "queue_depth": 3}


def test_an_entry_of_a_list_stays_small():
    text = to_json(answers.job(a_run(suffix="tw-" + "0" * 32), **CONTEXT))

    assert len(text) < 1100  # bytes; five thousand of them travel with every list


@pytest.mark.parametrize(
    ("working", "seconds", "pause"), [(0, 6, 0.1), (2, 600, 0.5), (5000, 600, 2.5), (5000, 30, 0.5)]
)
def test_a_training_in_a_crowd_is_updated_less_often(working, seconds, pause):
    engine = SimulatedEngine(600, 0)
    engine._working = working

    assert engine.pause(seconds) == pause
