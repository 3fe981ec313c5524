"""The LoRAs of a picture: fetched, and refused where they do not fit the endpoint."""

from __future__ import annotations

import json
import secrets
import struct
from pathlib import Path
from typing import Any
from uuid import UUID

from emulators.fal.catalog.checks import Where, finding
from emulators.fal.catalog.endpoints import Endpoint
from emulators.fal.errors import invalid
from emulators.fal.work.fetching import fetch
from emulators.hosted.records import Json

Lora = tuple[Path, float]  # the folder with the colours of its photos, and its strength
MAX_HEADER = 100_000_000


def fetch_loras(endpoint: Endpoint, values: Json, folder: Path) -> tuple[Lora, ...]:
    """Fetch every LoRA of an input; return those whose photos' colours are in `folder`.

    Takes time: use a thread. A path that is no address stands for a Hugging Face repository,
    which always works. Raises a 422 for what cannot be read, is no LoRA or does not fit.
    """
    found = []
    for number, lora in enumerate(values.get("loras") or ()):
        where: Where = ("body", "loras", number, "path")
        if not lora["path"].startswith(("http://", "https://", "data:")):
            continue
        metadata = _metadata(lora["path"], folder, where)
        family = metadata.get("base_family", endpoint.family)
        if family != endpoint.family:
            message = f"This LoRA was trained on {family} and does not fit {endpoint.family}"
            raise invalid([finding(where, message, "value_error", lora["path"])])
        if run_id := _own_run(metadata):
            found.append((folder / run_id, float(lora.get("scale", 1.0))))
    return tuple(found)


def _own_run(metadata: dict[str, Any]) -> str:
    """Return the id of the run that made the weights here; empty where another service did."""
    try:
        return str(UUID(metadata.get("run_id", "")))
    except (ValueError, AttributeError):
        return ""


def _metadata(url: str, folder: Path, where: Where) -> dict[str, Any]:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f".{secrets.token_hex(8)}"
    try:
        fetch(url, path, where)
        with path.open("rb") as file:
            (size,) = struct.unpack("<Q", file.read(8))
            if size > MAX_HEADER:
                raise ValueError("no safetensors file")
            return dict(json.loads(file.read(size)).get("__metadata__", {}))
    except (ValueError, struct.error, AttributeError):
        message = "The file is no safetensors file"
        raise invalid([finding(where, message, "value_error", url[:200])]) from None
    finally:
        path.unlink(missing_ok=True)
