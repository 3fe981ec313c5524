"""A run as it was, from its events."""

from __future__ import annotations

import pytest

from emulators.trainer.stale_snapshots import as_of, existed
from trainer.times import iso

EVENTS = [
    {"type": kind, "created_at": iso(at), "step": step}
    for at, kind, step in [
        (10.0, "job_pending", 0),
        (20.0, "training_start", 0),
        (30.0, "epoch_complete", 4),
        (40.0, "model_uploading", 8),
        (50.0, "job_complete", 8),
    ]
]


def a_job() -> dict:
    return {
        "id": "ft-1",
        "status": "completed",
        "stage": "job_complete",
        "step": 8,
        "created_at": iso(10.0),
        "updated_at": iso(50.0),
        "started_at": iso(20.0),
        "model_output_path": "http://trainer/weights",
    }


@pytest.mark.parametrize(
    ("then", "status", "step"),
    [(15, "pending", 0), (25, "running", 0), (35, "running", 4), (45, "uploading", 8)],
)
def test_the_last_event_of_then_decides(then, status, step):
    job = a_job()

    as_of(job, EVENTS, then)

    assert (job["status"], job["step"], job["model_output_path"]) == (status, step, None)
    assert (job["started_at"] is None) == (status == "pending")


def test_now_is_now():
    job = a_job()

    as_of(job, EVENTS, 50.0)

    assert job == a_job()


def test_what_came_later_was_not_there():
    assert existed(a_job(), 10.0)
    assert not existed(a_job(), 9.9)


def test_a_run_without_events_stays_as_it_is():
    job = a_job()

    as_of(job, [], 15)

    assert job == a_job()
