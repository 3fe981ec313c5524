"""What a run reads from elsewhere: its dataset, and LoRAs by their addresses."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

from emulators.hosted.datasets import BadDatasetError, Dataset, read_dataset
from emulators.hosted.outgoing import session_for
from emulators.replicate.errors import Refusal
from emulators.replicate.files import MAX_BYTES, Files
from emulators.replicate.runs import Run
from trainer.threads import in_thread

TIMEOUT = 20.0  # seconds without a byte
CHUNK = 1024 * 1024
_OWN_FILE = re.compile(r"/v1/files/([^/]+)")
_REFERENCE = re.compile(r"[\w.-]+/[\w.-]+(?:[/:][0-9a-f]+)?", re.ASCII)


class FailedRunError(Exception):
    """A run cannot go on. The message is the one that the run ends with."""


class Sources:
    """Reads for runs. `folder` holds what is being read."""

    def __init__(self, files: Files, folder: Path) -> None:
        self._files = files
        self._folder = folder

    async def dataset(self, run: Run, field: str, colours: Path) -> Dataset:
        """Read the dataset of a training, from an own file or from any address.

        The own files are read as their owner, as the real ones are. Raises FailedRunError with
        the trainer's words for what is not there or no good.
        """
        address = run.input.get(field)
        if not address:
            raise FailedRunError(f"{field} must be provided")
        path, is_own = await self._fetched(run, str(address))
        try:
            return await in_thread(read_dataset, path, colours)
        except BadDatasetError as error:
            reason = str(error)
            if reason == "not a readable zip file":
                reason = "must be a zip file"
            raise FailedRunError(f"{field} {reason}") from error
        finally:
            if not is_own:
                path.unlink(missing_ok=True)

    async def check_lora(self, run: Run, address: str) -> None:
        """Raise FailedRunError for weights that a runner could not load."""
        if not address.startswith(("http://", "https://")):
            if not _REFERENCE.fullmatch(address.removeprefix("huggingface.co/")):
                raise FailedRunError(f"Invalid LoRA reference: {address[:100]}")
            return
        name = urlsplit(address).path
        if not name.endswith((".safetensors", ".tar", ".zip")):
            raise FailedRunError("LoRA URLs must end with .safetensors or .tar")
        path, _ = await self._fetched(run, address)
        try:
            if name.endswith(".safetensors") and not await in_thread(_is_safetensors, path):
                raise FailedRunError("Error while deserializing header: HeaderTooLarge")
        finally:
            path.unlink(missing_ok=True)

    async def _fetched(self, run: Run, address: str) -> tuple[Path, bool]:
        """Return a file with what is at an address, and whether it is one that stays."""
        parts = urlsplit(address)
        own = _OWN_FILE.fullmatch(parts.path)
        if own and parts.netloc == urlsplit(run.base).netloc:
            with suppress(Refusal):
                return self._files.path(own[1]), True
            raise FailedRunError(f"404 Client Error: Not Found for url: {address}")
        path = self._folder / run.id
        await in_thread(_download, address, path)
        return path, False


def _download(address: str, path: Path) -> None:
    options: dict[str, Any] = {"stream": True, "timeout": TIMEOUT}
    try:
        with session_for(address) as session, session.get(address, **options) as answer:
            answer.raise_for_status()
            _save(answer, path)
    except (requests.RequestException, OSError, ValueError) as error:
        path.unlink(missing_ok=True)
        raise FailedRunError(f"Failed to download {address[:200]}: {error}") from error


def _save(answer: requests.Response, path: Path) -> None:
    size = 0
    with path.open("wb") as target:
        for chunk in answer.iter_content(CHUNK):
            size += len(chunk)
            if size > 10 * MAX_BYTES:
                raise ValueError("it is too large")
            target.write(chunk)


def _is_safetensors(path: Path) -> bool:
    """Return whether a file begins as the format does: a length, then JSON of that length."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        return length < 100_000_000 and file.read(1) == b"{"
