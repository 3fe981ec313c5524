"""Thousands of runs at once cost little each."""

from __future__ import annotations

import json

import pytest

from tests.trainer.test_weights import a_run
from trainer.engines.simulated.engine import SimulatedEngine
from trainer.runs import answers

CONTEXT = {"engine": "simulated", "base": "http://127.0.0.1:8100", "queue_depth": 3}


@pytest.mark.parametrize("status", ["queued", "running", "completed"])
def test_the_fast_text_of_a_list_says_the_same_as_the_single_answer(status):
    run = a_run(suffix='tw-ü-"quoted"', correlation="tw-1")
    run.status, run.started_at = status, 12.5

    assert json.loads(answers.job_json(run, **CONTEXT)) == answers.job(run, **CONTEXT)


def test_an_entry_of_a_list_stays_small():
    text = answers.job_json(a_run(suffix="tw-" + "0" * 32), **CONTEXT)

    assert len(text) < 1100  # bytes; five thousand of them travel with every list


@pytest.mark.parametrize(
    ("working", "seconds", "pause"), [(0, 6, 0.1), (2, 600, 0.5), (5000, 600, 2.5), (5000, 30, 0.5)]
)
def test_a_training_in_a_crowd_is_updated_less_often(working, seconds, pause):
    engine = SimulatedEngine(600, 0)
    engine._working = working

    assert engine.pause(seconds) == pause
