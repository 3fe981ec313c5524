"""What every route needs, attached to the application once at the start."""

from __future__ import annotations

from typing import cast

from starlette.requests import Request

from trainer.config import Config
from trainer.database import Database
from trainer.disk import DATABASE
from trainer.engines.base import Engine
from trainer.files.store import FileStore
from trainer.images.store import ImageStore
from trainer.runs.runner import Runner
from trainer.runs.store import RunStore


class State:
    """The parts of one running service."""

    def __init__(self, config: Config, engine: Engine) -> None:
        self.config = config
        self.engine = engine
        self.database = Database(config.folder / DATABASE)
        self.files = FileStore(self.database, config.folder / "files")
        self.runs = RunStore(self.database, config.folder / "runs", self.files)
        self.runner = Runner(self.runs, engine, config.slots)
        self.images = ImageStore(self.database, config.folder / "images")
        self.labels = {"X-Trainer-Engine": engine.name}  # headers of every answer


def state(request: Request) -> State:
    """Return the parts of the service that answers this request."""
    return cast(State, request.app.state.parts)


def base_url(request: Request) -> str:
    """Return the start of absolute URLs, without a slash at the end."""
    return state(request).config.public_url or str(request.base_url).rstrip("/")
