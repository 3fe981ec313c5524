from __future__ import annotations

import asyncio
import tracemalloc
from pathlib import Path
from urllib.parse import unquote

import pytest
from django.conf import settings
from django.core import signing
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import AsyncClient
from django.urls import reverse
from django.utils import timezone

from generation.links import signed_weights_path
from models_app.models import UserModel
from models_app.serving.downloads import BLOCK_BYTES
from models_app.serving.stored import StoredFileResponse
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


@pytest.mark.parametrize("name", ["写真", "★★★", "می‌خواهم", "👩‍👩‍👧‍👦"])
def test_weights_keep_the_script_of_the_models_name(owner, owner_client, name):
    model = stored_model(owner, name=name)
    response = owner_client.get(reverse("dashboard:weights", args=[model.pk]))
    body_of(response)
    shown_as = response["Content-Disposition"].removeprefix("attachment; filename*=utf-8''")
    assert unquote(shown_as) == f"{name}.safetensors"


def test_weights_of_a_model_without_a_name_have_its_id(owner, owner_client):
    model = stored_model(owner, name="")
    response = owner_client.get(reverse("dashboard:weights", args=[model.pk]))
    body_of(response)
    name = f"model-{str(model.pk)[:8]}.safetensors"
    assert f'filename="{name}"' in response["Content-Disposition"]


@pytest.mark.parametrize("who", ["owner_client", "anonymous_client"])
def test_weights_that_the_storage_has_lost_are_gone_with_a_word(request, owner, who):
    """For the owner, and for a provider that follows a signed link."""
    model = stored_model(owner)
    default_storage.delete(model.weights.name)
    paths = {
        "owner_client": reverse("dashboard:weights", args=[model.pk]),
        "anonymous_client": signed_weights_path(model),
    }
    response = request.getfixturevalue(who).get(paths[who])
    assert response.status_code == 410
    assert "this installation's storage has lost it" in response.text
    assert str(settings.MEDIA_ROOT) not in response.text and "Errno" not in response.text


@pytest.mark.parametrize("size", ["full", "thumbnail"])
def test_photos_and_pictures_that_the_storage_has_lost_are_gone(photo, owner, owner_client, size):
    picture = GeneratedImageFactory(model=UserModelFactory(owner=owner, ready=True))
    for row, view in ((photo, "photo_file"), (picture, "image_file")):
        default_storage.delete(row.file.name)
        default_storage.delete(row.thumbnail.name)
        address = reverse(f"dashboard:{view}", args=[row.pk, size])
        assert owner_client.get(address).status_code == 410
        Path(row.file.path).mkdir()
        Path(row.thumbnail.path).mkdir()
        assert owner_client.get(address).status_code == 410


def test_a_stranger_learns_nothing_of_a_lost_file(photo, stranger_client):
    default_storage.delete(photo.file.name)
    address = reverse("dashboard:photo_file", args=[photo.pk, "full"])
    assert stranger_client.get(address).status_code == 404


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


def test_a_signed_link_is_for_these_weights_only(owner, anonymous_client):
    model = stored_model(owner)
    path = signed_weights_path(model)
    assert anonymous_client.head(path).status_code == 200
    UserModel.objects.filter(pk=model.pk).update(weights_sha256="0" * 64)
    assert anonymous_client.get(path).status_code == 404


def test_a_signature_for_another_purpose_opens_no_weights(owner, anonymous_client):
    model = stored_model(owner)
    token = signing.dumps([str(model.pk), model.weights_sha256], salt="another")
    assert anonymous_client.get(f"/files/weights/{token}.safetensors").status_code == 404


def test_a_clock_that_is_behind_the_signers_does_no_harm(owner, anonymous_client, time_machine):
    time_machine.move_to(timezone.now(), tick=False)
    path = signed_weights_path(stored_model(owner))
    time_machine.shift(-120)
    response = anonymous_client.get(path, headers={"Range": "bytes=0-1"})
    assert (response.status_code, body_of(response)) == (206, b"we")


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
