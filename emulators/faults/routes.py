"""The controls: /faults and /ledger. They exist only where faults are switched on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from trainer.faults.ledger import Ledger
from trainer.faults.plan import Plan
from trainer.faults.rules import read_rules
from trainer.fields import Fields

PATH = "/faults"


@dataclass(frozen=True, slots=True)
class Injection:
    """What fails, and what was accepted all the same."""

    plan: Plan
    ledger: Ledger


async def show(request: Request) -> Response:
    """GET /faults: the rules now, with what they have seen and struck."""
    return JSONResponse(_injection(request).plan.answer())


async def replace(request: Request) -> Response:
    """PUT /faults: other rules from now on."""
    fields = await Fields.of(request)
    seed = fields.integer("seed", 0, low=0, high=2**63 - 1)
    _injection(request).plan.replace(seed, read_rules(fields))
    return await show(request)


async def heal(request: Request) -> Response:
    """DELETE /faults: nothing fails from now on."""
    _injection(request).plan.heal()
    return await show(request)


async def ledger(request: Request) -> Response:
    """GET /ledger: every accepted call by the client's token."""
    return JSONResponse(_injection(request).ledger.answer())


def _injection(request: Request) -> Injection:
    return cast(Injection, request.app.state.injection)


routes = [
    Route(PATH, show, methods=["GET"]),
    Route(PATH, replace, methods=["PUT"]),
    Route(PATH, heal, methods=["DELETE"]),
    Route("/ledger", ledger, methods=["GET"]),
]
