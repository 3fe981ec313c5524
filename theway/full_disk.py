"""A full disk, said as what it is: wherever it strikes, an answer that names it and what to do.

Reading goes on. Work that was paid for stays due and is tried again (`jobs/engine/collect.py`).
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.defaults import server_error

from models_app.disk import is_full
from theway.bodies.answers import FULL, content_of, send_answer
from theway.bodies.asgi import Application, Receive, Scope, Send

log = logging.getLogger(__name__)


def after_error(request: HttpRequest) -> HttpResponse:
    """Answer after an error that nobody expected, which Django is handling right now."""
    if not is_full(sys.exception()):
        return server_error(request)
    log.error("no space is left on a disk, or for the database")
    content_type, body = content_of(FULL, request.headers.get("Accept", ""), request.path)
    response = HttpResponse(body, status=FULL.status, content_type=content_type)
    response["Cache-Control"] = "no-store"
    return response


class FullDisk:
    """An ASGI application around Django's, for what happens before there is a request: a body is
    written to the disk while it comes."""

    def __init__(self, app: Application) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_begun = False

        async def watched(message: Mapping[str, Any]) -> None:
            nonlocal is_begun
            is_begun = True
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception as error:
            if is_begun or not is_full(error):
                raise
            log.error("no space is left for the body of a request")
            await send_answer(FULL, scope, send)
