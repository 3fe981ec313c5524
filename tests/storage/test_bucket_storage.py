"""Files in a bucket, at a real service: read in pieces, written with checksums, never public."""

from __future__ import annotations

import hashlib
import io
import os
import socket
import tempfile
import time

import pytest
import requests
from botocore.awsrequest import AWSResponse
from django.core.exceptions import SuspiciousFileOperation
from django.core.files.base import ContentFile, File

from models_app.buckets import writing
from models_app.buckets.integrity import Integrity
from models_app.buckets.reading import BLOCK_BYTES
from models_app.buckets.storage import BucketStorage
from models_app.disk import is_away, is_full
from models_app.storage_errors import StorageAwayError
from tests.storage.bucket_server import READER, READER_SECRET, options


@pytest.fixture
def bucket(bucket_server) -> str:
    return bucket_server.new_bucket()


@pytest.fixture
def storage(bucket_server, bucket) -> BucketStorage:
    return BucketStorage(**options(bucket_server.address, bucket))


def test_what_is_stored_comes_back(storage):
    assert storage.save("photos/a/b.jpg", ContentFile(b"hello")) == "photos/a/b.jpg"
    assert storage.exists("photos/a/b.jpg") and storage.size("photos/a/b.jpg") == 5
    with storage.open("photos/a/b.jpg") as file:
        assert (file.size, file.read()) == (5, b"hello")


def test_a_second_file_of_a_name_gets_another(storage):
    storage.save("a.jpg", ContentFile(b"1"))
    other = storage.save("a.jpg", ContentFile(b"2"))
    assert other != "a.jpg"
    with storage.open("a.jpg") as file:
        assert file.read() == b"1"


def test_an_empty_file_is_a_file(storage):
    storage.save("empty", ContentFile(b""))
    with storage.open("empty") as file:
        assert file.read() == b""


def test_a_file_of_many_parts_is_whole(storage, monkeypatch):
    monkeypatch.setattr(writing, "PART_BYTES", 5 * 1024 * 1024)
    data = os.urandom(12 * 1024 * 1024)
    storage.save("weights/w", ContentFile(data))
    with storage.open("weights/w") as file:
        digest = hashlib.sha256()
        while block := file.read(64 * 1024):
            digest.update(block)
    assert digest.digest() == hashlib.sha256(data).digest()
    assert list(storage.unfinished()) == []


def test_any_part_can_be_read(storage):
    data = os.urandom(3 * BLOCK_BYTES)
    storage.save("w", ContentFile(data))
    with storage.open("w") as file:
        for start in (0, 1, BLOCK_BYTES, len(data) - 3, 7):
            file.seek(start)
            assert file.read(100) == data[start : start + 100]
        assert file.seek(0, io.SEEK_END) == len(data)
        assert file.read() == b""


def test_reading_and_writing_leave_no_temporary_file(storage, monkeypatch, tmp_path):
    def refused(*_: object, **__: object) -> None:
        raise AssertionError("a temporary file")

    for name in ("SpooledTemporaryFile", "NamedTemporaryFile", "TemporaryFile", "mkstemp"):
        monkeypatch.setattr(tempfile, name, refused)
    storage.save("w", ContentFile(os.urandom(9 * 1024 * 1024)))
    with storage.open("w") as file:
        assert len(file.read()) == 9 * 1024 * 1024


def test_bytes_that_change_on_the_way_are_not_stored(storage, monkeypatch):
    """The service compares what arrives with the checksum that was sent along."""
    wrong = {"ChecksumSHA256": "1" * 43 + "="}
    monkeypatch.setattr(Integrity, "of", lambda *_: wrong)
    with pytest.raises(StorageAwayError):
        storage.save("a", ContentFile(b"hello"))
    assert not storage.exists("a")


def test_bytes_that_change_on_the_way_are_not_stored_where_only_md5_is_known(storage, monkeypatch):
    monkeypatch.setattr(Integrity, "of", lambda *_: {"ContentMD5": "1" * 22 + "=="})
    with pytest.raises(StorageAwayError):
        storage.save("a", ContentFile(b"hello"))
    assert not storage.exists("a")


def knowing_no_checksums(storage: BucketStorage, status: int, code: str, operations: str) -> list:
    """Have the service refuse what Backblaze B2 and Cloudflare R2 refuse; return what was sent."""
    sent: list[str] = []

    def answered(request, **_: object) -> AWSResponse | None:
        names = [name for name in request.headers if name.lower().startswith("x-amz-checksum-")]
        sent.append(request.method)
        if not names:
            return None
        text = f"Unsupported header '{names[0]}' received for this API call."
        body = f"<Error><Code>{code}</Code><Message>{text}</Message></Error>".encode()
        raw = type("Raw", (), {"stream": lambda *_, **__: iter([body])})()
        return AWSResponse(request.url, status, {}, raw)

    for operation in operations.split():
        storage.client.meta.events.register(f"before-send.s3.{operation}", answered)
    return sent


EVERYTHING = "PutObject CreateMultipartUpload UploadPart GetObject"


@pytest.mark.parametrize(
    ("status", "code", "operations"),
    [(400, "InvalidArgument", EVERYTHING), (501, "NotImplemented", "UploadPart")],
)
def test_a_service_that_knows_no_checksum_headers_can_be_used(
    storage, monkeypatch, status, code, operations
):
    monkeypatch.setattr(writing, "PART_BYTES", 5 * 1024 * 1024)
    sent = knowing_no_checksums(storage, status, code, operations)
    data = os.urandom(6 * 1024 * 1024)
    storage.save("large", ContentFile(data))
    storage.save("small", ContentFile(b"hello"))
    for name, content in (("large", data), ("small", b"hello")):
        with storage.open(name) as file:
            assert file.read() == content
    assert list(storage.unfinished()) == []
    assert len(sent) > 1


def test_a_file_is_read_where_a_service_knows_no_checksum_headers(storage, bucket_server, bucket):
    storage.save("a", ContentFile(b"hello"))
    fresh = BucketStorage(**options(bucket_server.address, bucket))
    sent = knowing_no_checksums(fresh, 400, "InvalidArgument", EVERYTHING)
    for _ in range(2):
        with fresh.open("a") as file:
            assert file.read() == b"hello"
    assert sent == ["GET"] * 3  # the first was refused, and nothing else is asked in vain


def test_an_upload_that_fails_midway_leaves_nothing(storage, monkeypatch):
    monkeypatch.setattr(writing, "PART_BYTES", 5 * 1024 * 1024)

    class Breaking(io.BytesIO):
        def read(self, size: int = -1) -> bytes:
            if self.tell() > 7 * 1024 * 1024:
                raise OSError("the disk is broken")
            return super().read(size)

    with pytest.raises(OSError, match="the disk is broken"):
        storage.save("w", File(Breaking(bytes(16 * 1024 * 1024))))
    assert not storage.exists("w")
    assert list(storage.unfinished()) == []


def test_what_is_missing_is_missing_like_on_a_disk(storage):
    assert not storage.exists("photos/none.jpg")
    for read in (storage.open, storage.size, storage.get_modified_time):
        with pytest.raises(FileNotFoundError):
            read("photos/none.jpg")
    storage.delete("photos/none.jpg")


def test_folders_are_listed_like_on_a_disk(storage):
    for name in ("photos/a/1.jpg", "photos/a/2.jpg", "photos/b/1.jpg", "photos/x.jpg"):
        storage.save(name, ContentFile(b"x"))
    folders, files = storage.listdir("photos")
    assert (sorted(folders), files) == (["a", "b"], ["x.jpg"])
    assert sorted(one.name for one in storage.stored()) == sorted(
        ["photos/a/1.jpg", "photos/a/2.jpg", "photos/b/1.jpg", "photos/x.jpg"]
    )
    assert storage.listdir("none") == ([], [])


def test_a_name_cannot_lead_elsewhere(storage):
    with pytest.raises(SuspiciousFileOperation):
        storage.save("../other/secret", ContentFile(b"x"))


def test_a_missing_bucket_is_no_bucket_of_missing_files(bucket_server):
    storage = BucketStorage(**options(bucket_server.address, "theway-none"))
    for ask in (storage.exists, storage.size, storage.open):
        with pytest.raises(StorageAwayError, match="no such bucket"):
            ask("photos/a.jpg")


@pytest.mark.parametrize(
    ("key", "secret"), [("nobody", "wrong"), ("theway-key", "wrong"), (READER, READER_SECRET)]
)
def test_a_key_without_rights_is_refused_in_words_without_the_key(
    bucket_server, bucket, key, secret
):
    storage = BucketStorage(**options(bucket_server.address, bucket, key, secret))
    with pytest.raises(StorageAwayError) as refused:
        storage.save("a.jpg", ContentFile(b"x"))
    assert secret not in str(refused.value) and is_away(refused.value)
    assert not is_full(refused.value)


def test_nothing_is_public(storage, bucket_server, bucket):
    storage.save("photos/a.jpg", ContentFile(b"x"))
    assert storage.url("photos/a.jpg") == ""
    for path in (f"/{bucket}/photos/a.jpg", f"/{bucket}?list-type=2"):
        assert requests.get(bucket_server.address + path, timeout=10).status_code == 403


def test_a_service_that_is_not_there_is_said_at_once_and_then_left_alone(monkeypatch):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
        storage = BucketStorage(**options(f"http://127.0.0.1:{port}", "theway-x"))
        with pytest.raises(StorageAwayError):
            storage.exists("a")
        monkeypatch.setattr(type(storage), "client", None)  # nobody is asked
        began = time.monotonic()
        with pytest.raises(StorageAwayError, match="a moment ago"):
            storage.exists("a")
        assert time.monotonic() - began < 1


def test_a_download_goes_on_where_the_connection_broke(storage):
    data = os.urandom(4 * BLOCK_BYTES)
    storage.save("w", ContentFile(data))
    with storage.open("w") as file:
        first = file.read(BLOCK_BYTES)
        file.file.raw._body.close()  # what the service does to a slow reader
        assert first + file.read() == data


def test_a_file_that_was_replaced_meanwhile_is_not_mixed(storage):
    storage.save("w", ContentFile(b"a" * 3 * BLOCK_BYTES))
    with storage.open("w") as file:
        file.read(10)
        storage.delete("w")
        storage.save("w", ContentFile(b"b" * 3 * BLOCK_BYTES))
        file.seek(2 * BLOCK_BYTES)
        with pytest.raises(FileNotFoundError):
            file.read(10)


def test_each_file_asks_for_the_encryption_that_is_set(bucket_server, bucket, monkeypatch):
    settings = options(bucket_server.address, bucket)
    settings["object_parameters"] = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "k1"}
    storage = BucketStorage(**settings)
    sent: list[str] = []
    events = storage.client.meta.events
    events.register("before-send.s3", lambda request, **_: sent.append(str(request.headers)))
    with pytest.raises(OSError):  # this service has no keys to encrypt with
        storage.save("a", ContentFile(b"x"))
    puts = [one for one in sent if "x-amz-server-side-encryption" in one]
    assert puts and all("k1" in one and "x-amz-acl" not in one for one in puts)
