"""Puts the emulator together."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from emulators.fal import controls
from emulators.fal.errors import FalError, answer_refusal
from emulators.fal.parts import Parts
from emulators.fal.platform import bills, catalog, history
from emulators.fal.queue.routes import routes as queue_routes
from emulators.fal.service import FalService
from emulators.fal.storage.routes import routes as storage_routes
from emulators.faults.layer import FaultLayer
from emulators.faults.ledger import Ledger
from emulators.faults.plan import Plan
from emulators.hosted.options import Options
from trainer.middleware import HEALTH_PATH, CommittedAnswers, RequestLog

log = logging.getLogger("emulators.fal")


def emulate(options: Options) -> FaultLayer:
    """Return the emulator of fal in the fault layer, with its controls."""
    plan = Plan()
    parts = Parts(options, plan)
    service = FalService(parts)
    ledger = Ledger(options.folder / "ledger.jsonl", service.paid_routes.values())
    own = [*parts.clock.routes(), *controls.routes(parts.keys)]
    app = create_app(parts)
    return FaultLayer(app, service, plan, ledger, latency=options.latency, controls=own)


def create_app(parts: Parts) -> Starlette:
    """Return the emulated service without faults."""
    app = Starlette(
        routes=[
            Route(HEALTH_PATH, health),
            *catalog.routes,
            *history.routes,
            *bills.routes,
            *storage_routes,
            *queue_routes,
        ],
        middleware=[
            Middleware(RequestLog),
            Middleware(CommittedAnswers, database=parts.database),
        ],
        exception_handlers={
            FalError: answer_refusal,
            HTTPException: answer_refusal,
            ClientDisconnect: answer_disconnected,
            Exception: answer_crash,
        },
        lifespan=_lifespan,
    )
    app.state.parts = parts
    return app


async def health(request: Request) -> Response:
    """GET /healthz, without a key."""
    return JSONResponse({"status": "ok", "engine": "simulated", "emulates": "fal"})


async def answer_disconnected(request: Request, error: Exception) -> Response:
    """Starlette's handler for an upload that ended before its body did; nobody reads this."""
    return FalError(400, "The request ended before its body did", "bad_request").response()


async def answer_crash(request: Request, error: Exception) -> Response:
    """Starlette's handler for a bug of the emulator: its log has it all."""
    return FalError(500, "Internal server error", "internal_error").response()


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    parts: Parts = app.state.parts
    parts.load()
    agenda = asyncio.create_task(parts.agenda.run(), name="agenda")
    yield
    agenda.cancel()
    await asyncio.gather(agenda, return_exceptions=True)
    parts.database.close()
