"""Pages whose files are gone from the storage: they say so, and offer no download that fails."""

from __future__ import annotations

import pytest
from django.core.files.storage import default_storage
from django.urls import reverse
from playwright.sync_api import Page, expect

from models_app.models import UserModel
from models_app.storage_errors import StorageAwayError
from tests.dashboard.rows import describe_local_trainer, stored_model
from tests.dashboard.wizard_drafts import address, draft
from tests.factories import GeneratedImageFactory, TrainingImageFactory

SENTENCE = "The file is gone from the storage."


def lose(*files) -> None:
    for file in files:
        default_storage.delete(file.name)


def page_of(client, model: UserModel) -> str:
    return client.get(reverse("dashboard:model", args=[model.pk])).text


@pytest.fixture
def ready(owner) -> UserModel:
    describe_local_trainer()
    return stored_model(owner)


def test_weights_that_are_gone_are_said_and_not_offered(ready, owner_client, stranger_client):
    download = reverse("dashboard:weights", args=[ready.pk])
    page = page_of(owner_client, ready)
    assert download in page and SENTENCE.rstrip(".") not in page
    lose(ready.weights)
    page = page_of(owner_client, ready)
    assert download not in page and SENTENCE in page
    assert stranger_client.get(download).status_code == 404


def test_a_storage_that_is_silent_has_not_lost_anything(ready, owner_client, monkeypatch):
    def is_away(name: str) -> bool:
        raise StorageAwayError("silent")

    monkeypatch.setattr(type(default_storage._wrapped), "exists", lambda _, name: is_away(name))
    page = page_of(owner_client, ready)
    assert reverse("dashboard:weights", args=[ready.pk]) in page and SENTENCE not in page


def test_a_page_asks_for_one_file_however_many_pictures_it_shows(ready, owner_client, monkeypatch):
    GeneratedImageFactory.create_batch(5, model=ready)
    asked: list[str] = []
    monkeypatch.setattr(
        type(default_storage._wrapped), "exists", lambda _, name: not asked.append(name)
    )
    page_of(owner_client, ready)
    assert asked == [ready.weights.name]


def photo_of(owner):
    return TrainingImageFactory(model=draft(owner), caption="a red chair")


@pytest.mark.browser
@pytest.mark.console_errors("Failed to load resource")  # said by the browser of each that is gone
@pytest.mark.django_db(transaction=True)
class TestInABrowser:
    def test_a_picture_whose_file_is_gone_says_so_and_the_others_are_shown(self, page: Page, owner):
        describe_local_trainer()
        model = stored_model(owner)
        kept, gone = GeneratedImageFactory.create_batch(2, model=model, owner=owner)
        lose(gone.file, gone.thumbnail)
        page.goto(reverse("dashboard:gallery"))
        tile = page.locator(f"#image-{gone.pk}")
        expect(tile.get_by_text(SENTENCE)).to_be_visible()
        expect(tile.locator("img")).to_be_hidden()
        assert gone.prompt in (tile.locator(".lost-file").get_attribute("title") or "")
        expect(page.locator(f"#image-{kept.pk} img")).to_be_visible()
        expect(page.locator(".lost-file")).to_have_count(1)

    def test_a_photo_card_whose_file_is_gone_says_so_and_can_be_removed(self, page: Page, owner):
        photo = photo_of(owner)
        lose(photo.file, photo.thumbnail)
        page.goto(address(photo.model, "photos"))
        card = page.locator(f"#photo-{photo.pk}")
        expect(card.get_by_text(SENTENCE)).to_be_visible()
        card.locator("[data-open]").click()
        card.locator(f"#remove-{photo.pk}").click()
        expect(card).to_have_count(0)

    def test_a_storage_that_is_away_is_not_called_a_loss(self, page: Page, owner):
        photo = photo_of(owner)
        page.route("**/thumbnail*", lambda route: route.fulfill(status=503))
        page.goto(address(photo.model, "photos"))
        card = page.locator(f"#photo-{photo.pk}")
        expect(card.get_by_text("This picture cannot be loaded now.")).to_be_visible()
        expect(page.get_by_text(SENTENCE)).to_have_count(0)
