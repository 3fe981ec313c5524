"""Puts the service together."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from trainer.config import Config
from trainer.engines import choice
from trainer.engines.base import Engine
from trainer.errors import ApiError, answer_crash, answer_full_disk, answer_refusal
from trainer.files.routes import routes as file_routes
from trainer.images.routes import routes as image_routes
from trainer.middleware import (
    HEALTH_PATH,
    BearerKeys,
    CommittedAnswers,
    KnownHosts,
    Labels,
    RequestLog,
)
from trainer.runs.routes import routes as run_routes
from trainer.state import State, state

log = logging.getLogger("trainer")

HOUSEKEEPING_EVERY = 600.0  # seconds


def create_app(config: Config, engine: Engine | None = None) -> Starlette:
    """Return the ASGI application, with the configured engine or the given one.

    Raises ConfigurationError for an engine that does not exist.
    """
    parts = State(config, engine or choice.build(config))
    app = Starlette(
        routes=[Route(HEALTH_PATH, health), *file_routes, *run_routes, *image_routes],
        middleware=[
            Middleware(RequestLog),
            Middleware(Labels, headers=parts.labels),
            Middleware(KnownHosts, is_called=config.is_called),
            Middleware(BearerKeys, keys=config.api_keys),
            Middleware(CommittedAnswers, database=parts.database),
        ],
        exception_handlers={
            ApiError: answer_refusal,
            HTTPException: answer_refusal,
            OSError: answer_full_disk,
            Exception: answer_crash,
        },
        lifespan=_lifespan,
    )
    app.state.parts = parts
    return app


async def health(request: Request) -> JSONResponse:
    """GET /healthz, without a key: which engine is at work, and why no better one."""
    engine = state(request).engine
    why = {"why": engine.why} if engine.why else {}
    return JSONResponse({"status": "ok", "engine": engine.name, **why})


async def _remove_expired(parts: State) -> None:
    """Remove again and again what has been kept for its time; nobody has to ask for it."""
    while True:
        try:
            parts.runs.remove_expired_files()
            parts.images.remove_expired()
            await parts.database.compact()
        except Exception:  # a full disk, say: there is a next time
            log.exception("What has expired could not be removed")
        await asyncio.sleep(HOUSEKEEPING_EVERY)


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    parts: State = app.state.parts
    parts.config.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    parts.database.open()
    parts.files.load()
    parts.runs.load()
    parts.images.load()
    parts.runner.resume()
    housekeeping = asyncio.create_task(_remove_expired(parts), name="housekeeping")
    yield
    housekeeping.cancel()
    await parts.runner.close()
    await parts.engine.close()
    parts.database.close()
