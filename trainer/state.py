"""What every route needs, hung on the application once at the start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from starlette.requests import Request

from trainer.config import Config
from trainer.engines.base import Engine
from trainer.files.store import FileStore
from trainer.images.store import PictureStore
from trainer.runs.runner import Runner
from trainer.runs.store import RunStore


@dataclass(frozen=True, slots=True)
class State:
    """The parts of one running service."""

    config: Config
    engine: Engine
    files: FileStore
    runs: RunStore
    runner: Runner
    pictures: PictureStore
    labels: Mapping[str, str]  # headers of every answer: what is at work


def state(request: Request) -> State:
    """Give the parts of the service that answers this request."""
    return cast(State, request.app.state.parts)


def base_url(request: Request) -> str:
    """Give the start of absolute URLs, without a slash at the end."""
    return state(request).config.public_url or str(request.base_url).rstrip("/")
