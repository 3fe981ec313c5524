"""Going on with a file that was cut off: only where it is still the same one."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from generation.links import signed_weights_path
from models_app.services import add_photo
from tests.dashboard.rows import stored_model
from tests.factories import UserModelFactory, jpeg
from tests.storage.test_installation_in_bucket import body_of, use

pytestmark = pytest.mark.django_db


@pytest.fixture(params=["disk", "bucket"])
def storage(request, settings) -> None:
    if request.param == "bucket":
        server = request.getfixturevalue("bucket_server")
        use(settings, server.address, server.new_bucket())


def photo_of(owner) -> str:
    upload = SimpleUploadedFile("a.jpg", jpeg(1024, 1024))
    photo = add_photo(UserModelFactory(owner=owner), upload=upload)
    return reverse("dashboard:photo_file", args=[photo.pk, "full"])


def weights_of(owner) -> str:
    return reverse("dashboard:weights", args=[stored_model(owner).pk])


def weights_for_a_provider(owner) -> str:
    return signed_weights_path(stored_model(owner))


@pytest.mark.usefixtures("storage")
@pytest.mark.parametrize("file_of", [photo_of, weights_of, weights_for_a_provider])
def test_the_rest_comes_of_the_same_file_and_else_the_whole(owner, owner_client, file_of):
    address = file_of(owner)
    whole = owner_client.get(address)
    content = body_of(whole)
    asked = {"Range": "bytes=3-"}

    rest = owner_client.get(address, headers=asked | {"If-Range": whole["ETag"]})
    assert (rest.status_code, body_of(rest)) == (206, content[3:])
    assert rest["Content-Range"] == f"bytes 3-{len(content) - 1}/{len(content)}"

    other = owner_client.get(address, headers=asked | {"If-Range": '"another"'})
    assert (other.status_code, body_of(other)) == (200, content)
    assert "Content-Range" not in other


@pytest.mark.usefixtures("storage")
@pytest.mark.parametrize("file_of", [photo_of, weights_of])
def test_knowing_the_etag_gives_nobody_else_a_part(
    owner, owner_client, stranger_client, anonymous_client, file_of
):
    address = file_of(owner)
    known = owner_client.head(address)["ETag"]
    headers = {"Range": "bytes=3-", "If-Range": known}
    assert stranger_client.get(address, headers=headers).status_code == 404
    assert anonymous_client.get(address, headers=headers).status_code == 302
