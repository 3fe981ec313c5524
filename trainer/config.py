"""The settings, read from the environment once at the start."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from environment import variables as set_by
from environment.reading import Environment

DEFAULT_KEY = "local"


@dataclass(frozen=True, slots=True)
class Config:
    """How this service runs.

    `training_seconds` is how long a usual training takes on the simulated engine and
    `image_seconds` how long one image takes. `public_url` is empty where absolute URLs
    follow the Host of the request. `keep_seconds` is how long a base model stays loaded after a
    picture. `python` has the packages for real training, `models` the owner's base models, `hub`
    those that Hugging Face's own tools have fetched.
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
    keep_seconds: float
    python: Path
    models: Path
    hub: Path

    def is_called(self, name: str) -> bool:
        """Return whether a client may call this service so: by any name where others reach it, as
        there it has keys that nobody guesses."""
        if not _is_loopback(self.host) or _is_loopback(name):
            return True
        return bool(name) and name == urlsplit(self.public_url).hostname

    @classmethod
    def from_environment(cls, env: Environment) -> Config:
        """Read the TRAINER_* variables; raise SettingError for nonsense."""
        return cls(
            host=env.get(set_by.TRAINER_HOST),
            port=env.get(set_by.TRAINER_PORT),
            folder=env.get(set_by.TRAINER_DIR).resolve(),
            api_keys=_keys(env),
            engine=env.get(set_by.TRAINER_ENGINE),
            training_seconds=env.get(set_by.TRAINER_SECONDS),
            image_seconds=env.get(set_by.TRAINER_IMAGE_SECONDS),
            slots=env.get(set_by.TRAINER_SLOTS),
            public_url=env.get(set_by.TRAINER_PUBLIC_URL),
            keep_seconds=env.get(set_by.TRAINER_KEEP_SECONDS),
            python=env.get(set_by.TRAINER_PYTHON),
            models=env.get(set_by.TRAINER_MODELS),
            hub=env.get(set_by.HF_HOME) / "hub",
        )


def _keys(env: Environment) -> tuple[str, ...]:
    keys, host = env.get(set_by.TRAINER_API_KEYS), env.get(set_by.TRAINER_HOST)
    if DEFAULT_KEY in keys and not _is_loopback(host):
        # The photos of people would be open to the whole network.
        raise env.refusal(
            set_by.TRAINER_API_KEYS, f"a key of your own, or several, where TRAINER_HOST is {host}"
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
