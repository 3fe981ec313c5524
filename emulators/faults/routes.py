"""The controls: /faults and /ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from emulators.faults.ledger import Ledger
from emulators.faults.plan import Plan
from emulators.faults.rules import EVERY_ROUTE, WEBHOOK, Rule, Rules
from emulators.faults.service import Service
from emulators.faults.transport_faults import TRANSPORT_FAULTS
from trainer.bodies import read_body
from trainer.errors import ApiError, answer_refusal, invalid

FAULTS_PATH, LEDGER_PATH = "/faults", "/ledger"


class Admitted:
    """Lets in whom the service admits."""

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self.app = app
        self.service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or self.service.admits(Headers(scope=scope)):
            await self.app(scope, receive, send)
            return
        refusal = ApiError(401, "The controls need a key of the service.", code="invalid_api_key")
        await refusal.response()(scope, receive, send)


@dataclass(frozen=True, slots=True)
class Controls:
    """The routes over what fails and what was accepted all the same."""

    service: Service
    plan: Plan
    ledger: Ledger

    def app(self, others: Sequence[Route] = ()) -> Starlette:
        """Return the controls, and others, as an application for whom the service admits."""
        return Starlette(
            routes=[
                Route(FAULTS_PATH, self.show, methods=["GET"]),
                Route(FAULTS_PATH, self.replace, methods=["PUT"]),
                Route(FAULTS_PATH, self.clear, methods=["DELETE"]),
                Route(LEDGER_PATH, self.show_ledger, methods=["GET"]),
                *others,
            ],
            middleware=[Middleware(Admitted, service=self.service)],
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
        """GET /ledger: every accepted call by the client's token; ?by=correlation: by what the
        client calls it in `X-Correlation-Id`, where it does."""
        if request.query_params.get("by") == "correlation":
            return JSONResponse(self.ledger.by_correlation())
        return JSONResponse(self.ledger.answer())


def _check(rule: Rule, service: Service, where: str) -> None:
    """Raise a 400 for a rule that this service cannot follow."""
    if not _is_known(rule.fault, service):
        raise invalid(f"{rule.fault} is not a fault.", f"{where}.fault")
    if rule.route not in {*service.routes, EVERY_ROUTE}:
        raise invalid(f"{rule.route} is not a route.", f"{where}.route")
    if not _is_possible(rule, service):
        raise invalid(f"{rule.fault} cannot happen to {rule.route}.", f"{where}.route")
    if rule.fault in service.subject_faults and rule.script is not None:
        reason = f"{rule.fault} takes a probability per run, not a script."
        raise invalid(reason, f"{where}.script")
    if rule.only and rule.fault not in service.subject_faults:
        raise invalid(f"{rule.fault} does not happen to runs or trainers.", f"{where}.only")


def _is_known(fault: str, service: Service) -> bool:
    own = {*service.response_faults, *service.subject_faults, *service.webhook_faults}
    return fault in own or fault in TRANSPORT_FAULTS


def _is_possible(rule: Rule, service: Service) -> bool:
    if rule.fault in service.webhook_faults or rule.route == WEBHOOK:
        return rule.route == WEBHOOK and rule.fault in service.webhook_faults
    special = service.response_faults.get(rule.fault)
    return special is None or rule.route in {*special.routes, EVERY_ROUTE}
