"""The emulator of fal as what it is: another process, reached over HTTP."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from tests.emulators.replicate.process import dataset
from tests.trainer.process import PATIENCE, wait_until
from theway.processes.installation import ROOT
from theway.processes.process import Process

ACCOUNT = "account-1"
KEY = f"{ACCOUNT}:secret"
TRAINER = "fal-ai/flux-2-trainer"
RUNNER = "fal-ai/flux-2/lora"


class FalProcess(Process):
    """One `python -m emulators.fal` with its own folder. Started again, it keeps its port."""

    def __init__(self, folder: Path, **seconds: float) -> None:
        times = {"queue": 0.05, "training": 0.15, "picture": 0.05, **seconds}
        options = [f"--{name}-seconds={value}" for name, value in times.items()]
        self.folder, self._options = folder, [f"--folder={folder}", *options]
        super().__init__(
            "fal", self._command(0), cwd=ROOT, log_file=folder.with_name(f"{folder.name}.log")
        )

    @property
    def url(self) -> str:
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
        python = [sys.executable, "-W", "error", "-m", "emulators.fal"]
        return [*python, f"--port={port}", *self._options]


class Fal:
    """Plain requests to one emulator, with one key."""

    def __init__(self, process: FalProcess, key: str = KEY) -> None:
        self.process = process
        self.http = httpx.Client(
            base_url=process.url,
            headers={"Authorization": f"Key {key}"},
            timeout=PATIENCE,
            trust_env=False,
            verify=False,  # noqa: S501 - plain http; reading the certificates takes long
        )

    def close(self) -> None:
        self.http.close()

    def upload(self, data: bytes, headers: Mapping[str, str] | None = None) -> str:
        """Upload bytes in the way of fal-client; return their address."""
        token = self.http.post("/storage/auth/token", json={}).raise_for_status().json()["token"]
        sent = {"Authorization": f"Bearer {token}", "Content-Type": "application/zip"}
        sent |= {"X-Fal-File-Name": "set.zip", **(headers or {})}
        answer = self.http.post("/files/upload", content=data, headers=sent)
        return str(answer.raise_for_status().json()["access_url"])

    def submit(self, endpoint: str, values: Mapping[str, Any], **options: Any) -> dict[str, Any]:
        """Submit to the queue; return the answer."""
        answer = self.http.post(f"/{endpoint}", json=values, **options)
        return dict(answer.raise_for_status().json())

    def train(self, **options: Any) -> dict[str, Any]:
        """Submit a training on four captioned photos; return the answer."""
        values = {"image_data_url": self.upload(dataset()), "steps": 100, "learning_rate": 0.0001}
        return self.submit(TRAINER, values, **options)

    def draw(self, **options: Any) -> dict[str, Any]:
        """Submit a picture; return the answer."""
        return self.submit(RUNNER, {"prompt": "a boat"}, **options)

    def status(self, submitted: Mapping[str, Any], logs: str = "0") -> httpx.Response:
        return self.http.get(submitted["status_url"], params={"logs": logs})

    def result(self, submitted: Mapping[str, Any]) -> httpx.Response:
        """Return the answer of the result once the request has ended."""
        wait_until(lambda: self.status(submitted).status_code == 200)
        return self.http.get(submitted["response_url"])

    def started(self, submitted: Mapping[str, Any]) -> None:
        """Wait until a request is being worked on."""
        wait_until(lambda: self.status(submitted).json()["status"] != "IN_QUEUE")

    def history(self, endpoint: str = TRAINER, **query: Any) -> dict[str, Any]:
        params = {"endpoint_id": endpoint, **query}
        answer = self.http.get("/v1/models/requests/by-endpoint", params=params)
        return dict(answer.raise_for_status().json())

    def rules(self, *rules: dict[str, Any]) -> None:
        """Let the service behave otherwise from now on."""
        body = {"seed": 7, "rules": [{"route": "*", **rule} for rule in rules]}
        self.http.put("/faults", json=body).raise_for_status()

    def clear(self) -> None:
        self.http.delete("/faults").raise_for_status()

    def ledger(self) -> dict[str, Any]:
        return dict(self.http.get("/ledger").raise_for_status().json())

    def pass_time(self, seconds: float) -> None:
        """Put the service's clock forward."""
        ahead = self.http.get("/clock").json()["ahead"]
        self.http.put("/clock", json={"ahead": ahead + seconds}).raise_for_status()
