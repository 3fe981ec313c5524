"""A full disk, one that can only be read, or a bucket that is away, said as what it is, with what
to do, wherever it strikes.

Reading goes on. Work that was paid for stays due and is tried again (`jobs/engine/collect.py`).
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.defaults import server_error

from models_app.disk import is_away, is_full, is_read_only
from theway.bodies.answers import AWAY, FULL, READ_ONLY, Answer, content_of, send_answer
from theway.bodies.asgi import Application, Receive, Scope, Send

log = logging.getLogger(__name__)


def after_error(request: HttpRequest) -> HttpResponse:
    """Answer after an error that nobody expected, which Django is handling right now."""
    answer = _answer_to(sys.exception())
    if not answer:
        return server_error(request)
    content_type, body = content_of(answer, request.headers.get("Accept", ""), request.path)
    response = HttpResponse(body, status=answer.status, content_type=content_type)
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
            answer = None if is_begun else _answer_to(error)
            if not answer:
                raise
            await send_answer(answer, scope, send)


def _answer_to(error: BaseException | None) -> Answer | None:
    """Return what to say where the disk is the trouble, after a line for the operator."""
    if is_full(error):
        log.error("no space is left on a disk, or for the database")
        return FULL
    if is_read_only(error):
        log.error("the disk, or the database, can only be read")
        return READ_ONLY
    if is_away(error):
        log.error("the file storage does not answer, or refuses this installation")
        return AWAY
    return None
