"""The layer around a service that lets requests fail."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Sequence

from starlette.datastructures import Headers
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from emulators.faults.exchange import Exchange, finish
from emulators.faults.ledger import Ledger
from emulators.faults.plan import Plan
from emulators.faults.routes import FAULTS_PATH, LEDGER_PATH, Controls
from emulators.faults.service import ResponseFault, Service
from emulators.faults.transport_faults import TRANSPORT_FAULTS
from trainer.middleware import Labels

log = logging.getLogger("emulators.faults")

CORRELATION_HEADER = "X-Correlation-Id"


class FaultLayer:
    """Wraps a service: decides for every request of its API whether and how it fails.

    `latency` is waited before every request, in seconds; `controls` are routes of the service's
    own beside those over faults and ledger. Whatever fails, what the service has accepted is in
    the ledger.
    """

    def __init__(
        self,
        app: ASGIApp,
        service: Service,
        plan: Plan,
        ledger: Ledger,
        *,
        latency: float = 0.0,
        controls: Sequence[Route] = (),
    ) -> None:
        self._app = LedgerLayer(app, service, ledger)
        self._service = service
        self._plan = plan
        self._controls = Controls(service, plan, ledger).app(controls)
        self._control_paths = {FAULTS_PATH, LEDGER_PATH, *(route.path for route in controls)}
        self._latency = latency
        # On every answer: nobody may mistake an emulator for the real service.
        self._labelled = Labels(self._answer, service.labels)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._labelled(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif scope["path"] in self._control_paths:
            await self._controls(scope, receive, send)
        else:
            await asyncio.sleep(self._latency)
            await self._handle(scope, receive, send)

    async def _handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        route = self._service.route_of(scope["method"], scope["path"])
        active = self._plan.pick(route, self._possible(route)) if route else None
        if active is None:
            await self._app(scope, receive, send)
            return
        rule = active.rule
        log.warning("Injected fault: %s on %s", rule.fault, route)
        exchange = Exchange(self._app, scope, receive, send, self._service, rule, active.rng)
        if rule.fault in TRANSPORT_FAULTS:
            await TRANSPORT_FAULTS[rule.fault](exchange)
        else:
            await _answer_wrongly(self._service.response_faults[rule.fault], exchange)

    def _possible(self, route: str) -> set[str]:
        wrong = self._service.response_faults.items()
        return {*TRANSPORT_FAULTS, *(name for name, fault in wrong if route in fault.routes)}


class LedgerLayer:
    """Writes what the service accepts into the ledger before the answer can leave."""

    def __init__(self, app: ASGIApp, service: Service, ledger: Ledger) -> None:
        self._app = app
        self._service = service
        self._ledger = ledger

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, self._balanced(send))
            return
        route = self._service.route_of(scope["method"], scope["path"])
        if route is None or route not in self._service.paid_routes:
            await self._app(scope, receive, send)
            return
        answer = await finish(self._app, scope, receive)
        if answer.is_success:
            entry = self._service.entry(route, json.loads(answer.body))
            correlation = Headers(scope=scope).get(CORRELATION_HEADER, "")
            entry = entry._replace(correlation=correlation)
            await asyncio.to_thread(self._ledger.record, entry)
        await answer.send(send)

    def _balanced(self, send: Send) -> Send:
        """Make up for lines that a kill between an acceptance and its line has left out."""

        async def send_balanced(message: Message) -> None:
            if message["type"] == "lifespan.startup.complete":
                self._ledger.load()
                for entry in self._service.existing():
                    self._ledger.record(entry)
            await send(message)

        return send_balanced


async def _answer_wrongly(fault: ResponseFault, exchange: Exchange) -> None:
    """Do the work and answer something else; a refusal stays as it is."""
    answer = await exchange.finish()
    if answer.is_success:
        data = json.loads(answer.body)
        await fault.change(data, exchange.rule, exchange.rng)
        answer.replace_body(json.dumps(data).encode())
    await answer.send(exchange.send)
