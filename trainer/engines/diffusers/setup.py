"""What the real engine is set up with."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from trainer.engines.diffusers.child_process import Limits
from trainer.engines.diffusers.installed import installed
from trainer.engines.diffusers.measured import Measurements


@dataclass(frozen=True, slots=True)
class Places:
    """Where things are: the Python that has torch, the owner's models, the hub's cache, and what
    this machine has measured."""

    python: Path
    models: Path
    hub: Path
    measured: Path | None = None

    def installed(self) -> dict[str, Path]:
        """Return the folder of every base model that is here whole."""
        return installed(self.models, self.hub)


@dataclass(frozen=True, slots=True)
class Setup:
    """What a training and a picture are made with."""

    places: Places
    measurements: Measurements
    limits: Limits = field(default_factory=Limits)
