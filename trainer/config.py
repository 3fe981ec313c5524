"""What the environment says, read once at the start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

DEFAULT_KEY = "local"
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class BadConfiguration(Exception):
    """A variable that cannot be understood. The message names it."""


@dataclass(frozen=True, slots=True)
class Config:
    """How this service runs.

    `training_seconds` is how long a usual training takes on the simulated engine and
    `image_seconds` how long one picture takes. `public_url` is empty where absolute URLs
    follow the Host of the request. `latency` is waited before every answer, in seconds.
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
    latency: float
    faults: bool

    @classmethod
    def from_environment(cls, env: Mapping[str, str]) -> Config:
        """Read the TRAINER_* variables; raise BadConfiguration for nonsense."""
        host = env.get("TRAINER_HOST", "127.0.0.1")
        return cls(
            host=host,
            port=int(_number(env, "TRAINER_PORT", 8100, 0, 65535)),
            folder=Path(env.get("TRAINER_DIR", "var/trainer")).resolve(),
            api_keys=_keys(env, host),
            engine=env.get("TRAINER_ENGINE", "simulated"),
            training_seconds=_number(env, "TRAINER_SECONDS", 30.0, 0.1, 86_400.0),
            image_seconds=_number(env, "TRAINER_IMAGE_SECONDS", 1.5, 0.0, 600.0),
            slots=int(_number(env, "TRAINER_SLOTS", 2, 1, 10_000)),
            public_url=env.get("TRAINER_PUBLIC_URL", "").rstrip("/"),
            latency=_number(env, "TRAINER_LATENCY_MS", 0.0, 0.0, 60_000.0) / 1000,
            faults=_switch(env, "TRAINER_FAULTS"),
        )


def _number(env: Mapping[str, str], name: str, default: float, low: float, high: float) -> float:
    text = env.get(name, "")
    if not text:
        return default
    try:
        value = float(text)
    except ValueError:
        raise BadConfiguration(f"{name} must be a number, not {text!r}") from None
    if not low <= value <= high:
        raise BadConfiguration(f"{name} must be between {low:g} and {high:g}, not {text}")
    return value


def _switch(env: Mapping[str, str], name: str) -> bool:
    text = env.get(name, "")
    if text not in {"", "0", "1"}:
        raise BadConfiguration(f"{name} must be 1 or 0, not {text!r}")
    return text == "1"


def _keys(env: Mapping[str, str], host: str) -> tuple[str, ...]:
    given = (key.strip() for key in env.get("TRAINER_API_KEYS", DEFAULT_KEY).split(","))
    keys = tuple(key for key in given if key)
    # An empty list would either lock everybody out or let everybody in: neither is meant.
    if not keys:
        raise BadConfiguration("TRAINER_API_KEYS must hold at least one key")
    if DEFAULT_KEY in keys and host not in LOOPBACK:
        # The photos of people would be open to the whole network.
        raise BadConfiguration(
            f"TRAINER_API_KEYS must hold a key of your own where TRAINER_HOST is {host}"
        )
    return keys
