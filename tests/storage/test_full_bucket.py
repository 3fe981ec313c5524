"""A bucket that takes nothing more: said as such, nothing is lost, and reading goes on."""

from __future__ import annotations

import os

import pytest
from botocore.awsrequest import AWSResponse
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage, storages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from models_app.services import add_photo
from tests.dashboard.wizard_drafts import draft, photo as upload_file, upload_address
from tests.factories import jpeg
from tests.storage.test_installation_in_bucket import body_of, use
from theway.processes.waiting import wait_until

pytestmark = pytest.mark.django_db


@pytest.fixture
def bucket(bucket_server, settings) -> str:
    name = bucket_server.new_bucket()
    use(settings, bucket_server.address, name)
    return name


def refuse_writing(status: int, code: str) -> None:
    """Have the service say so to whoever writes, as MinIO and Ceph do at a quota."""
    body = f"<Error><Code>{code}</Code><Message>full</Message></Error>".encode()
    raw = type("Raw", (), {"stream": lambda *_, **__: iter([body])})

    def answered(request, **_: object) -> AWSResponse:
        return AWSResponse(request.url, status, {}, raw())

    for operation in ("PutObject", "CreateMultipartUpload", "UploadPart"):
        storages["default"].client.meta.events.register(f"before-send.s3.{operation}", answered)


def uploaded(client, model, **columns):
    client.raise_request_exception = False
    return client.post(upload_address(model), {"photos": upload_file(**columns)})


@pytest.mark.parametrize(
    ("status", "code"),
    [(403, "QuotaExceeded"), (507, "XMinioStorageFull"), (507, "InsufficientStorage")],
)
def test_a_service_that_says_it_is_full_is_said_like_a_full_disk(
    owner, owner_client, bucket, bucket_server, status, code
):
    model = draft(owner)
    refuse_writing(status, code)
    page = owner_client.get(uploaded(owner_client, model).url)
    assert "out of disk space, so your photo was not saved" in page.text
    assert model.photos.count() == 0 and bucket_server.names_in(bucket) == []


def test_a_quota_stops_writing_only_and_nothing_is_lost(owner, owner_client, bucket, bucket_server):
    """SeaweedFS says no reason: a bucket beyond its quota answers writing with 500."""
    model = draft(owner)
    kept = add_photo(model, upload=SimpleUploadedFile("a.jpg", jpeg(1024, 1024)))
    default_storage.save("weights/large", ContentFile(os.urandom(3 * 1024 * 1024)))
    before = bucket_server.names_in(bucket)
    wait_until(lambda: "to read only" in bucket_server.limit(bucket, 1), 60)

    response = uploaded(owner_client, model)
    assert response.status_code == 503
    assert "file storage does not answer" in response.text
    assert list(model.photos.all()) == [kept]
    full = owner_client.get(reverse("dashboard:photo_file", args=[kept.pk, "full"]))
    assert len(body_of(full)) == kept.size
    assert bucket_server.names_in(bucket) == before

    wait_until(lambda: "to writable" in bucket_server.limit(bucket, 100), 60)
    assert uploaded(owner_client, model).status_code == 302
    assert model.photos.count() == 2
