from __future__ import annotations

import asyncio
import tracemalloc

import pytest
from django.core.files.base import ContentFile
from django.test import AsyncClient
from django.urls import reverse
from django.utils import timezone

from dashboard.pages.files import BLOCK_BYTES, StoredFileResponse
from generation.links import signed_weights_path
from tests.dashboard.rows import stored_model
from tests.factories import GeneratedImageFactory, TrainingImageFactory, UserModelFactory, jpeg

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


def body_of(response) -> bytes:
    return b"".join(response)


@pytest.fixture
def photo(owner):
    return TrainingImageFactory(model=UserModelFactory(owner=owner))


def test_a_photo_comes_as_it_was_stored(photo, owner_client):
    response = owner_client.get(reverse("dashboard:photo_file", args=[photo.pk, "full"]))
    assert body_of(response) == jpeg()
    assert response["Content-Type"] == "image/jpeg"
    assert int(response["Content-Length"]) == len(jpeg())


def test_a_thumbnail_is_the_thumbnail(photo, owner_client):
    response = owner_client.get(reverse("dashboard:photo_file", args=[photo.pk, "thumbnail"]))
    assert body_of(response) == jpeg(96, 96)


def test_files_are_private_and_their_type_is_not_guessed(photo, owner_client):
    response = owner_client.get(reverse("dashboard:photo_file", args=[photo.pk, "full"]))
    body_of(response)
    assert "private" in response["Cache-Control"]
    assert response["X-Content-Type-Options"] == "nosniff"


def test_an_unknown_size_does_not_exist(photo, owner_client):
    for size in ("huge", "file", "model"):
        address = reverse("dashboard:photo_file", args=[photo.pk, size])
        assert owner_client.get(address).status_code == 404


def test_a_browser_that_has_it_gets_304_without_the_bytes(photo, owner_client):
    address = reverse("dashboard:photo_file", args=[photo.pk, "full"])
    first = owner_client.get(address)
    body_of(first)
    again = owner_client.get(address, headers={"If-None-Match": first["ETag"]})
    assert again.status_code == 304
    assert again["Cache-Control"] == first["Cache-Control"]


def test_a_stranger_gets_no_304(photo, owner_client, stranger_client):
    address = reverse("dashboard:photo_file", args=[photo.pk, "full"])
    first = owner_client.get(address)
    body_of(first)
    again = stranger_client.get(address, headers={"If-None-Match": first["ETag"]})
    assert again.status_code == 404


def test_a_file_that_is_gone_from_the_storage_is_404(photo, owner_client):
    photo.file.storage.delete(photo.file.name)
    address = reverse("dashboard:photo_file", args=[photo.pk, "full"])
    assert owner_client.get(address).status_code == 404


def test_a_picture_comes_with_a_name_for_saving_it(owner, owner_client):
    image = GeneratedImageFactory(model=UserModelFactory(owner=owner, ready=True))
    response = owner_client.get(reverse("dashboard:image_file", args=[image.pk, "full"]))
    assert body_of(response) == jpeg()
    assert response["Content-Disposition"].startswith("inline; filename=")


def test_weights_are_saved_under_the_models_name(owner, owner_client):
    model = stored_model(owner, name="Anna Müller / 2")
    response = owner_client.get(reverse("dashboard:weights", args=[model.pk]))
    assert body_of(response) == b"weights"
    disposition = response["Content-Disposition"]
    assert disposition == 'attachment; filename="anna-muller-2.safetensors"'


def test_a_name_without_a_single_letter_still_makes_a_file_name(owner, owner_client):
    model = stored_model(owner, name="★★★")
    response = owner_client.get(reverse("dashboard:weights", args=[model.pk]))
    body_of(response)
    assert 'filename="model.safetensors"' in response["Content-Disposition"]


def test_a_model_without_weights_has_none_to_download(owner, owner_client):
    model = UserModelFactory(owner=owner, training=True)
    assert owner_client.get(reverse("dashboard:weights", args=[model.pk])).status_code == 404


def test_a_signed_link_serves_the_weights_without_signing_in(owner, anonymous_client):
    model = stored_model(owner)
    response = anonymous_client.get(signed_weights_path(model))
    assert response.status_code == 200
    assert body_of(response) == b"weights"


def test_a_signed_link_does_not_outlive_its_hour(owner, anonymous_client, time_machine):
    time_machine.move_to(timezone.now(), tick=False)
    path = signed_weights_path(stored_model(owner))
    time_machine.shift(3601)
    assert anonymous_client.get(path).status_code == 404


def test_a_changed_signature_opens_nothing(owner, anonymous_client):
    path = signed_weights_path(stored_model(owner))
    broken = path.replace(".safetensors", "x.safetensors")
    assert anonymous_client.get(broken).status_code == 404


@pytest.mark.django_db(transaction=True)
async def test_the_server_streams_a_file_whole(photo, owner):
    client = AsyncClient()
    await client.aforce_login(owner, backend=BACKEND)
    response = await client.get(reverse("dashboard:photo_file", args=[photo.pk, "full"]))
    assert b"".join([block async for block in response]) == jpeg()


@pytest.mark.django_db
async def test_a_large_file_is_never_in_memory_as_a_whole(tmp_path):
    large = tmp_path / "large.safetensors"
    with large.open("wb") as file:
        file.truncate(64 * BLOCK_BYTES)
    response = StoredFileResponse(large.open("rb"))
    tracemalloc.start()
    try:
        total = 0
        async for block in response:
            total += len(block)
            await asyncio.sleep(0)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
        response.close()
    assert total == 64 * BLOCK_BYTES
    assert peak < 8 * BLOCK_BYTES


def test_a_file_under_a_users_own_name_is_never_served_by_path(photo, owner_client):
    photo.file.storage.save("evil.html", ContentFile(b"<script>"))
    for path in (f"/media/{photo.file.name}", f"/{photo.file.name}", "/media/evil.html"):
        assert owner_client.get(path).status_code == 404
