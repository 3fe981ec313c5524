"""A trainer that fails on purpose, reached with plain requests."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import requests

from tests.trainer.process import MODEL, OVER, PATIENCE, TrainerProcess, wait_until

COPIES = 8


class FaultyTrainer:
    """One `emulators.trainer` and a dataset, uploaded once for each training: a file goes with
    the run that used it."""

    def __init__(self, process: TrainerProcess) -> None:
        self.process = process
        self._dataset = Path()
        self._file_ids: list[str] = []

    def request(self, method: str, path: str, **options: Any) -> requests.Response:
        """Send one request over a connection of its own."""
        headers = {**self.process.headers, **options.pop("headers", {})}
        options = {"timeout": PATIENCE, **options}
        url = f"{self.process.url}{path}"
        return requests.request(method, url, headers=headers, **options)  # noqa: S113 - in options

    def upload(self, dataset: Path) -> None:
        """Upload copies for the next trainings, before any rule lets an upload fail."""
        self._dataset = dataset
        while len(self._file_ids) < COPIES:
            self._file_ids.append(self._upload(dataset))

    def _upload(self, dataset: Path) -> str:
        with dataset.open("rb") as content:
            data = {"purpose": "fine-tune", "file_name": "set.jsonl"}
            answer = self.request("POST", "/v1/files/upload", data=data, files={"file": content})
        answer.raise_for_status()
        return str(answer.json()["id"])

    def rules(self, *rules: dict[str, Any], seed: int = 7) -> None:
        """Let requests fail from now on."""
        self.clear()
        self.upload(self._dataset)
        answer = self.request("PUT", "/faults", json={"seed": seed, "rules": list(rules)})
        answer.raise_for_status()

    def clear(self) -> None:
        self.request("DELETE", "/faults").raise_for_status()

    def create(self, token: str, **options: Any) -> requests.Response:
        body = {
            "model": MODEL,
            "training_file": self._file_ids.pop(),
            "suffix": token,
            "n_epochs": 10,
        }
        return self.request("POST", "/v1/fine-tunes", json=body, **options)

    def start(self) -> str:
        """Start a training; return its id."""
        answer = self.create(new_token())
        answer.raise_for_status()
        return str(answer.json()["id"])

    def job(self, run_id: str) -> dict[str, Any]:
        answer = self.request("GET", f"/v1/fine-tunes/{run_id}")
        answer.raise_for_status()
        return dict(answer.json())

    def finish(self, run_id: str) -> dict[str, Any]:
        """Return the run once it is over."""
        wait_until(lambda: self.job(run_id)["status"] in OVER)
        return self.job(run_id)

    def listed(self) -> dict[str, Any]:
        return dict(self.request("GET", "/v1/fine-tunes").json())

    def tokens(self) -> list[str]:
        """Return the tokens of all runs in the list."""
        return [job["suffix"] for job in self.listed()["data"]]

    def ledger(self) -> dict[str, Any]:
        return dict(self.request("GET", "/ledger").json())


def new_token() -> str:
    return f"tw-{uuid.uuid4().hex}"
