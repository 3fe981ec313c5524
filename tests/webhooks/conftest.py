from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from jobs.engine import webhook_keys
from tests.webhooks.hooked import PATH, body_about, enable, signed, token_for

Send = Callable[..., Any]


@pytest.fixture
def hooked(monkeypatch, scripted, settings):
    """The bundled trainer reports its runs to a public address; `scripted` says what it answers."""
    enable(monkeypatch.setattr)
    cache.clear()  # how often something was refused
    settings.PUBLIC_URL = settings.SITE_ORIGIN = "https://theway.example.org"
    return scripted


@pytest.fixture
def send(hooked, db) -> Send:
    """Send a webhook as the trainer does, but for what is said otherwise."""
    webhook_keys.refresh("local")

    def post(
        job: Any = None,
        run_id: str = "ft-7",
        *,
        token: str | None = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        path: str = PATH,
        **how: Any,
    ) -> Any:
        body = body_about(run_id) if body is None else body
        if token is None:
            token = token_for(job.correlation) if job else ""
        # CSRF is checked here as it is for everybody else.
        return Client(enforce_csrf_checks=True).post(
            path,
            body,
            content_type="application/json",
            query_params={"job": token} if token else {},
            headers=signed(body, **how) if headers is None else dict(headers),
        )

    return post
