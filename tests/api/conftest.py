"""Programs that call the API: of the owner, of a stranger, and with less than they need."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts import tokens
from accounts.models import User


class Program:
    """Calls the API with a token. What it gets back is checked for what no answer may have."""

    def __init__(self, token: str = "") -> None:
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._client = Client(enforce_csrf_checks=True)

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Send `body` as JSON, a form where it holds files."""
        sent = {**self._headers, **{name.replace("_", "-"): text for name, text in headers.items()}}
        is_form = isinstance(body, dict) and any(hasattr(one, "read") for one in _flat(body))
        options: dict[str, Any] = {"headers": sent}
        if body is not None:
            options["data"] = body
        if body is not None and not is_form:
            options["content_type"] = "application/json"
        response = getattr(self._client, method)(path, **options)
        if response.streaming:
            response.whole = b"".join(response.streaming_content)  # which closes it
        return response

    def get(self, path: str, **headers: str) -> Any:
        return self.call("get", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.call("post", path, {} if body is None else body, **headers)

    def patch(self, path: str, body: Any, **headers: str) -> Any:
        return self.call("patch", path, body, **headers)

    def delete(self, path: str, **headers: str) -> Any:
        return self.call("delete", path, **headers)


def _flat(body: dict[str, Any]) -> list[Any]:
    return [
        one for value in body.values() for one in (value if isinstance(value, list) else [value])
    ]


def program_of(user: User, scope: str = "spend") -> Program:
    return Program(tokens.make(user, name="test", scope=scope, expires_in=None)[1])


@pytest.fixture
def program(owner) -> Program:
    return program_of(owner)


@pytest.fixture
def strange_program(stranger) -> Program:
    return program_of(stranger)


@pytest.fixture
def nobody(db) -> Program:
    return Program()


def problem(response: Any, status: int, code: str) -> dict[str, Any]:
    """Return the problem that an answer is, once it is checked for being one."""
    assert response["Content-Type"] == "application/problem+json"
    found: dict[str, Any] = response.json()
    assert (response.status_code, found["code"], found["status"]) == (status, code, status), found
    assert found["detail"] and found["title"]
    assert found["type"] == f"/api/docs#{code}"
    return found
