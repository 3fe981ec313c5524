"""Every page that a person can open, in Chromium, with the settings that people have."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from http.cookies import SimpleCookie

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import BrowserContext

from tests.matrix.expected import Whose, expected
from tests.matrix.routes import routes
from tests.matrix.values import values_for
from tests.matrix.world import World, build

# For operators, and of others; not pages of ours.
ELSEWHERE = ("/admin/", "/metrics", "/api/")


@pytest.fixture
def world(live_server, monkeypatch) -> World:
    """An owner with rows of every kind, at a site that a browser can open."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # Playwright runs a loop in this thread
    return build()


@pytest.fixture
def owners_pages(world) -> list[str]:
    """The address of every page that the owner gets, each once."""
    return sorted(set(pages_of(world, world.people[0].cookies)))


@pytest.fixture
def open_pages(world) -> list[str]:
    """The address of every page for who is not signed in, and of one that there is not."""
    return [*sorted(set(pages_of(world, SimpleCookie()))), "/nowhere"]


def pages_of(world: World, cookies: SimpleCookie) -> Iterator[str]:
    for route in routes():
        path = route.path(values_for(route, world))
        if path.startswith(ELSEWHERE) or expected(route).whose is Whose.OPERATOR:
            continue
        client = Client()
        client.cookies = cookies
        with closing(client.get(path)) as answer:
            is_text = answer.get("Content-Type", "").startswith("text/html")
            if answer.status_code == 200 and is_text and b"<main" in answer.content:
                yield path


def sign_in(context: BrowserContext, world: World, url: str) -> None:
    """Have the owner's session in a browser."""
    name = settings.SESSION_COOKIE_NAME
    value = world.people[0].cookies[name].value
    context.add_cookies([{"name": name, "value": value, "url": url}])
