"""The official client, pointed at the trainer unchanged."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from together import Together

from tests.trainer.process import MODEL, OVER, PATIENCE, TrainerProcess, wait_until


class Client:
    """Together's own client and a bare one beside it, for one trainer."""

    def __init__(self, trainer: TrainerProcess) -> None:
        self.together = Together(api_key=trainer.key, base_url=trainer.url, max_retries=0)
        self.http = httpx.Client(
            base_url=trainer.url, headers=trainer.headers, timeout=PATIENCE, trust_env=False
        )

    def start(self, dataset: Path, **options: object) -> str:
        """Upload a dataset and start a training; return the run's id."""
        file = self.together.files.upload(dataset)
        settings = {"model": MODEL, "n_epochs": 10, "batch_size": 1, "lora": True, **options}
        job = self.together.fine_tuning.create(training_file=file.id, **settings)  # type: ignore[arg-type]
        return str(job.id)

    def job(self, run_id: str) -> dict:
        """Return the run as the service writes it."""
        return self.http.get(f"/v1/fine-tunes/{run_id}").raise_for_status().json()

    def wait(self, run_id: str, *statuses: str) -> dict:
        """Return the run once it is over, or in one of `statuses`."""
        wait_until(lambda: self.job(run_id)["status"] in (set(statuses) or OVER))
        return self.job(run_id)

    def close(self) -> None:
        self.together.close()
        self.http.close()


@pytest.fixture
def client(trainer: TrainerProcess) -> Iterator[Client]:
    """Talks to the shared trainer."""
    client = Client(trainer)
    yield client
    client.close()


@pytest.fixture
def client_of() -> Iterator[type[Client]]:
    """Makes clients for a test's own trainers."""
    made: list[Client] = []

    def make(trainer: TrainerProcess) -> Client:
        made.append(Client(trainer))
        return made[-1]

    yield make  # type: ignore[misc]
    for client in made:
        client.close()
