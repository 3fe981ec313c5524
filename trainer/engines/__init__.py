"""The engines that train and draw. One today: the simulated one."""

from __future__ import annotations

from trainer.config import BadConfiguration, Config
from trainer.engines.base import Engine


def build(config: Config) -> Engine:
    """Give the engine the configuration names; raise BadConfiguration for an unknown one."""
    if config.engine != "simulated":
        raise BadConfiguration(f"TRAINER_ENGINE must be simulated, not {config.engine!r}")
    from trainer.engines.simulated.engine import SimulatedEngine

    return SimulatedEngine(config.training_seconds, config.image_seconds)
