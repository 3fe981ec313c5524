"""What every route needs, attached to the application once at the start."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from starlette.requests import Request

from trainer.config import Config
from trainer.database import Database
from trainer.engines.base import Engine
from trainer.errors import ConfigurationError, unknown_model
from trainer.files.store import FileStore
from trainer.images.store import ImageStore
from trainer.models import BaseModel
from trainer.runs.runner import Runner
from trainer.runs.store import RunStore

DATABASE = "trainer.db"
# What lies in these and is in no row of the database is deleted when the service starts.
FOLDERS = ("files", "runs", "images", "spool")


class State:
    """The parts of one running service."""

    def __init__(self, config: Config, engine: Engine) -> None:
        _refuse_foreign(config.folder)
        self.config = config
        self.engine = engine
        self.database = Database(config.folder / DATABASE)
        self.files = FileStore(self.database, config.folder / "files")
        self.runs = RunStore(self.database, config.folder / "runs", self.files)
        self.runner = Runner(self.runs, engine, engine.slots)
        self.images = ImageStore(self.database, config.folder / "images")
        self.labels = {"X-Trainer-Engine": engine.name}  # headers of every answer


def state(request: Request) -> State:
    """Return the parts of the service that answers this request."""
    return cast(State, request.app.state.parts)


def offered(request: Request, name: str) -> BaseModel:
    """Return a base model that the engine has; raise the documented 404 for any other."""
    found = state(request).engine.models().get(name)
    if found is None:
        raise unknown_model(name)
    return found


def base_url(request: Request) -> str:
    """Return the start of absolute URLs, without a slash at the end."""
    return state(request).config.public_url or str(request.base_url).rstrip("/")


def _refuse_foreign(folder: Path) -> None:
    """Raise ConfigurationError where folders that we would empty are somebody else's.

    Ours come together with the database that says what belongs in them.
    """
    if (folder / DATABASE).exists():
        return
    for name in FOLDERS:
        if (folder / name).is_dir() and any((folder / name).iterdir()):
            raise ConfigurationError(
                f"The folder of TRAINER_DIR has a folder “{name}” with other files in it. Name one "
                "that is empty, or does not exist yet."
            )
