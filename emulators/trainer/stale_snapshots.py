"""What was known of a run at an earlier moment, from its events."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from trainer.times import seconds

Json = dict[str, Any]

# The state a run is in after an event; `running` after every other.
STATUS_AFTER = {
    "job_pending": "pending",
    "model_compressing": "compressing",
    "model_compression_complete": "compressing",
    "model_uploading": "uploading",
    "model_upload_complete": "uploading",
    "cancel_requested": "cancel_requested",
    "job_stopped": "cancelled",
    "job_error": "error",
    "job_complete": "completed",
}


def existed(item: Json, then: float) -> bool:
    """Return whether an entry of a list was there at a moment (seconds since 1970)."""
    return seconds(item["created_at"]) <= then


def as_of(job: Json, events: Sequence[Json], then: float) -> None:
    """Change a run's answer to what it was at a moment; one without events stays as it is."""
    known = [event for event in events if seconds(event["created_at"]) <= then]
    if not known:
        return
    last = known[-1]
    job["status"] = STATUS_AFTER.get(last["type"], "running")
    job["stage"], job["updated_at"] = last["type"], last["created_at"]
    job["step"] = max(event.get("step", 0) for event in known)
    if job["status"] == "pending":
        job["started_at"] = None
    if job["status"] != "completed":
        job["model_output_path"] = None
