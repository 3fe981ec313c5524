"""The base models that are on this machine: in a folder of the owner's, or in the hub's cache."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from trainer.engines.diffusers.known import KNOWN, SHIPPED_MODEL

SHIPPED = Path(__file__).resolve().parents[2] / "tiny_shapes"  # with the project
_PIPELINES = {
    "flux1": {"FluxPipeline"},
    "flux2-klein": {"Flux2KleinPipeline"},
    "flux2-dev": {"Flux2Pipeline"},
    "zimage": {"ZImagePipeline"},
    "sdxl": {"StableDiffusionXLPipeline"},
    "sd15": {"StableDiffusionPipeline"},
    "qwen-image": {"QwenImagePipeline"},
}


def installed(models: Path, hub: Path) -> dict[str, Path]:
    """Return the folder of every known base model that is here whole."""
    found = {}
    for name, known in KNOWN.items():
        if not known.is_supported:
            continue
        folder = next(
            (one for one in places_of(name, models, hub) if not problem_of(name, one)), None
        )
        if folder:
            found[name] = folder
    return found


def problem_of(name: str, folder: Path) -> str:
    """Return why a folder is not this model, in words; empty where it is, and whole."""
    try:
        index = json.loads((folder / "model_index.json").read_text())
    except (OSError, ValueError):
        return "it has no model_index.json"
    if not isinstance(index, dict):
        return "its model_index.json is none"
    made_for = index.get("_class_name", "")
    if made_for not in _PIPELINES[KNOWN[name].family]:
        return f"it is made for {made_for or 'nothing'}"
    for part, value in index.items():
        if not part.startswith("_") and isinstance(value, list) and value and value[0]:
            if not (folder / part).is_dir():
                return f"its folder {part} is missing"
            if missing := _missing_weights(folder / part):
                return f"{part}/{missing} is missing: the download was cut off"
    return ""


def places_of(name: str, models: Path, hub: Path) -> Iterator[Path]:
    """Yield the folders where a base model may be, the one that it is fetched to first."""
    if name == SHIPPED_MODEL:
        yield SHIPPED
    organisation, _, short = name.partition("/")
    yield models / f"{organisation}--{short}"
    yield models / short
    snapshots = hub / f"models--{organisation}--{short}" / "snapshots"
    if snapshots.is_dir():
        yield from sorted(snapshots.iterdir(), reverse=True)


def _missing_weights(part: Path) -> str:
    """Return the name of a file of weights that should be there and is not, or not whole."""
    named: set[str] = set()
    for index in part.glob("*.safetensors.index.json"):
        try:
            named |= set(json.loads(index.read_text())["weight_map"].values())
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return index.name
    found = {path.name for path in part.glob("*.safetensors")}
    if _is_network(part) and not named | found:
        return "the file of its weights"
    broken = (name for name in sorted(named | found) if not _is_whole(part / name))
    return next(broken, "")


def _is_network(part: Path) -> bool:
    """Tokenizers, schedulers and processors have no weights."""
    return part.name.startswith(("transformer", "unet", "vae", "text_encoder"))


def _is_whole(path: Path) -> bool:
    try:
        known = path.stat()
        return _ends_where_it_says(path, known.st_size, known.st_mtime_ns)
    except OSError:
        return False


@lru_cache(maxsize=500)
def _ends_where_it_says(path: Path, size: int, _changed: int) -> bool:
    """Whether a safetensors file is as long as its header says (see `trainer.safetensors`)."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if length > size:
            return False
        try:
            header = json.loads(file.read(length))
            ends = [one["data_offsets"][1] for name, one in header.items() if name[:2] != "__"]
        except (ValueError, KeyError, TypeError, AttributeError, IndexError):
            return False
    return bool(size == 8 + length + max(ends, default=0))
