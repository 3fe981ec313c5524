"""Faults of the service and of the network, each as one function of a failing request."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable
from contextlib import suppress
from http import HTTPStatus

from starlette.responses import JSONResponse, PlainTextResponse

from emulators.faults.exchange import Exchange

log = logging.getLogger("emulators.faults")

EXIT_CODE = 70


async def reset_before(exchange: Exchange) -> None:
    """Nothing is done and the connection is reset."""
    await exchange.reset()


async def rate_limited(exchange: Exchange) -> None:
    """Nothing is done: 429 in the service's body, with or without Retry-After."""
    await exchange.respond(exchange.service.throttled(exchange.rule.retry_after))


async def error(exchange: Exchange) -> None:
    """Nothing is done and the service says so itself, in its own body."""
    status = exchange.rule.status
    message = "The server is overloaded" if status == 503 else HTTPStatus(status).phrase
    await exchange.respond(exchange.service.refusal(status, f"{message} (injected fault)."))


async def slow(exchange: Exchange) -> None:
    """Everything is done, later."""
    await asyncio.sleep(exchange.rule.seconds)
    await exchange.respond(exchange.app)


async def hang(exchange: Exchange) -> None:
    """Nothing is done or answered until the client gives up, or the seconds are over."""
    await _client_gone(exchange)


async def answer_lost(exchange: Exchange) -> None:
    """Everything is done and the connection ends without an answer."""
    await exchange.finish()
    await exchange.hang_up()


async def cut(exchange: Exchange) -> None:
    """Everything is done and the connection is reset in the middle of the answer."""
    answer = await exchange.finish()
    await answer.send(exchange.send, len(answer.body) // 2)
    await exchange.reset()


async def silent(exchange: Exchange) -> None:
    """Everything is done and nothing is answered until the client gives up, or time is over."""
    await exchange.finish()
    await _client_gone(exchange)


async def missing(exchange: Exchange) -> None:
    """Nothing is done: 404, as a service says of what it has not stored yet."""
    await exchange.respond(exchange.service.refusal(404, "Not found (injected fault)."))


async def error_after(exchange: Exchange) -> None:
    """Everything is done and a gateway in between says that it is not."""
    await exchange.finish()
    status = exchange.rule.status
    # Not the service's body: a gateway does not know whether the request was accepted.
    text = f"{status} {HTTPStatus(status).phrase}"
    await exchange.respond(PlainTextResponse(text, status_code=status))


async def malformed(exchange: Exchange) -> None:
    """Everything is done and the answer is a success with broken JSON."""
    answer = await exchange.finish()
    # No JSON text ends with an opening brace, wherever the half ends.
    body = bytes(answer.body[: len(answer.body) // 2]) + b"{"
    kind, status = JSONResponse.media_type, answer.status
    await exchange.respond(PlainTextResponse(body, status_code=status, media_type=kind))


async def truncated(exchange: Exchange) -> None:
    """The second half of the answer is missing; the announced length agrees or does not."""
    answer = await exchange.finish()
    half, agreeing = len(answer.body) // 2, exchange.rule.agreeing
    if agreeing is None:
        agreeing = exchange.rng.random() < 0.5
    if agreeing:
        answer.replace_body(bytes(answer.body[:half]))
        await answer.send(exchange.send)
    else:
        await answer.send(exchange.send, half)
        await exchange.hang_up()


async def restart(exchange: Exchange) -> None:
    """Everything is done and the process ends at once. Its supervisor starts it again."""
    await exchange.finish()
    log.warning("Injected fault: the process ends here")
    os._exit(EXIT_CODE)


async def _client_gone(exchange: Exchange) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(exchange.rule.seconds):
            await exchange.client_gone()
    await exchange.hang_up()


TRANSPORT_FAULTS: dict[str, Callable[[Exchange], Awaitable[None]]] = {
    fault.__name__: fault
    for fault in (
        reset_before,
        rate_limited,
        error,
        slow,
        hang,
        answer_lost,
        cut,
        silent,
        missing,
        error_after,
        malformed,
        truncated,
        restart,
    )
}
