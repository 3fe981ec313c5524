"""An installation whose files are in a bucket, at a real service: every page and job, and what they
say once somebody has emptied it, or it is away."""

from __future__ import annotations

import io
import zipfile
from types import SimpleNamespace

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage, storages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from generation.links import signed_weights_path
from jobs.engine.submit import submit
from jobs.messages import explain
from jobs.states import Status
from models_app.models import FileDeletion
from models_app.services import add_photo, delete_model
from tests.dashboard.rows import describe_local_trainer, stored_model
from tests.factories import (
    GeneratedImageFactory,
    JobFactory,
    TrainingImageFactory,
    UserModelFactory,
    jpeg,
)
from tests.storage.bucket_server import READER, READER_SECRET, options
from theway.files import comparing
from theway.storage_checks import bucket_can_be_used, bucket_is_private

pytestmark = pytest.mark.django_db


def use(settings, address: str, bucket: str, **more: object) -> None:
    backend = "models_app.buckets.storage.BucketStorage"
    entry = {"BACKEND": backend, "OPTIONS": options(address, bucket) | more}
    settings.STORAGES = settings.STORAGES | {"default": entry, "bucket": entry}


@pytest.fixture
def bucket(bucket_server, settings) -> str:
    name = bucket_server.new_bucket()
    use(settings, bucket_server.address, name)
    return name


@pytest.fixture
def away(settings) -> None:
    use(settings, "http://127.0.0.1:9", "theway-x")


def body_of(response) -> bytes:
    return b"".join(response)


def uploaded() -> SimpleUploadedFile:
    return SimpleUploadedFile("a.jpg", jpeg(1024, 1024))


def test_photos_go_in_and_come_out_and_go(owner, owner_client, bucket, bucket_server):
    photo = add_photo(UserModelFactory(owner=owner), upload=uploaded())
    assert sorted(bucket_server.names_in(bucket)) == sorted([photo.file.name, photo.thumbnail.name])
    address = reverse("dashboard:photo_file", args=[photo.pk, "full"])
    response = owner_client.get(address)
    assert len(body_of(response)) == photo.size == int(response["Content-Length"])
    assert response["Cache-Control"] == "private, no-store"
    assert owner_client.head(address)["Content-Length"] == str(photo.size)
    etag = {"If-None-Match": response["ETag"]}
    assert owner_client.get(address, headers=etag).status_code == 304


@pytest.mark.parametrize(
    ("asked", "status", "body"),
    [
        ("bytes=1-3", 206, b"eig"),
        ("bytes=-2", 206, b"ts"),
        ("bytes=4-", 206, b"hts"),
        ("bytes=0-1,3-4", 200, b"weights"),
        ("bytes=3-1", 200, b"weights"),
        ("bytes=7-", 416, b""),
    ],
)
def test_owner_and_provider_get_any_part_of_the_weights(
    owner, owner_client, anonymous_client, bucket, asked, status, body
):
    model = stored_model(owner)
    address = reverse("dashboard:weights", args=[model.pk])
    for client, path in ((owner_client, address), (anonymous_client, signed_weights_path(model))):
        response = client.get(path, headers={"Range": asked})
        assert (response.status_code, body_of(response)) == (status, body)


def test_strangers_and_nobody_get_nothing(owner, stranger_client, anonymous_client, bucket):
    photo = TrainingImageFactory(model=UserModelFactory(owner=owner))
    address = reverse("dashboard:photo_file", args=[photo.pk, "full"])
    assert stranger_client.get(address).status_code == 404
    assert anonymous_client.get(address).status_code == 302


def test_a_deleted_model_leaves_nothing_in_the_bucket(
    owner, anonymous_client, bucket, bucket_server, django_capture_on_commit_callbacks
):
    model = UserModelFactory(owner=owner)
    add_photo(model, upload=uploaded())
    name = f"weights/{model.pk}/{model.weights_sha256 or 'w'}.safetensors"
    model.weights.save(name, ContentFile(b"weights"))
    link = signed_weights_path(model)
    with django_capture_on_commit_callbacks(execute=True):
        delete_model(model)
    assert bucket_server.names_in(bucket) == []
    assert anonymous_client.get(link).status_code == 404


def test_an_emptied_bucket_is_said_everywhere(owner, owner_client, bucket, bucket_server, scripted):
    describe_local_trainer()
    ready = stored_model(owner)
    picture = GeneratedImageFactory(model=ready, owner=owner)
    model = UserModelFactory(owner=owner, training=True, name="Bob")
    TrainingImageFactory.create_batch(4, model=model)
    job = JobFactory(model=model, payload={"base_model": model.base_model})
    assert bucket_server.empty(bucket)
    for path in (f"/dashboard/models/{ready.pk}", "/dashboard/pictures", "/dashboard/"):
        assert owner_client.get(path).status_code == 200
    gone = [
        reverse("dashboard:weights", args=[ready.pk]),
        reverse("dashboard:image_file", args=[picture.pk, "thumbnail"]),
        reverse("dashboard:photo_file", args=[model.photos.first().pk, "full"]),
    ]
    assert {owner_client.get(path).status_code for path in gone} == {410}
    submit(job.pk)
    job.refresh_from_db()
    assert (job.status, job.error_code, job.sent_at) == (Status.FAILED, "photos_gone", None)
    archive = body_of(owner_client.get(reverse("dashboard:data_export")))
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        assert "safetensors" in opened.read("missing.txt").decode()
    assert sum(one.is_lost for one in comparing.differences()) == 8 * 2 + 2 + 1


def test_a_job_waits_while_the_bucket_is_away(owner, bucket, settings, scripted):
    model = UserModelFactory(owner=owner, training=True)
    TrainingImageFactory.create_batch(4, model=model)
    job = JobFactory(model=model, payload={"base_model": model.base_model}, max_attempts=1)
    use(settings, "http://127.0.0.1:9", bucket)
    submit(job.pk)
    job.refresh_from_db()
    assert (job.status, job.error_code, job.sent_at) == (Status.QUEUED, "storage_away", None)
    assert "file storage does not answer" in explain(job).sentence


def test_pages_answer_while_the_bucket_is_away(owner, owner_client, away, monkeypatch):
    owner_client.raise_request_exception = False
    model = UserModelFactory(owner=owner)
    photo = TrainingImageFactory.build(model=model, file="photos/a.jpg", thumbnail="photos/b.jpg",
                                       size=1, width=1, height=1)  # fmt: skip
    photo.save()
    assert owner_client.get("/dashboard/").status_code == 200
    monkeypatch.setattr("models_app.buckets.storage.PAUSE_SECONDS", 600)
    asked: list[object] = []
    storages["default"].client.meta.events.register(
        "before-send.s3", lambda request, **_: asked.append(request)
    )
    for _ in range(20):
        address = reverse("dashboard:photo_file", args=[photo.pk, "thumbnail"])
        response = owner_client.get(address)
        assert response.status_code == 503
        assert "file storage does not answer" in response.text
    assert len(asked) <= 2  # the first waits for it, the others do not


def test_what_no_row_names_is_found_and_deleted_only_when_it_is_old(
    owner, bucket, bucket_server, monkeypatch, django_capture_on_commit_callbacks
):
    photo = add_photo(UserModelFactory(owner=owner), upload=uploaded())
    left = default_storage.save("photos/gone/x.jpg", ContentFile(b"x"))
    assert list(comparing.differences()) == []
    monkeypatch.setattr(comparing, "GRACE_SECONDS", -60)
    assert list(comparing.differences()) == [comparing.Difference(left, 1)]
    with django_capture_on_commit_callbacks(execute=True):
        comparing.delete_leftover([left, photo.file.name])
    assert sorted(bucket_server.names_in(bucket)) == sorted([photo.file.name, photo.thumbnail.name])
    assert not FileDeletion.objects.filter(name=left).exists()


def test_results_of_work_under_way_are_no_leftovers(owner, bucket, monkeypatch):
    job = JobFactory(model=UserModelFactory(owner=owner, training=True), running=True)
    default_storage.save(f"weights/{job.model_id}/w.safetensors", ContentFile(b"x"))
    monkeypatch.setattr(comparing, "GRACE_SECONDS", -60)
    assert list(comparing.differences()) == []


def test_uploads_in_parts_that_were_cut_off_are_ended(bucket, bucket_server, monkeypatch):
    bucket_server.client().create_multipart_upload(Bucket=bucket, Key="weights/w")
    monkeypatch.setattr(comparing, "GRACE_SECONDS", -60)
    assert comparing.end_old_uploads() == 1
    assert list(storages["default"].unfinished()) == []


def ids(found) -> list[str]:
    return [one.id for one in found]


def test_a_bucket_that_works_and_is_private_passes_the_checks(bucket):
    assert bucket_can_be_used(None) == bucket_is_private(None) == []


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"bucket_name": "theway-none"}, "NoSuchBucket"),
        ({"access_key": READER, "secret_key": READER_SECRET}, "write to the bucket"),
        ({"secret_key": "wrong-words"}, "SignatureDoesNotMatch"),
        ({"endpoint_url": "http://127.0.0.1:9"}, "EndpointConnectionError"),
    ],
)
def test_what_is_wrong_with_the_bucket_is_said(bucket, bucket_server, settings, wrong, said):
    use(settings, bucket_server.address, bucket, **wrong)
    [problem] = bucket_can_be_used(None)
    assert problem.id == "theway.E021" and said in problem.msg
    assert "wrong-words" not in problem.msg


def test_a_bucket_that_anybody_can_read_fails_the_deploy_check(bucket, monkeypatch):
    answers = iter([SimpleNamespace(ok=False), SimpleNamespace(ok=True)])
    monkeypatch.setattr("theway.storage_checks.requests.get", lambda *_, **__: next(answers))
    assert ids(bucket_is_private(None)) == ["theway.E022"]


def test_a_bucket_that_keeps_what_is_deleted_is_warned_of(bucket, bucket_server):
    bucket_server.client().put_bucket_versioning(
        Bucket=bucket, VersioningConfiguration={"Status": "Enabled"}
    )
    assert ids(bucket_is_private(None)) == ["theway.W021"]


def test_backups_hold_no_file_of_a_bucket(bucket, settings):
    from theway.backup.files import is_in_bucket, named_files, stored_files

    TrainingImageFactory()
    assert is_in_bucket() and named_files() == set() and stored_files() == {}
