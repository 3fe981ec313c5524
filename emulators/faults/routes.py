"""The controls: /faults and /ledger."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from emulators.faults.ledger import Ledger
from emulators.faults.plan import Plan
from emulators.faults.rules import EVERY_ROUTE, STUCK, Rule, Rules
from emulators.faults.service import Service
from emulators.faults.transport_faults import TRANSPORT_FAULTS
from trainer.bodies import read_body
from trainer.errors import ApiError, answer_refusal, invalid
from trainer.middleware import BearerKeys

FAULTS_PATH, LEDGER_PATH = "/faults", "/ledger"


@dataclass(frozen=True, slots=True)
class Controls:
    """The routes over what fails and what was accepted all the same."""

    service: Service
    plan: Plan
    ledger: Ledger

    def app(self, keys: tuple[str, ...]) -> Starlette:
        """Return the controls as an application that asks for one of the keys."""
        return Starlette(
            routes=[
                Route(FAULTS_PATH, self.show, methods=["GET"]),
                Route(FAULTS_PATH, self.replace, methods=["PUT"]),
                Route(FAULTS_PATH, self.clear, methods=["DELETE"]),
                Route(LEDGER_PATH, self.show_ledger, methods=["GET"]),
            ],
            middleware=[Middleware(BearerKeys, keys=keys)],
            exception_handlers={ApiError: answer_refusal},
        )

    async def show(self, request: Request) -> Response:
        """GET /faults: the rules now, with what they have seen and struck."""
        return JSONResponse(self.plan.answer())

    async def replace(self, request: Request) -> Response:
        """PUT /faults: other rules from now on."""
        body = await read_body(request, Rules)
        for number, rule in enumerate(body.rules):
            _check(rule, self.service, f"rules[{number}]")
        self.plan.replace(body.seed, body.rules)
        return await self.show(request)

    async def clear(self, request: Request) -> Response:
        """DELETE /faults: nothing fails from now on."""
        self.plan.clear()
        return await self.show(request)

    async def show_ledger(self, request: Request) -> Response:
        """GET /ledger: every accepted call by the client's token."""
        return JSONResponse(self.ledger.answer())


def _check(rule: Rule, service: Service, where: str) -> None:
    """Raise a 400 for a rule that this service cannot follow."""
    special = service.response_faults.get(rule.fault)
    if special is None and rule.fault not in {*TRANSPORT_FAULTS, STUCK}:
        raise invalid(f"{rule.fault} is not a fault.", f"{where}.fault")
    if rule.route not in {*service.routes, EVERY_ROUTE}:
        raise invalid(f"{rule.route} is not a route.", f"{where}.route")
    if special and rule.route not in {*special.routes, EVERY_ROUTE}:
        raise invalid(f"{rule.fault} cannot happen to {rule.route}.", f"{where}.route")
    if rule.fault == STUCK and rule.script is not None:
        raise invalid("stuck takes a probability per run, not a script.", f"{where}.script")
