"""What tests with a browser and the pages have in common."""

from __future__ import annotations

from django.conf import settings
from playwright.sync_api import BrowserContext, Page, expect

from accounts.models import User
from models_app.models import TrainingImage, UserModel
from tests.conftest import client_of
from tests.dashboard.wizard_drafts import address
from tests.factories import jpeg


def image(name: str, colour: str) -> dict[str, object]:
    return {"name": name, "mimeType": "image/jpeg", "buffer": jpeg(colour=colour)}


def wall_of(page: Page, model: UserModel) -> list[TrainingImage]:
    """Open the step of the photos; return them."""
    page.goto(address(model, "photos"))
    expect(page.locator("#photo-grid")).to_have_attribute("data-ready", "")
    return list(model.photos.all())


def open_photo(page: Page, photo: TrainingImage) -> None:
    """Open a photo's tile on the wall: its caption and tools are shown then."""
    page.locator(f"#photo-{photo.pk} [data-open]").click()
    expect(page.locator(f"#caption-{photo.pk}")).to_be_visible()


def sign_in(context: BrowserContext, user: User, url: str) -> None:
    session = client_of(user).cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": url}])
