"""A second trainer as a hosted service without a list: a lost answer there stays unclear."""

from __future__ import annotations

from environment.reading import Environment
from environment.urls import Address
from providers import registry
from providers.local.provider import Local
from providers.types import FINDING, FOLLOWING


class Unlisted(Local):
    """The bundled trainer once more, on its own port and folder, and never asked for a list."""

    key = "unlisted"
    label = "Trainer without a list"
    url_variable = Address("UNLISTED_TRAINER_URL")
    capabilities = Local.capabilities - {*FOLLOWING.values(), *FINDING.values()}

    @classmethod
    def options_from(cls, env: Environment) -> dict[str, str]:
        """On only where the bench has started it."""
        return super().options_from(env) if env.is_set(cls.url_variable) else {}


def register() -> None:
    """Add it to the providers that exist; before the settings are read."""
    registry.CLASSES = {**registry.CLASSES, Unlisted.key: Unlisted}
