"""Photos stand in the order in which a person chose them, whatever uploads end first."""

from __future__ import annotations

import pytest
from django.urls import reverse
from playwright.sync_api import Page, Route, expect

from models_app.models import TrainingImage, UserModel
from models_app.services import add_photo, move_photo
from tests.dashboard.in_browser import image
from tests.dashboard.wizard_drafts import address, draft, photo, upload_address
from tests.factories import TrainingImageFactory, UserModelFactory

UPLOAD = "**/photos/upload"


def names_of(model: UserModel) -> list[str]:
    return list(model.photos.values_list("original_filename", flat=True))


def send(client, model: UserModel, name: str, **fields: object) -> None:
    upload = photo(name, colour=name.partition(".")[0])
    reply = client.post(
        upload_address(model), {"photos": upload, **fields}, headers={"Accept": "application/json"}
    )
    assert reply.status_code == 201


@pytest.mark.django_db
def test_a_photo_stands_after_those_that_were_chosen_before_it(owner, owner_client):
    model = draft(owner)
    for name, chosen in (("gold.jpg", 30), ("red.jpg", 10), ("blue.jpg", 20), ("navy.jpg", 40)):
        send(owner_client, model, name, chosen=chosen)
    assert names_of(model) == ["red.jpg", "blue.jpg", "gold.jpg", "navy.jpg"]
    assert list(model.photos.values_list("position", flat=True)) == [0, 1, 2, 3]


@pytest.mark.django_db
def test_what_was_moved_by_hand_stays_where_it_was_put(owner, owner_client):
    model = draft(owner)
    for name, chosen in (("red.jpg", 10), ("blue.jpg", 20), ("gold.jpg", 40)):
        send(owner_client, model, name, chosen=chosen)
    move_photo(model.photos.get(original_filename="gold.jpg"), places=-2)
    send(owner_client, model, "navy.jpg", chosen=30)
    assert names_of(model) == ["gold.jpg", "red.jpg", "blue.jpg", "navy.jpg"]


@pytest.mark.django_db
@pytest.mark.parametrize("nonsense", ["", "-1", "soon", "9" * 30, "1e3", "٣"])
def test_without_a_time_of_choosing_a_photo_is_the_last(owner, owner_client, nonsense):
    model = draft(owner)
    add_photo(model, upload=photo("red.jpg", colour="red"))
    send(owner_client, model, "blue.jpg", chosen=nonsense)
    send(owner_client, model, "gold.jpg")
    assert names_of(model) == ["red.jpg", "blue.jpg", "gold.jpg"]


def move_address(one: TrainingImage) -> str:
    return reverse("dashboard:photo_move", args=[one.pk])


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("moved", "before", "expected"),
    [(3, 0, [3, 0, 1, 2]), (0, 2, [1, 0, 2, 3]), (1, None, [0, 2, 3, 1]), (2, 3, [0, 1, 2, 3])],
)
def test_a_photo_is_put_before_another_or_last(owner, owner_client, moved, before, expected):
    model = draft(owner, photos=4)
    photos = list(model.photos.all())
    target = "" if before is None else str(photos[before].pk)
    reply = owner_client.post(move_address(photos[moved]), {"before": target})
    assert reply["Location"] == address(model, "photos")
    assert list(model.photos.all()) == [photos[at] for at in expected]
    assert list(model.photos.values_list("position", flat=True)) == [0, 1, 2, 3]


@pytest.mark.django_db
def test_a_photo_is_put_before_none_of_another_draft_and_nothing_that_is_none(owner, owner_client):
    model, other = draft(owner, photos=2), draft(owner, photos=1, trigger_word="bob_k7")
    first, second = model.photos.all()
    foreign = other.photos.get()
    for before in (foreign.pk, second.pk, "nonsense", first.model_id):
        reply = owner_client.post(move_address(second), {"before": before})
        assert reply.status_code == 404
    assert list(model.photos.all()) == [first, second]


@pytest.mark.django_db
def test_nobody_else_puts_a_photo_anywhere(owner, stranger_client, client):
    model = draft(owner, photos=2)
    first, second = model.photos.all()
    assert stranger_client.post(move_address(second), {"before": first.pk}).status_code == 404
    reply = client.post(
        move_address(second), {"before": first.pk}, headers={"Accept": "application/json"}
    )
    assert reply.status_code == 401
    assert list(model.photos.all()) == [first, second]


@pytest.mark.django_db
def test_no_photo_is_put_elsewhere_once_the_training_was_started(owner, owner_client):
    model = UserModelFactory(owner=owner, training=True)
    TrainingImageFactory.create_batch(2, model=model)
    first, second = model.photos.all()
    owner_client.post(move_address(second), {"before": first.pk})
    assert list(model.photos.all()) == [first, second]


def hold_uploads(page: Page) -> list[Route]:
    """Let no upload reach the server until the test lets it."""
    held: list[Route] = []
    page.route(UPLOAD, lambda route: held.append(route))
    return held


def choose(page: Page, *colours: str) -> None:
    page.set_input_files("#photos", [image(f"{colour}.jpg", colour) for colour in colours])


def wait_for(page: Page, held: list[Route], count: int) -> None:
    while len(held) < count:
        page.wait_for_timeout(20)  # lets the browser's messages in


def assert_order(page: Page, model: UserModel, *colours: str) -> None:
    names = [f"{colour}.jpg" for colour in colours]
    expect(page.locator("#photo-grid .photo-card .photo-name")).to_have_text(names)
    assert names_of(model) == names


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_uploads_that_end_backwards_keep_the_order_of_choosing(page, owner):
    model = draft(owner)
    page.goto(address(model, "photos"))
    held = hold_uploads(page)
    choose(page, "red", "green")
    choose(page, "blue", "gold")
    wait_for(page, held, 3)
    for number in (2, 1, 0):
        with page.expect_response(UPLOAD):
            held[number].continue_()
    wait_for(page, held, 4)
    held[3].continue_()
    assert_order(page, model, "red", "green", "blue", "gold")
    page.reload()
    assert_order(page, model, "red", "green", "blue", "gold")


@pytest.mark.browser
@pytest.mark.console_errors("ERR_FAILED")
@pytest.mark.django_db(transaction=True)
def test_a_photo_that_is_sent_again_keeps_its_place(page, owner):
    model = draft(owner)
    page.goto(address(model, "photos"))
    page.route(UPLOAD, lambda route: route.abort(), times=1)
    choose(page, "red")
    expect(page.locator(".upload-card [data-note]")).to_contain_text("No connection")
    choose(page, "green", "blue")
    expect(page.locator("#photo-grid .photo-card")).to_have_count(3)
    assert_order(page, model, "red", "green", "blue")


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_photos_of_two_tabs_stand_in_the_order_of_choosing(page, visit, owner):
    model = draft(owner)
    other = visit.new_page()
    for tab in (page, other):
        tab.goto(address(model, "photos"))
    held = hold_uploads(page)
    choose(page, "red")
    wait_for(page, held, 1)
    choose(other, "green")
    expect(other.locator("#photo-grid .photo-card")).to_have_count(1)
    choose(page, "blue")
    wait_for(page, held, 2)
    held[1].continue_()
    expect(page.locator("#photo-grid .photo-card")).to_have_count(1)
    held[0].continue_()
    expect(page.locator("#photo-grid .photo-card .photo-name")).to_have_text(
        ["red.jpg", "blue.jpg"]
    )
    assert names_of(model) == ["red.jpg", "green.jpg", "blue.jpg"]
