"""A service with a certificate of the operator's own authority (S3_CA_FILE), by path and by names
of buckets."""

from __future__ import annotations

import socket

import pytest
from django.core.files.base import ContentFile

from models_app.buckets.storage import BucketStorage
from models_app.storage_errors import StorageAwayError
from tests.backup.installations import Installation, installation
from tests.storage.bucket_server import DOMAIN, options
from tests.storage.test_installation_in_bucket import use
from theway.storage_checks import bucket_is_private


@pytest.fixture
def bucket(bucket_server) -> str:
    return bucket_server.new_bucket()


@pytest.fixture
def authority(bucket_server) -> str:
    return str(bucket_server.certificate.authority_file)


@pytest.fixture
def names_of_buckets(monkeypatch) -> list[str]:
    """Names below DOMAIN lead to this machine, as the operator's name server says; return them."""
    asked: list[str] = []
    resolve = socket.getaddrinfo

    def resolved(host, *rest, **options):
        if not str(host).endswith(DOMAIN):
            return resolve(host, *rest, **options)
        asked.append(str(host))
        return resolve("127.0.0.1", *rest, **options)

    monkeypatch.setattr(socket, "getaddrinfo", resolved)
    return asked


def round_trip(storage: BucketStorage) -> bytes:
    storage.save("weights/a b+ü.bin", ContentFile(bytes(9 * 1024 * 1024) + b"end"))
    assert [one.name for one in storage.stored()] == ["weights/a b+ü.bin"]
    with storage.open("weights/a b+ü.bin") as file:
        file.seek(9 * 1024 * 1024)
        return file.read()


def test_a_certificate_of_the_named_authority_is_trusted(bucket_server, bucket, authority):
    wanted = options(bucket_server.secure_address(), bucket) | {"verify": authority}
    assert round_trip(BucketStorage(**wanted)) == b"end"


def test_one_that_nobody_vouches_for_is_refused(bucket_server, bucket):
    storage = BucketStorage(**options(bucket_server.secure_address(), bucket))
    with pytest.raises(StorageAwayError, match="SSLError"):
        storage.save("a", ContentFile(b"x"))
    assert bucket_server.names_in(bucket) == []


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_buckets_can_be_names(bucket_server, bucket, authority, names_of_buckets, scheme):
    plain = bucket_server.address.replace("127.0.0.1", DOMAIN)
    address = bucket_server.secure_address(DOMAIN) if scheme == "https" else plain
    more = {"verify": authority, "addressing_style": "virtual"}
    storage = BucketStorage(**options(address, bucket) | more)
    assert round_trip(storage) == b"end"
    assert set(names_of_buckets) == {f"{bucket}.{DOMAIN}"}


@pytest.mark.django_db
def test_what_strangers_see_is_asked_with_the_same_authority(
    bucket_server, bucket, authority, settings
):
    use(settings, bucket_server.secure_address(), bucket, verify=authority)
    assert bucket_is_private(None) == []


def test_the_settings_name_the_authority(tmp_path, bucket_server, bucket, authority):
    site: Installation = installation(tmp_path / "site", is_migrated=False)
    site.env |= bucket_server.variables(bucket, S3_ENDPOINT_URL=bucket_server.secure_address())
    assert "SSLError" in site.manage("check", "--tag", "storage", fails=True)
    site.env |= {"S3_CA_FILE": authority, "S3_ADDRESSING": "path"}
    assert "no issues" in site.manage("check", "--tag", "storage")
