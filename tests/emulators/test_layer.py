"""The layer around a service that is not the trainer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from random import Random

import httpx
import pytest
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message

from emulators.faults.layer import FaultLayer
from emulators.faults.ledger import Entry, Ledger
from emulators.faults.plan import Plan
from emulators.faults.rules import Rule
from emulators.faults.service import Json, ResponseFault, Service

KEY = {"Authorization": "Bearer key"}


async def predict(request: Request) -> Response:
    return JSONResponse({"id": "p-2", "webhook": "token-2", "status": "starting"})


async def lose(data: Json, rule: Rule, rng: Random) -> None:
    del data["status"]


class Predictions(Service):
    labels = {"X-Predictions-Emulator": "on"}
    routes = ("predict",)
    paid_routes = {"predict": "predictions"}
    response_faults = {"status_lost": ResponseFault({"predict"}, lose)}

    def route_of(self, method: str, path: str) -> str | None:
        return "predict" if path == "/predictions" else None

    def admits(self, headers: Headers) -> bool:
        return headers.get("authorization") == KEY["Authorization"]

    def refusal(self, status: int, message: str) -> Response:
        return JSONResponse({"detail": message}, status_code=status)

    def entry(self, route: str, data: Json) -> Entry:
        return Entry("predictions", data["webhook"], data["id"])

    def existing(self) -> Iterator[Entry]:
        yield Entry("predictions", "token-1", "p-1")


async def start(app: ASGIApp) -> None:
    """Go through a server's start and end; this service keeps nothing open in between."""
    messages: Iterator[Message] = iter(
        [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    )

    async def receive() -> Message:
        return next(messages)

    async def send(message: Message) -> None:
        assert message["type"].endswith(".complete"), message

    await app({"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}, receive, send)


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    app = Starlette(routes=[Route("/predictions", predict, methods=["POST"])])
    ledger = Ledger(tmp_path / "ledger.jsonl", ["predictions"])
    layer = FaultLayer(app, Predictions(), Plan(), ledger)
    await start(layer)
    transport = httpx.ASGITransport(layer)
    async with httpx.AsyncClient(transport=transport, base_url="http://emulator", headers=KEY) as c:
        yield c


async def let_fail(client: httpx.AsyncClient, **rule: object) -> None:
    answer = await client.put("/faults", json={"rules": [{"route": "predict", **rule}]})
    answer.raise_for_status()


async def test_without_rules_an_answer_passes_unchanged_and_labelled(client):
    answer = await client.post("/predictions")

    assert answer.json()["status"] == "starting"
    assert answer.headers["X-Predictions-Emulator"] == "on"


async def test_an_error_has_the_services_own_body(client):
    await let_fail(client, fault="error", status=502)

    answer = await client.post("/predictions")

    assert (answer.status_code, set(answer.json())) == (502, {"detail"})


async def test_a_wrong_answer_is_the_services_own_kind_of_wrong(client):
    await let_fail(client, fault="status_lost")

    assert (await client.post("/predictions")).json() == {"id": "p-2", "webhook": "token-2"}


async def test_a_fault_of_another_service_is_refused(client):
    answer = await client.put(
        "/faults", json={"rules": [{"route": "predict", "fault": "stale_list"}]}
    )

    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "rules[0].fault")


async def test_the_ledger_has_what_existed_at_the_start_and_what_was_accepted_since(client):
    before = (await client.get("/ledger")).json()
    await let_fail(client, fault="error_after")
    await client.post("/predictions")

    assert before == {"predictions": {"token-1": ["p-1"]}, "count": 1}
    assert (await client.get("/ledger")).json()["predictions"] == {
        "token-1": ["p-1"],
        "token-2": ["p-2"],
    }


async def test_the_ledger_names_a_call_as_its_client_does_where_that_is_known(client):
    await client.post("/predictions", headers={"X-Correlation-Id": "tw-1"})

    named = (await client.get("/ledger", params={"by": "correlation"})).json()

    assert named == {"predictions": {"token-1": ["p-1"], "tw-1": ["p-2"]}}


async def test_refused_requests_are_not_in_the_ledger(client):
    await let_fail(client, fault="rate_limited")
    await client.post("/predictions")

    assert (await client.get("/ledger")).json()["count"] == 1
