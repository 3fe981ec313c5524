"""Puts the emulator together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware

from emulators.faults.layer import FaultLayer
from emulators.faults.ledger import Ledger
from emulators.faults.plan import Plan
from emulators.hosted.options import Options
from emulators.hosted.outgoing import LOOPBACK
from emulators.replicate.errors import Refusal, answer_crash, answer_refusal
from emulators.replicate.keys import Keys
from emulators.replicate.routes import routes
from emulators.replicate.service import ReplicateService
from emulators.replicate.state import State
from trainer.middleware import CommittedAnswers, KnownHosts, RequestLog


def emulate(options: Options) -> FaultLayer:
    """Return the emulated service in the fault layer."""
    plan = Plan()
    parts = State(options, plan)
    service = ReplicateService(parts)
    ledger = Ledger(options.folder / "ledger.jsonl", service.paid_routes.values())
    return FaultLayer(
        create_app(parts),
        service,
        plan,
        ledger,
        latency=options.latency,
        controls=parts.clock.routes(),
    )


def create_app(parts: State) -> Starlette:
    """Return the service itself."""
    app = Starlette(
        routes=routes,
        middleware=[
            Middleware(RequestLog),
            # It takes any key, so a page in a browser must not reach it by a name of its own.
            Middleware(KnownHosts, is_called=LOOPBACK.__contains__),
            Middleware(Keys),
            Middleware(CommittedAnswers, database=parts.database),
        ],
        exception_handlers={
            Refusal: answer_refusal,
            HTTPException: answer_refusal,
            Exception: answer_crash,
        },
        lifespan=_lifespan,
    )
    app.state.parts = parts
    return app


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    parts: State = app.state.parts
    await parts.open()
    agenda = asyncio.create_task(parts.agenda.run(), name="agenda")
    yield
    agenda.cancel()
    await asyncio.wait([agenda])
    parts.database.close()
