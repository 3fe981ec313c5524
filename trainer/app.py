"""Puts the service together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from trainer import engines
from trainer.config import Config
from trainer.errors import ApiError, answer_api_error, answer_crash, answer_http_error
from trainer.files.routes import routes as file_routes
from trainer.files.store import FileStore
from trainer.images.routes import routes as image_routes
from trainer.images.store import PictureStore
from trainer.middleware import HEALTH_PATH, BearerKeys, EngineHeader, RequestLog
from trainer.runs.routes import routes as run_routes
from trainer.runs.runner import Runner
from trainer.runs.store import RunStore
from trainer.state import State, state


def create_app(config: Config) -> Starlette:
    """Give the ASGI application; raise BadConfiguration for an engine that does not exist."""
    parts = _parts(config)
    app = Starlette(
        routes=[
            Route(HEALTH_PATH, health, methods=["GET"]),
            *file_routes,
            *run_routes,
            *image_routes,
        ],
        middleware=_middleware(config, parts.engine.name),
        exception_handlers={
            ApiError: answer_api_error,
            HTTPException: answer_http_error,
            Exception: answer_crash,
        },
        lifespan=_lifespan,
    )
    app.state.parts = parts
    return app


async def health(request: Request) -> JSONResponse:
    """GET /healthz, without a key."""
    return JSONResponse({"status": "ok", "engine": state(request).engine.name})


def _parts(config: Config) -> State:
    engine = engines.build(config)
    runs = RunStore(config.folder / "runs")
    return State(
        config=config,
        engine=engine,
        files=FileStore(config.folder / "files"),
        runs=runs,
        runner=Runner(runs, engine, config.slots),
        pictures=PictureStore(config.folder / "images"),
    )


def _middleware(config: Config, engine: str) -> list[Middleware]:
    """Give the layers around every route, the outermost first."""
    return [
        Middleware(RequestLog),
        Middleware(EngineHeader, engine=engine),
        # A layer that plays a bad network for tests belongs here: inside the log, so that what it
        # does is seen, and outside the key check, so that it can fail any request.
        Middleware(BearerKeys, keys=config.api_keys),
    ]


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    parts: State = app.state.parts
    parts.config.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    parts.files.load()
    parts.runs.load()
    parts.pictures.load()
    parts.runner.resume()
    yield
    await parts.runner.close()
