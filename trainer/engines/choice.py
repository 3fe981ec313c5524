"""Which engine trains and generates here."""

from __future__ import annotations

from trainer.config import Config
from trainer.engines.base import Engine
from trainer.errors import ConfigurationError


def build(config: Config) -> Engine:
    """Return the configured engine; raise ConfigurationError for an unknown one."""
    if config.engine != "simulated":
        raise ConfigurationError(f"TRAINER_ENGINE must be simulated, not {config.engine!r}")
    from trainer.engines.simulated.engine import SimulatedEngine

    return SimulatedEngine(config.training_seconds, config.image_seconds)
