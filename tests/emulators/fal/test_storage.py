"""Uploads, lifetimes and who may read, with plain requests."""

from __future__ import annotations

import httpx
import pytest

from tests.trainer.process import wait_until

pytestmark = pytest.mark.service

EVERYBODY = {"trust_env": False, "verify": False}


def initiate(fal, **options) -> dict:
    answer = fal.http.post(
        "/storage/upload/initiate?storage_type=fal-cdn-v3",
        json={"file_name": "set.zip", "content_type": "application/zip"},
        **options,
    )
    return answer.raise_for_status().json()


def test_an_upload_keeps_its_name_and_type_and_is_public(fal):
    url = fal.upload(b"content")

    answer = httpx.get(url, **EVERYBODY)

    assert url.endswith("/set.zip")
    assert (answer.content, answer.headers["Content-Type"]) == (b"content", "application/zip")


def test_a_part_of_a_file_can_be_read(fal):
    answer = httpx.get(fal.upload(b"0123456789"), headers={"Range": "bytes=2-4"}, **EVERYBODY)

    assert (answer.status_code, answer.content) == (206, b"234")


def test_an_announced_file_is_there_once_it_was_put_and_its_address_works_once(fal):
    announced = initiate(fal)
    before = httpx.get(announced["file_url"], **EVERYBODY).status_code

    put = httpx.put(announced["upload_url"], content=b"content", **EVERYBODY)
    again = httpx.put(announced["upload_url"], content=b"other", **EVERYBODY)

    assert (before, put.status_code, again.status_code) == (404, 200, 404)
    assert httpx.get(announced["file_url"], **EVERYBODY).content == b"content"


def test_a_lifetime_is_honoured_in_every_way_of_uploading(fal):
    short = '{"expiration_duration_seconds": 60}'
    uploaded = fal.upload(b"a", {"X-Fal-Object-Lifecycle": short})
    announced = initiate(fal, headers={"X-Fal-Object-Lifecycle-Preference": short})
    httpx.put(announced["upload_url"], content=b"b", **EVERYBODY)
    kept = fal.upload(b"c", {"X-Fal-Object-Lifecycle": '{"expiration_duration_seconds": 0}'})

    fal.pass_time(61)

    statuses = [
        httpx.get(url, **EVERYBODY).status_code for url in (uploaded, announced["file_url"], kept)
    ]
    assert statuses == [404, 404, 200]


def test_the_bytes_of_an_expired_file_are_gone_for_good(own_fal):
    fal = own_fal()
    url = fal.upload(b"private", {"X-Fal-Object-Lifecycle": '{"expiration_duration_seconds": 9}'})
    [path] = (fal.process.folder / "files").iterdir()

    fal.process.kill()
    fal.process.start()
    fal.pass_time(10)

    assert httpx.get(url, **EVERYBODY).status_code == 404
    wait_until(lambda: not path.exists())  # nobody reads them any more; their end comes by itself


@pytest.mark.parametrize(("decision", "status"), [("forbid", 403), ("hide", 404), ("allow", 200)])
def test_an_acl_decides_for_strangers_and_not_for_the_owner(fal, stranger, decision, status):
    acl = f'{{"initial_acl": {{"default": "{decision}"}}}}'
    url = fal.upload(b"private", {"X-Fal-Object-Lifecycle": acl})

    statuses = [
        fal.http.get(url).status_code,
        stranger.http.get(url).status_code,
        httpx.get(url, **EVERYBODY).status_code,
    ]

    assert statuses == [200, status, status]


def test_a_rule_of_an_acl_lets_one_account_in(fal, stranger):
    rules = '[{"user": "account-2", "decision": "allow"}]'
    acl = f'{{"initial_acl": {{"default": "hide", "rules": {rules}}}}}'
    url = fal.upload(b"shared", {"X-Fal-Object-Lifecycle": acl})

    assert stranger.http.get(url).content == b"shared"
    assert httpx.get(url, **EVERYBODY).status_code == 404


@pytest.mark.parametrize("header", ["{", "[]", '{"expiration_duration_seconds": "soon"}'])
def test_a_lifecycle_that_is_not_understood_is_refused(fal, header):
    token = fal.http.post("/storage/auth/token", json={}).json()["token"]
    headers = {"Authorization": f"Bearer {token}", "X-Fal-Object-Lifecycle": header}

    assert fal.http.post("/files/upload", content=b"a", headers=headers).status_code == 422


@pytest.mark.parametrize("token", ["", "Bearer nonsense", "Bearer account-1~9999999999~00"])
def test_an_upload_needs_a_token_of_this_service(fal, token):
    answer = fal.http.post("/files/upload", content=b"a", headers={"Authorization": token})

    assert answer.status_code == 401


def test_a_token_expires_when_it_says(fal):
    issued = fal.http.post("/storage/auth/token?storage_type=fal-cdn-v3", json={}).json()
    headers = {"Authorization": f"Bearer {issued['token']}"}

    fal.pass_time(3700)

    assert issued["expires_at"].endswith("+00:00")
    assert fal.http.post("/files/upload", content=b"a", headers=headers).status_code == 401


def test_parts_that_were_not_uploaded_complete_nothing(fal):
    token = fal.http.post("/storage/auth/token", json={}).json()["token"]
    headers = {"Authorization": f"Bearer {token}", "X-Fal-File-Name": "set.zip"}
    begun = fal.http.post("/files/upload/multipart", headers=headers).json()
    upload = f"{begun['access_url']}/multipart/{begun['uploadId']}"
    second = fal.http.put(f"{upload}/2", content=b"second", headers=headers).headers["ETag"]
    first = fal.http.put(f"{upload}/1", content=b"first ", headers=headers).headers["ETag"]

    def complete(*etags: str) -> int:
        parts = [{"partNumber": number, "etag": etag} for number, etag in enumerate(etags, 1)]
        return fal.http.post(
            f"{upload}/complete", json={"parts": parts}, headers=headers
        ).status_code

    assert [complete(), complete(first), complete(second, first)] == [400, 400, 400]
    assert complete(first, second) == 200
    assert httpx.get(begun["access_url"], **EVERYBODY).content == b"first second"
