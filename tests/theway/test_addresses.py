"""What one client address may have open, directly and behind a proxy."""

from __future__ import annotations

import asyncio

import pytest
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from theway.addresses import AddressLimit, TooManyError
from theway.bodies.addresses import RequestsPerAddress


def test_what_is_given_back_may_be_taken_again():
    limit = AddressLimit(1)
    for _ in range(3):
        limit.give_back(limit.take("192.0.2.1"))
    limit.take("192.0.2.1")
    with pytest.raises(TooManyError):
        limit.take("192.0.2.1")
    assert not limit.is_full("192.0.2.2")


def test_addresses_with_nothing_open_are_forgotten():
    limit = AddressLimit(5)
    for number in range(100):
        limit.give_back(limit.take(f"192.0.2.{number}"))
    assert len(limit) == 0


@pytest.mark.parametrize(
    ("one", "other", "are_the_same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("fe80::1%eth0", "fe80::2%eth0", True),
        ("a socket", "another", False),
    ],
)
def test_the_addresses_of_one_customer_count_as_one(one, other, are_the_same):
    limit = AddressLimit(1)
    limit.take(one)
    assert limit.is_full(other) is are_the_same


@pytest.mark.parametrize("trusted", ["*", "10.0.0.1", "192.0.2.9,10.0.0.0/24"])
def test_what_is_trusted_is_not_counted(trusted):
    limit = AddressLimit(0, trusted)
    assert limit.take("10.0.0.1") == ""


class Requests:
    """Requests through a proxy at 10.0.0.1, that stay open until they are told to end."""

    def __init__(self, most: int) -> None:
        self.end = asyncio.Event()
        limited = RequestsPerAddress(self._app, AddressLimit(most, "10.0.0.1"))
        self._site = ProxyHeadersMiddleware(limited, "10.0.0.1")

    async def _app(self, scope, receive, send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await self.end.wait()

    async def status(self, forwarded: str = "", peer: str = "10.0.0.1") -> int:
        """Ask, and return the answer's status as soon as there is one."""
        headers = [(b"x-forwarded-for", forwarded.encode())] if forwarded else []
        answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        async def send(message) -> None:
            if message["type"] == "http.response.start":
                answer.set_result(message["status"])

        scope = {"type": "http", "client": (peer, 1), "headers": headers, "path": "/"}
        self.task = asyncio.create_task(self._site(scope, None, send))
        return await answer


async def test_behind_a_proxy_requests_are_counted_for_the_address_it_names():
    requests = Requests(most=2)
    assert [await requests.status("192.0.2.1") for _ in range(3)] == [200, 200, 429]
    assert await requests.status("192.0.2.2") == 200
    requests.end.set()
    await asyncio.gather(*asyncio.all_tasks() - {asyncio.current_task()})
    assert await requests.status("192.0.2.1") == 200


async def test_an_address_that_a_stranger_names_is_not_believed():
    requests = Requests(most=1)
    assert await requests.status("192.0.2.1", peer="203.0.113.5") == 200
    assert await requests.status("192.0.2.2", peer="203.0.113.5") == 429
    requests.end.set()


async def test_a_proxy_that_names_nobody_is_let_through():
    requests = Requests(most=1)
    assert [await requests.status() for _ in range(5)] == [200] * 5
    requests.end.set()
