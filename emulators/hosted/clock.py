"""The time of an emulated service, which tests and demonstrations may put forward."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from trainer.bodies import Body, read_body
from trainer.disk import write_bytes

CLOCK_PATH = "/clock"


class Forward(Body):
    """How far ahead of the real time the service is, in seconds. Never back."""

    ahead: Annotated[float, Field(ge=0, le=10 * 365 * 86_400)]


class Clock:
    """Seconds since 1970, ahead of the real ones by what was asked for; kept over restarts."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "clock.json"
        self._ahead = 0.0
        self._changed = asyncio.Event()

    def load(self) -> None:
        """Read what an earlier process was asked for."""
        if self._path.exists():
            self._ahead = float(json.loads(self._path.read_bytes()))

    def now(self) -> float:
        """Return the service's time."""
        return time.time() + self._ahead

    def put_forward(self, ahead: float) -> None:
        """Be so many seconds ahead of the real time from now on."""
        self._ahead = max(ahead, self._ahead)
        write_bytes(self._path, json.dumps(self._ahead).encode())
        self._changed.set()
        self._changed = asyncio.Event()

    def changed(self) -> Coroutine[Any, Any, Any]:
        """Return what waits until the time jumps, counted from this call on."""
        return self._changed.wait()

    def routes(self) -> list[Route]:
        """Return the control: GET /clock, PUT /clock {"ahead": 3600}."""
        return [
            Route(CLOCK_PATH, self._show, methods=["GET"]),
            Route(CLOCK_PATH, self._put, methods=["PUT"]),
        ]

    async def _show(self, request: Request) -> Response:
        return JSONResponse({"now": self.now(), "ahead": self._ahead})

    async def _put(self, request: Request) -> Response:
        self.put_forward((await read_body(request, Forward)).ahead)
        return await self._show(request)
