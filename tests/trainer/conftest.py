"""The official client, pointed at the trainer unchanged."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from together import Together

from tests.trainer.faulty import FaultyTrainer
from tests.trainer.photos import write_dataset
from tests.trainer.process import MODEL, OVER, PATIENCE, TrainerProcess, wait_until
from tests.trainer_fixtures import OwnTrainer


class Client:
    """Together's own client and a bare one beside it, for one trainer."""

    def __init__(self, trainer: TrainerProcess) -> None:
        self.together = Together(api_key=trainer.key, base_url=trainer.url, max_retries=0)
        self.http = httpx.Client(
            base_url=trainer.url, headers=trainer.headers, timeout=PATIENCE, trust_env=False
        )

    def start(self, dataset: Path, **options: object) -> str:
        """Upload a dataset and start a training; give the run's id."""
        file = self.together.files.upload(dataset)
        settings = {"model": MODEL, "n_epochs": 10, "batch_size": 1, "lora": True, **options}
        job = self.together.fine_tuning.create(training_file=file.id, **settings)  # type: ignore[arg-type]
        return str(job.id)

    def job(self, run_id: str) -> dict:
        """Give the run as the service writes it."""
        return self.http.get(f"/v1/fine-tunes/{run_id}").raise_for_status().json()

    def wait(self, run_id: str, *statuses: str) -> dict:
        """Give the run once it is over, or in one of `statuses`."""
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


@pytest.fixture(scope="module")
def shared_faulty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaultyTrainer]:
    """A trainer that fails when it is told."""
    folder = tmp_path_factory.mktemp("faulty")
    process = TrainerProcess(folder / "data", faults=1, seconds=1, image_seconds=0.05, slots=8)
    process.start()
    faulty = FaultyTrainer(process)
    faulty.upload(write_dataset(folder / "set.jsonl"))
    yield faulty
    process.stop()


@pytest.fixture
def faulty(shared_faulty: FaultyTrainer) -> Iterator[FaultyTrainer]:
    """The shared failing trainer, healthy before and after."""
    shared_faulty.heal()
    yield shared_faulty
    shared_faulty.heal()


@pytest.fixture
def own_faulty(own_trainer: OwnTrainer, tmp_path: Path) -> Callable[..., FaultyTrainer]:
    """Starts failing trainers of a test's own."""

    def start(**environment: object) -> FaultyTrainer:
        faulty = FaultyTrainer(own_trainer(faults=1, **environment))
        faulty.upload(write_dataset(tmp_path / "set.jsonl"))
        return faulty

    return start
