"""The trainer as its clients see it: trainings and pictures over HTTP."""

from __future__ import annotations

import base64
import io
import time
from dataclasses import dataclass
from typing import Any

import requests
from PIL import Image
from requests.adapters import HTTPAdapter
from safetensors import SafetensorError, numpy as tensors_of
from urllib3.util import Retry

MODEL = "theway/tiny-shapes"
OVER = {"completed", "cancelled", "error", "user_error"}
LIMIT = 900.0  # seconds of one training
SIDE = 256


@dataclass(frozen=True)
class Trained:
    """How a run ended: its id, and why where it has no weights."""

    id: str
    problem: str = ""


class Client:
    """A session with one trainer."""

    def __init__(self, base: str, key: str) -> None:
        self._base = f"{base}/v1"
        self._session = requests.Session()
        self._session.trust_env = False
        # It may just be starting again.
        again = Retry(connect=60, read=5, backoff_factor=0.1, backoff_max=1.0)
        self._session.mount("http://", HTTPAdapter(max_retries=again))
        self._session.headers["Authorization"] = f"Bearer {key}"

    def _uploaded(self, data: bytes) -> str:
        answer = self._session.post(
            f"{self._base}/files/upload",
            data={"purpose": "fine-tune", "file_name": "photos.jsonl", "file_type": "jsonl"},
            files={"file": ("photos.jsonl", data)},
            timeout=60,
        )
        answer.raise_for_status()
        return str(answer.json()["id"])

    def start(self, data: bytes, *, steps: int, photos: int, **wishes: Any) -> str:
        """Upload a training file and start a training of about so many steps; return its run's id.

        (A file goes with the run that has used it.)
        """
        batch = wishes.pop("batch_size", 4)
        body = {
            "model": MODEL,
            "training_file": self._uploaded(data),
            "n_epochs": max(1, round(steps * batch / photos)),
            "batch_size": batch,
            "training_type": {"type": "Lora", "lora_r": 16, "lora_alpha": 16},
            **wishes,
        }
        answer = self._session.post(f"{self._base}/fine-tunes", json=body, timeout=60)
        answer.raise_for_status()
        return str(answer.json()["id"])

    def job(self, run: str) -> dict[str, Any]:
        """Return a run as the trainer tells it."""
        answer = self._session.get(f"{self._base}/fine-tunes/{run}", timeout=60)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    def wait(self, run: str) -> Trained:
        """Wait until a run is over."""
        until = time.monotonic() + LIMIT
        while time.monotonic() < until:
            job = self.job(run)
            if job["status"] in OVER:
                said = [event["message"] for event in job.get("events", ())]
                return Trained(run, "" if job["status"] == "completed" else said[-1])
            time.sleep(0.5)
        return Trained(run, f"not over after {LIMIT:.0f} s")

    def newest(self) -> str:
        """Return the id of the newest run."""
        return str(max(self._runs(), key=lambda job: job["created_at"])["id"])

    def ids(self) -> set[str]:
        """Return the ids of all runs."""
        return {job["id"] for job in self._runs()}

    def count(self) -> int:
        """Return how many runs there are."""
        return len(self._runs())

    def _runs(self) -> list[dict[str, Any]]:
        answer = self._session.get(f"{self._base}/fine-tunes", timeout=60)
        answer.raise_for_status()
        found: list[dict[str, Any]] = answer.json()["data"]
        return found

    def address(self, run: str) -> str:
        """Return the address of a run's weights."""
        return f"{self._base}/finetune/download?ft_id={run}"

    def weights(self, run: str) -> bytes:
        """Return the file of a run's weights."""
        answer = self._session.get(self.address(run), timeout=60)
        answer.raise_for_status()
        return answer.content

    def draw(self, prompt: str, *, seed: int, run: str = "", scale: float = 1.0) -> Image.Image:
        """Return one picture, with a run's weights where one is named."""
        loras = [{"path": self.address(run), "scale": scale}] if run else []
        body = {
            "model": MODEL,
            "prompt": prompt,
            "width": SIDE,
            "height": SIDE,
            "seed": seed,
            "output_format": "png",
            "response_format": "base64",
            "image_loras": loras,
        }
        answer = self._session.post(f"{self._base}/images/generations", json=body, timeout=300)
        answer.raise_for_status()
        data = base64.b64decode(answer.json()["data"][0]["b64_json"])
        with Image.open(io.BytesIO(data)) as image:
            return image.convert("RGB")


def are_same_weights(first: bytes, second: bytes) -> bool:
    """Whether two files hold the same tensors, bit by bit; their headers may differ."""
    try:
        one, other = tensors_of.load(first), tensors_of.load(second)
    except SafetensorError:
        return False
    return one.keys() == other.keys() and all(
        one[name].tobytes() == other[name].tobytes() for name in one
    )
