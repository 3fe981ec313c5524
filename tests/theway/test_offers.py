"""A request that offers another protocol is the same request without the offer."""

from __future__ import annotations

import pytest
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from tests.theway.test_connections import exchange, serving

OFFER = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQ\r\n"
LAST = b"GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
BODIES = {
    "a length": (b"Content-Length: 5\r\n", b"hello"),
    "chunks": (b"Transfer-Encoding: chunked\r\n", b"5\r\nhello\r\n0\r\n\r\n"),
    "nothing": (b"", b""),
}


async def echo(scope, receive, send):
    """Answer with the path and the body."""
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message["body"], message["more_body"]
    text = b"[%s %s]" % (scope["path"].encode(), body)
    headers = [(b"content-length", str(len(text)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": text})


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("pieces", [1, 2, 1000])
async def test_its_body_arrives_and_the_next_request_is_the_next(body, pieces):
    length, sent = BODIES[body]
    request = b"POST /one HTTP/1.1\r\nHost: a\r\n" + OFFER + length + b"\r\n" + sent
    head, _, rest = request.partition(b"\r\n\r\n")
    parts = {
        1: [request + LAST],
        2: [head + b"\r\n\r\n", rest + LAST],
        1000: [bytes([byte]) for byte in request + LAST],
    }[pieces]
    async with serving(echo) as port:
        answer = await exchange(port, *parts)
    said = b"hello" if sent else b""
    assert answer.count(b"HTTP/1.1 ") == answer.count(b"HTTP/1.1 200 ") == 2, answer
    assert b"[/one %s]" % said in answer and b"[/last ]" in answer


async def test_an_offer_writes_nothing_to_the_log(caplog):
    async with serving(echo) as port:
        await exchange(port, b"GET / HTTP/1.1\r\nHost: a\r\n" + OFFER + b"\r\n" + LAST)
    assert "upgrade" not in caplog.text.lower()
    assert "WebSocket" not in caplog.text


@pytest.mark.parametrize("line", [b"", OFFER])
async def test_a_tunnel_is_not_opened(line):
    async with serving(echo) as port:
        answer = await exchange(
            port, b"CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n" + line + b"\r\n" + LAST
        )
    assert answer.count(b"[/last") == 0


def test_uvicorn_still_has_what_is_replaced_here():
    """A version that goes on by itself needs none of this."""
    assert hasattr(HttpToolsProtocol, "_unsupported_upgrade_warning")
