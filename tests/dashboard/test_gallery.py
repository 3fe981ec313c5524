from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.urls import reverse

from generation.models import GeneratedImage
from generation.prompts import RATIOS
from tests.factories import GeneratedImageFactory, UserModelFactory, jpeg

GALLERY = "/dashboard/pictures"


def test_an_empty_gallery_explains_how_pictures_are_made(owner_client):
    page = owner_client.get(GALLERY).content.decode()
    assert "No pictures yet" in page
    assert reverse("dashboard:models") in page


def test_a_picture_is_shown_with_the_settings_that_made_it(owner, owner_client):
    model = UserModelFactory(owner=owner, ready=True, name="Mira")
    GeneratedImageFactory(
        model=model, prompt="in <b>Lisbon</b>", seed=4711, settings={"strength": 0.85}
    )
    page = owner_client.get(GALLERY).content.decode()
    assert "in &lt;b&gt;Lisbon&lt;/b&gt;" in page
    assert "<b>Lisbon" not in page
    for fact in ("4711", "0.85", "640 × 480", "Mira"):
        assert fact in page


def test_a_simulated_picture_is_marked(owner, owner_client):
    model = UserModelFactory(owner=owner, ready=True, engine="diffusers")
    GeneratedImageFactory(model=model, engine="diffusers")
    assert "imulated" not in owner_client.get(GALLERY).content.decode()
    GeneratedImageFactory(model=model, engine="simulated")
    assert "Simulated" in owner_client.get(GALLERY).content.decode()


def test_older_pictures_are_on_the_next_page_and_none_is_shown_twice(owner, owner_client):
    model = UserModelFactory(owner=owner, ready=True)
    GeneratedImageFactory.create_batch(63, model=model)
    first = owner_client.get(GALLERY)
    second = owner_client.get(GALLERY, {"before": first.context["next"]})
    shown = [one.pk for page in (first, second) for one in page.context["images"]]
    assert len(shown) == len(set(shown)) == 63


def pictures_at(owner, *times: str) -> list[GeneratedImage]:
    images = GeneratedImageFactory.create_batch(
        len(times), model=UserModelFactory(owner=owner, ready=True)
    )
    for image, at in zip(images, times, strict=True):
        GeneratedImage.objects.filter(pk=image.pk).update(created_at=datetime.fromisoformat(at))
    return images


def days_in(client, zone: str = "", **query: str) -> list[tuple[str, int]]:
    client.cookies.pop("zone", None)
    if zone:
        client.cookies["zone"] = zone
    days = client.get(GALLERY, query).context["days"]
    return [(day.title, len(day.images)) for day in days]


def test_pictures_are_grouped_by_the_days_of_whoever_looks_at_them(
    owner, owner_client, time_machine
):
    time_machine.move_to("2026-11-20T12:00:00Z", tick=False)
    pictures_at(owner, "2026-11-19T23:30Z", "2026-11-19T09:00Z", "2026-11-17T10:00Z")
    berlin = [("Today", 1), ("Yesterday", 1), ("17 Nov 2026", 1)]
    assert days_in(owner_client, "Europe/Berlin") == berlin
    new_york = [("Yesterday", 2), ("17 Nov 2026", 1)]
    assert days_in(owner_client, "America/New_York") == new_york


@pytest.mark.parametrize("zone", ["", "Moon/Crater", "../../etc/passwd", "America", "\x00"])
def test_without_a_known_zone_days_are_those_of_utc_and_say_so(
    owner, owner_client, time_machine, zone
):
    time_machine.move_to("2026-11-20T12:00:00Z", tick=False)
    pictures_at(owner, "2026-11-20T00:10Z", "2026-11-19T23:30Z")
    assert days_in(owner_client, zone) == [("20 Nov 2026 UTC", 1), ("19 Nov 2026 UTC", 1)]


def test_a_day_that_goes_on_on_the_next_page_is_named_there_too(owner, owner_client):
    GeneratedImageFactory.create_batch(63, model=UserModelFactory(owner=owner, ready=True))
    before = owner_client.get(GALLERY).context["next"]
    assert days_in(owner_client, "UTC") == [("Today", 60)]
    assert days_in(owner_client, "UTC", before=before) == [("Today", 3)]


@pytest.mark.parametrize("count", [1, 30])
def test_the_gallery_costs_the_same_with_one_picture_and_with_thirty(
    count, owner, owner_client, django_assert_num_queries
):
    GeneratedImageFactory.create_batch(count, model=UserModelFactory(owner=owner, ready=True))
    with django_assert_num_queries(3):  # session, user, pictures with their models
        owner_client.get(GALLERY)


def test_a_deleted_picture_is_gone_from_the_disk_too(
    owner, owner_client, django_capture_on_commit_callbacks
):
    image = GeneratedImageFactory(model=UserModelFactory(owner=owner, ready=True))
    with django_capture_on_commit_callbacks(execute=True):
        response = owner_client.post(reverse("dashboard:image_delete", args=[image.pk]))
    assert response["Location"] == GALLERY
    assert not GeneratedImage.objects.exists()
    assert not default_storage.exists(image.file.name)
    assert not default_storage.exists(image.thumbnail.name)


def test_after_deleting_the_redirect_never_leaves_the_site(owner, owner_client):
    images = GeneratedImageFactory.create_batch(2, model=UserModelFactory(owner=owner, ready=True))
    for image, requested, reached in (
        (images[0], "/dashboard/", "/dashboard/"),
        (images[1], "https://elsewhere.example/", GALLERY),
    ):
        address = reverse("dashboard:image_delete", args=[image.pk])
        assert owner_client.post(address, {"next": requested})["Location"] == reached


@pytest.mark.parametrize(
    ("width", "height", "shape"),
    [(1024, 1024, "1:1"), (1344, 768, "16:9"), (768, 1344, "9:16"), (1000, 1240, "4:5")],
)
def test_each_picture_is_laid_out_in_its_own_shape(owner, owner_client, width, height, shape):
    file = ContentFile(jpeg(width, height), name="picture.jpg")
    GeneratedImageFactory(model=UserModelFactory(owner=owner, ready=True), file=file)
    assert f'data-shape="{shape}"' in owner_client.get(GALLERY).content.decode()


def test_the_grid_knows_every_shape_that_is_offered():
    rules = Path("static/css/gallery.css").read_text(encoding="utf-8")
    for name in RATIOS.keys() - {"1:1"}:
        assert f'[data-shape="{name}"]' in rules


def test_a_single_picture_is_shown_in_full(owner, owner_client):
    model = UserModelFactory(owner=owner, ready=True)
    first = GeneratedImageFactory(model=model)
    full = f'<img src="{reverse("dashboard:image_file", args=[first.pk, "full"])}"'
    assert full in owner_client.get(GALLERY).content.decode()
    GeneratedImageFactory(model=model)
    assert full not in owner_client.get(GALLERY).content.decode()
