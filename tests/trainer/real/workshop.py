"""A machine for the real engine, made up: its card, its base models, and who plays the child."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from tests.trainer.process import ROOT
from trainer.engines.diffusers.installed import _PIPELINES
from trainer.engines.diffusers.known import KNOWN

SDXL = "stabilityai/stable-diffusion-xl-base-1.0"
KLEIN = "black-forest-labs/FLUX.2-klein-base-4B"
EMPTY_WEIGHTS = (2).to_bytes(8, "little") + b"{}"


class Workshop:
    """A folder with everything that the engine looks for; `environment` leads it there."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.child = folder, folder / "child"
        self.models, self.hub = folder / "models", folder / "huggingface"
        self.child.mkdir(parents=True)
        self.plays({})
        code = f'PYTHONPATH="{ROOT}" exec "{sys.executable}"'
        self.python = script(
            folder / "python", f'{code} -m tests.trainer.real.stand_in_child "{self.child}" "$@"'
        )
        self.has_cards((24_564, 300))

    @property
    def environment(self) -> dict[str, str]:
        return {
            "TRAINER_ENGINE": "diffusers",
            "TRAINER_PYTHON": str(self.python),
            "TRAINER_MODELS": str(self.models),
            "HF_HOME": str(self.hub),
            "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}",
        }

    def has_cards(self, *memories: tuple[int, int], name: str = "NVIDIA Made-up") -> None:
        """Have cards with so many mebibytes, in all and in use; none where none is named."""
        lines = [f"{at}, {name}, {all_}, {used}, 8.9" for at, (all_, used) in enumerate(memories)]
        text = "\n".join(lines)
        script(self.folder / "bin" / "nvidia-smi", f"cat <<'END'\n{text}\nEND")

    def has_model(self, name: str, folder: Path | None = None) -> Path:
        """Have a base model that looks whole; its weights are none."""
        place = folder or self.models / name.replace("/", "--")
        parts = ("transformer", "vae", "text_encoder")
        for part in parts:
            (place / part).mkdir(parents=True)
            (place / part / "model.safetensors").write_bytes(EMPTY_WEIGHTS)
        (made_for,) = _PIPELINES[KNOWN[name].family]
        index = {"_class_name": made_for, **{part: ["diffusers", "X"] for part in parts}}
        (place / "model_index.json").write_text(json.dumps(index))
        return place

    def plays(self, *plays: dict[str, Any]) -> None:
        """Say what each child does that is started; the last one counts for all that follow."""
        self.child.joinpath("plays").write_text("\n".join(json.dumps(play) for play in plays))

    @property
    def starts(self) -> list[dict[str, Any]]:
        """What each child was told that has been started."""
        path = self.child / "starts"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def script(path: Path, text: str) -> Path:
    """Write a program for the shell."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def is_alive(pid: int) -> bool:
    """Whether a process is there and is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False
