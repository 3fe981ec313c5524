"""The settings, read from the environment once at the start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from trainer.errors import ConfigurationError

DEFAULT_KEY = "local"


@dataclass(frozen=True, slots=True)
class Config:
    """How this service runs.

    `training_seconds` is how long a usual training takes on the simulated engine and
    `image_seconds` how long one image takes. `public_url` is empty where absolute URLs
    follow the Host of the request.
    """

    host: str
    port: int
    folder: Path
    api_keys: tuple[str, ...]
    engine: str
    training_seconds: float
    image_seconds: float
    slots: int
    public_url: str

    def is_called(self, name: str) -> bool:
        """Return whether a client may call this service so: by any name where others reach it, as
        there it has keys that nobody guesses."""
        if not _is_loopback(self.host) or _is_loopback(name):
            return True
        return bool(name) and name == urlsplit(self.public_url).hostname

    @classmethod
    def from_environment(cls, env: Mapping[str, str]) -> Config:
        """Read the TRAINER_* variables; raise ConfigurationError for nonsense."""
        host = env.get("TRAINER_HOST", "127.0.0.1")
        return cls(
            host=host,
            port=int(number(env, "TRAINER_PORT", 8100, 0, 65535)),
            folder=Path(env.get("TRAINER_DIR", "var/trainer")).resolve(),
            api_keys=_keys(env, host),
            engine=env.get("TRAINER_ENGINE", "simulated"),
            training_seconds=number(env, "TRAINER_SECONDS", 30.0, 0.1, 86_400.0),
            image_seconds=number(env, "TRAINER_IMAGE_SECONDS", 1.5, 0.0, 600.0),
            slots=int(number(env, "TRAINER_SLOTS", 2, 1, 10_000)),
            public_url=env.get("TRAINER_PUBLIC_URL", "").rstrip("/"),
        )


def number(env: Mapping[str, str], name: str, default: float, low: float, high: float) -> float:
    """Return a variable as a number from `low` to `high`; raise ConfigurationError."""
    text = env.get(name, "")
    if not text:
        return default
    try:
        value = float(text)
    except ValueError:
        raise ConfigurationError(f"{name} must be a number, not {text!r}") from None
    if not low <= value <= high:
        raise ConfigurationError(f"{name} must be between {low:g} and {high:g}, not {text}")
    return value


def _keys(env: Mapping[str, str], host: str) -> tuple[str, ...]:
    names = (key.strip() for key in env.get("TRAINER_API_KEYS", DEFAULT_KEY).split(","))
    keys = tuple(key for key in names if key)
    # An empty list would either lock everybody out or let everybody in: neither is meant.
    if not keys:
        raise ConfigurationError("TRAINER_API_KEYS must hold at least one key")
    if DEFAULT_KEY in keys and not _is_loopback(host):
        # The photos of people would be open to the whole network.
        raise ConfigurationError(
            f"TRAINER_API_KEYS must hold a key of your own where TRAINER_HOST is {host}"
        )
    return keys


def _is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address, however it is written."""
    name = host.strip("[]").lower().rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False
