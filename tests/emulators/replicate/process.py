"""The emulator of Replicate as what it is: another process, reached over HTTP."""

from __future__ import annotations

import io
import re
import sys
import uuid
import zipfile
from pathlib import Path
from typing import Any

import requests

from tests.trainer.photos import photo
from tests.trainer.process import PATIENCE, wait_until
from theway.processes.installation import ROOT
from theway.processes.process import Process

KEY = "r8_emulated"
OSTRIS = "ostris/flux-dev-lora-trainer"
FAST = "replicate/fast-flux-trainer"
QWEN = "qwen/qwen-image-lora-trainer"
FLUX_LORA = "black-forest-labs/flux-dev-lora"
KLEIN = "black-forest-labs/flux-2-klein-9b-base-lora"
OVER = {"succeeded", "failed", "canceled", "aborted"}


class ReplicateProcess(Process):
    """One `python -m emulators.replicate` with its own folder. Started again, it keeps its port."""

    def __init__(self, folder: Path, **seconds: float) -> None:
        times = {"queue": 0.05, "training": 0.4, "picture": 0.05, **seconds}
        self.folder = folder
        self._options = [f"--{name}-seconds={value}" for name, value in times.items()]
        super().__init__(
            "replicate",
            self._command(0),
            cwd=ROOT,
            log_file=folder.with_name(f"{folder.name}.log"),
        )

    @property
    def url(self) -> str:
        """The base without /v1."""
        return f"http://127.0.0.1:{self.port}"

    def check_ready(self) -> bool:
        """Read its port from its log, then ask it."""
        found = re.search(r"listens on http://127\.0\.0\.1:(\d+)", self.log)
        if not found:
            return False
        self.port = int(found[1])
        self.command = self._command(self.port)
        self.ready_url = f"{self.url}/healthz"
        return super().check_ready()

    def _command(self, port: int) -> list[str]:
        python = [sys.executable, "-W", "error", "-m", "emulators.replicate"]
        return [*python, f"--port={port}", f"--folder={self.folder}", *self._options]


class Replicate:
    """Plain requests to one emulator. Paths are those behind /v1, or begin with two slashes."""

    def __init__(self, process: ReplicateProcess) -> None:
        self.process = process

    def request(self, method: str, path: str, **options: Any) -> requests.Response:
        """Send one request over a connection of its own."""
        headers = {"Authorization": f"Bearer {KEY}", **options.pop("headers", {})}
        path = path[1:] if path.startswith("//") else f"/v1{path}"
        options = {"timeout": PATIENCE, **options}
        url = f"{self.process.url}{path}"
        return requests.request(method, url, headers=headers, **options)  # noqa: S113 - in options

    def get(self, path: str, **options: Any) -> Any:
        """Return the JSON of an answer that is no refusal."""
        answer = self.request("GET", path, **options)
        answer.raise_for_status()
        return answer.json()

    def destination(self) -> str:
        """Make a model to train into; return its name."""
        name = f"test-{uuid.uuid4().hex[:12]}"
        body = {"owner": "emulated", "name": name, "visibility": "private", "hardware": "gpu-t4"}
        self.request("POST", "/models", json=body).raise_for_status()
        return f"emulated/{name}"

    def upload(self, data: bytes) -> str:
        """Upload bytes; return the address to train with."""
        answer = self.request("POST", "/files", files={"content": ("set.zip", data)})
        answer.raise_for_status()
        return str(answer.json()["urls"]["get"])

    def version(self, trainer: str) -> str:
        """Return the newest version of a model of others."""
        return str(self.get(f"/models/{trainer}")["latest_version"]["id"])

    def create(
        self,
        trainer: str = OSTRIS,
        values: dict[str, Any] | None = None,
        *,
        version: str = "",
        **body: Any,
    ) -> requests.Response:
        """Ask for a training of four photos, or with these inputs."""
        body = {"destination": self.destination(), **body}
        if values is None:
            values = {"input_images": self.upload(dataset()), "steps": 40}
        path = f"/models/{trainer}/versions/{version or self.version(trainer)}/trainings"
        return self.request("POST", path, json={"input": values, **body})

    def train(self, *args: Any, **options: Any) -> str:
        """Start a training; return its id."""
        answer = self.create(*args, **options)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def draw(self, **body: Any) -> requests.Response:
        """Ask for a picture of an official model."""
        return self.request(
            "POST", f"/models/{FLUX_LORA}/predictions", json={"input": {"prompt": "a boat"}, **body}
        )

    def training(self, run_id: str) -> dict[str, Any]:
        return dict(self.get(f"/trainings/{run_id}"))

    def finish(self, run_id: str, kind: str = "trainings") -> dict[str, Any]:
        """Return a run once it is over."""
        wait_until(lambda: self.get(f"/{kind}/{run_id}")["status"] in OVER)
        return dict(self.get(f"/{kind}/{run_id}"))

    def started(self, run_id: str) -> None:
        """Wait until a training works."""
        wait_until(lambda: self.training(run_id)["status"] != "starting")

    def rules(self, *rules: dict[str, Any], seed: int = 7) -> None:
        """Let it fail from now on."""
        body = {"seed": seed, "rules": [{"route": "*", **rule} for rule in rules]}
        self.request("PUT", "//faults", json=body).raise_for_status()

    def clear(self) -> None:
        self.request("DELETE", "//faults").raise_for_status()

    def ledger(self) -> dict[str, Any]:
        return dict(self.get("//ledger"))

    def pass_time(self, seconds: float) -> None:
        """Put the service's clock forward."""
        ahead = self.get("//clock")["ahead"]
        self.request("PUT", "//clock", json={"ahead": ahead + seconds}).raise_for_status()


def dataset(photos: int = 4, captions: bool = True) -> bytes:
    """Return a ZIP of so many small photos, each with or without its caption."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for number in range(photos):
            archive.writestr(f"{number:03}.jpg", photo(number, size=(64, 80)))
            if captions:
                archive.writestr(f"{number:03}.txt", "photo of TOK person, outdoors")
    return buffer.getvalue()
