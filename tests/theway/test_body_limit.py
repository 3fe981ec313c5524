import pytest
from asgiref.testing import ApplicationCommunicator

from theway.body_limit import BodyLimit


async def echo(scope, receive, send):
    """Answer with the number of bytes that arrived, 0 for a request that was cut off."""
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            size = 0
            break
        size, more = size + len(message["body"]), message["more_body"]
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(size).encode()})


async def answer(*parts: bytes, announced: int | None = None) -> tuple[int, bytes]:
    headers = [(b"content-length", str(announced).encode())] if announced is not None else []
    app = ApplicationCommunicator(BodyLimit(echo, limit=10), {"type": "http", "headers": headers})
    for number, part in enumerate(parts, start=1):
        await app.send_input(
            {"type": "http.request", "body": part, "more_body": number < len(parts)}
        )
    start = await app.receive_output()
    body = await app.receive_output()
    return start["status"], body["body"]


async def test_a_body_within_the_limit_passes():
    assert await answer(b"12345", b"67890", announced=10) == (200, b"10")


async def test_a_body_announced_too_large_is_refused_before_it_is_read():
    status, body = await answer(b"1", announced=11)
    assert status == 413
    assert b"fewer or smaller" in body


async def test_a_body_larger_than_announced_is_cut_off():
    assert await answer(b"123456", b"789012") == (200, b"0")


@pytest.mark.parametrize("announced", [None, 0])
async def test_an_empty_body_passes(announced):
    assert await answer(b"", announced=announced) == (200, b"0")
