"""The layer around the service that lets requests fail."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from functools import partial

from starlette.types import ASGIApp, Receive, Scope, Send

from trainer.faults import lies, troubles
from trainer.faults.exchange import Exchange
from trainer.faults.paths import route_of
from trainer.faults.plan import Plan
from trainer.runs.store import RunStore

log = logging.getLogger("trainer.faults")

# Every fault but `stuck`, which happens to runs and not to requests.
ACTIONS: dict[str, Callable[[Exchange], Awaitable[None]]] = {
    "reset_before": troubles.reset_before,
    "rate_limited": troubles.rate_limited,
    "error": troubles.error,
    "slow": troubles.slow,
    "hang": troubles.hang,
    "answer_lost": troubles.answer_lost,
    "error_after": troubles.error_after,
    "malformed": troubles.malformed,
    "truncated": troubles.truncated,
    "restart": troubles.restart,
    "unknown_status": partial(lies.tell, lies.unknown_status),
    "backwards": partial(lies.tell, lies.backwards),
    "incomplete_list": partial(lies.tell, lies.incomplete_list),
    "stale_list": partial(lies.tell, lies.stale_list),
}


class FaultLayer:
    """Draws for every request of the API whether and how it fails."""

    def __init__(self, app: ASGIApp, plan: Plan, runs: RunStore) -> None:
        self.app = app
        self.plan = plan
        self.runs = runs

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        route = route_of(scope["method"], scope["path"]) if scope["type"] == "http" else None
        struck = self.plan.draw(route) if route else None
        if struck is None:
            await self.app(scope, receive, send)
            return
        log.warning("Injected fault: %s on %s", struck.rule.fault, route)
        exchange = Exchange(self.app, scope, receive, send, struck.rule, struck.chance, self.runs)
        await ACTIONS[struck.rule.fault](exchange)
