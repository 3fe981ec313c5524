"""What tests with a browser and the pages have in common."""

from __future__ import annotations

from django.conf import settings
from playwright.sync_api import BrowserContext

from accounts.models import User
from tests.conftest import client_of
from tests.factories import jpeg


def image(name: str, colour: str) -> dict[str, object]:
    return {"name": name, "mimeType": "image/jpeg", "buffer": jpeg(colour=colour)}


def sign_in(context: BrowserContext, user: User, url: str) -> None:
    session = client_of(user).cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": url}])
