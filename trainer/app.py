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
from trainer.faults.engine import StickingEngine
from trainer.faults.layer import FaultLayer
from trainer.faults.ledger import Ledger
from trainer.faults.plan import Plan
from trainer.faults.routes import Injection
from trainer.faults.routes import routes as fault_routes
from trainer.files.routes import routes as file_routes
from trainer.files.store import FileStore
from trainer.images.routes import routes as image_routes
from trainer.images.store import PictureStore
from trainer.middleware import HEALTH_PATH, BearerKeys, Labels, Latency, RequestLog
from trainer.runs.routes import routes as run_routes
from trainer.runs.runner import Runner
from trainer.runs.store import RunStore
from trainer.state import State, state


def create_app(config: Config) -> Starlette:
    """Give the ASGI application; raise BadConfiguration for an engine that does not exist."""
    injection = _injection(config)
    parts = _parts(config, injection)
    app = Starlette(
        routes=[
            Route(HEALTH_PATH, health, methods=["GET"]),
            *file_routes,
            *run_routes,
            *image_routes,
            *(fault_routes if injection else []),
        ],
        middleware=_middleware(parts, injection),
        exception_handlers={
            ApiError: answer_api_error,
            HTTPException: answer_http_error,
            Exception: answer_crash,
        },
        lifespan=_lifespan,
    )
    app.state.parts = parts
    app.state.injection = injection
    return app


async def health(request: Request) -> JSONResponse:
    """GET /healthz, without a key."""
    parts = state(request)
    answer: dict[str, object] = {"status": "ok", "engine": parts.engine.name}
    if parts.config.faults:
        answer["faults"] = True
    return JSONResponse(answer)


def _injection(config: Config) -> Injection | None:
    if not config.faults:
        return None
    return Injection(Plan(), Ledger(config.folder / "ledger.jsonl"))


def _parts(config: Config, injection: Injection | None) -> State:
    engine = engines.build(config)
    labels = {"X-Trainer-Engine": engine.name}
    if injection:
        engine = StickingEngine(engine, injection.plan)
        labels["X-Trainer-Faults"] = "on"
    ledger = injection.ledger if injection else None
    runs = RunStore(config.folder / "runs", ledger.creation if ledger else None)
    pictures = PictureStore(config.folder / "images", ledger.generation if ledger else None)
    return State(
        config=config,
        engine=engine,
        files=FileStore(config.folder / "files"),
        runs=runs,
        runner=Runner(runs, engine, config.slots),
        pictures=pictures,
        labels=labels,
    )


def _middleware(parts: State, injection: Injection | None) -> list[Middleware]:
    """Give the layers around every route, the outermost first."""
    layers = [Middleware(RequestLog), Middleware(Labels, headers=parts.labels)]
    if parts.config.latency:
        layers.append(Middleware(Latency, seconds=parts.config.latency))
    if injection:
        # Inside the log, so that what it does is seen, and outside the key check, so that it
        # can fail any request.
        layers.append(Middleware(FaultLayer, plan=injection.plan, runs=parts.runs))
    layers.append(Middleware(BearerKeys, keys=parts.config.api_keys))
    return layers


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    parts: State = app.state.parts
    parts.config.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    parts.files.load()
    parts.runs.load()
    parts.pictures.load()
    if app.state.injection:
        _balance(app.state.injection.ledger, parts)
    parts.runner.resume()
    yield
    await parts.runner.close()


def _balance(ledger: Ledger, parts: State) -> None:
    """A process killed between a run's last move and the ledger's line left one behind."""
    ledger.load()
    for run in parts.runs.all():
        ledger.creation(run)
    for call in parts.pictures.all():
        ledger.generation(call)
