"""Calls to a trainer in a workshop."""

from __future__ import annotations

from pathlib import Path

from tests.trainer.conftest import Client
from tests.trainer.photos import write_dataset
from tests.trainer.real.workshop import KLEIN

STEPS = 40  # ten times four photos
PARAMS = {"trigger_word": "zorbik", "subject": "person", "resolution": 1024}


def begun(client: Client, tmp_path: Path, model: str = KLEIN, **options: object) -> str:
    """Start a training; return the run's id."""
    file = client.together.files.upload(write_dataset(tmp_path / "set.jsonl"))
    body = {"model": model, "training_file": file.id, "n_epochs": 10, "image_params": PARAMS}
    created = client.http.post("/v1/fine-tunes", json=body | options).raise_for_status()
    return str(created.json()["id"])


def kinds(job: dict) -> list[str]:
    return [event["type"] for event in job["events"]]


def loss_steps(client: Client, run_id: str) -> list[int]:
    points = client.http.get(f"/v1/fine-tunes/{run_id}/metrics").json()["metrics"]
    return [point["train/global_step"] for point in points]
