"""What a trainer leaves: its weights in an archive of the layout and kind of its own."""

from __future__ import annotations

import io
import json
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import PurePosixPath

from emulators.hosted.weights import lora
from emulators.replicate.models import PUBLISHED
from emulators.replicate.runs import Run
from emulators.replicate.trainers import FAST_FLUX, OSTRIS

HOSTILE = "hostile_archive"  # the fault: a second LoRA, outside of the folder


def archive(run: Run, *, is_hostile: bool) -> bytes:
    """Return the file that a finished training delivers."""
    trainer = PUBLISHED[run.model]
    facts = {
        "run_id": run.id,
        "trainer": run.model,
        "trigger_word": str(run.wanted.get("trigger_word") or ""),
        "step": str(run.steps),
    }
    members = _members(run, lora(run.id, trainer.width, facts))
    if is_hostile:
        members["../outside.safetensors"] = lora(f"{run.id}-2", trainer.width, facts)
    return _tar(members) if trainer.archive.endswith(".tar") else _zip(members)


def _members(run: Run, weights: bytes) -> dict[str, bytes]:
    config = _config(run)
    if run.model == OSTRIS.name:
        folder = "output/flux_train_replicate"
        texts = {name: text for name, text in run.captions.items() if text is not None}
        captions = {f"captions/{_stem(name)}.txt": text.encode() for name, text in texts.items()}
        own = {f"{folder}/lora.safetensors": weights, f"{folder}/config.yaml": config}
        return own | {f"{folder}/{name}": text for name, text in captions.items()}
    if run.model == FAST_FLUX.name:
        return {"flux-lora/flux-lora.safetensors": weights}
    settings = f"steps: {run.steps}\nsimulated: true\n".encode()
    return {"lora.safetensors": weights, "settings.txt": settings, "config.yaml": config}


def _config(run: Run) -> bytes:
    # JSON is YAML; the addresses of photos stay out of what is delivered.
    shown = {"steps": run.steps, "trigger_word": run.wanted.get("trigger_word"), "simulated": True}
    return json.dumps(shown).encode()


def _stem(name: str) -> str:
    return PurePosixPath(name).stem


def _tar(members: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as target:
        for name, data in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            target.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()


def _zip(members: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as target:
        for name, data in members.items():
            target.writestr(name, data)
    return buffer.getvalue()
