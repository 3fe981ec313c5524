"""What every route needs, attached to the application once at the start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from starlette.requests import Request

from trainer.config import Config
from trainer.database import Database
from trainer.engines.base import Engine
from trainer.files.store import FileStore
from trainer.images.store import ImageStore
from trainer.runs.runner import Runner
from trainer.runs.store import RunStore


@dataclass(frozen=True, slots=True)
class State:
    """The parts of one running service."""

    config: Config
    database: Database
    engine: Engine
    files: FileStore
    runs: RunStore
    runner: Runner
    images: ImageStore
    labels: Mapping[str, str]  # headers of every answer


def state(request: Request) -> State:
    """Return the parts of the service that answers this request."""
    return cast(State, request.app.state.parts)


def base_url(request: Request) -> str:
    """Return the start of absolute URLs, without a slash at the end."""
    return state(request).config.public_url or str(request.base_url).rstrip("/")
