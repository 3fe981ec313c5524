"""Downloads that resume: parts of stored files, to whoever may have the whole."""

from __future__ import annotations

import io
import shutil
import subprocess
from pathlib import Path

import pytest
from django.test import AsyncClient, RequestFactory
from django.urls import reverse
from hypothesis import given, strategies as st

from generation.links import signed_weights_path
from models_app.models import UserModel
from models_app.serving.byte_ranges import FilePart, UnsatisfiableRangeError, requested_range
from tests.dashboard.real_server import manage
from tests.dashboard.rows import stored_model
from tests.factories import GeneratedImageFactory, UserModelFactory, jpeg

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
ETAG = '"one"'


def body_of(response) -> bytes:
    return b"".join(response) if response.streaming else response.content


def answer(content: bytes, header: str) -> bytes | int:
    """The part of `content` that is sent for a Range header, or the status of a refusal."""
    request = RequestFactory().get("/", headers={"Range": header})
    try:
        part = requested_range(request, etag=ETAG, size=len(content))
    except UnsatisfiableRangeError:
        return 416
    return FilePart(io.BytesIO(content), part).read() if part else content


numbers = st.integers(0, 40) | st.integers(0, 10**18)


@given(st.binary(max_size=30), numbers, numbers | st.none())
def test_a_part_has_exactly_the_bytes_asked_for(content, first, last):
    got = answer(content, f"bytes={first}-{'' if last is None else last}")
    if last is not None and last < first:
        assert got == content  # no range at all: the whole
    elif first >= len(content):
        assert got == 416
    else:
        assert got == content[first : None if last is None else last + 1]


@given(st.binary(max_size=30), numbers)
def test_the_last_bytes_are_exactly_those(content, count):
    assert answer(content, f"bytes=-{count}") == (content[-count:] if count and content else 416)


@given(st.binary(max_size=30), st.text(max_size=20) | st.from_regex(r"\Abytes=[-0-9, ]*\Z"))
def test_whatever_a_range_says_the_answer_is_a_part_the_whole_or_416(content, header):
    got = answer(content, header.encode("ascii", "replace").decode())
    assert got == 416 or (isinstance(got, bytes) and got in content)


@given(st.binary(min_size=1, max_size=50), st.lists(st.integers(-1, 20), max_size=10))
def test_a_part_is_never_read_past_its_end(content, sizes):
    request = RequestFactory().get("/", headers={"Range": "bytes=1-4"})
    if len(content) < 2:
        return
    part = requested_range(request, etag=ETAG, size=len(content))
    assert part
    file = FilePart(io.BytesIO(content), part)
    assert b"".join([*(file.read(size) for size in sizes), file.read()]) == content[1:5]


@pytest.fixture
def weights(owner) -> str:
    return reverse("dashboard:weights", args=[stored_model(owner).pk])


def test_the_rest_of_a_file_comes_with_what_it_is_part_of(weights, owner_client):
    whole = owner_client.get(weights)
    assert body_of(whole) == b"weights"
    assert whole["Accept-Ranges"] == "bytes"
    rest = owner_client.get(weights, headers={"Range": "bytes=3-"})
    assert (rest.status_code, body_of(rest)) == (206, b"ghts")
    assert rest["Content-Range"] == "bytes 3-6/7"
    assert rest["Content-Length"] == "4"
    for header in ("ETag", "Cache-Control", "Content-Type", "Content-Disposition"):
        assert rest[header] == whole[header]
    assert "no-store" in rest["Cache-Control"]


def test_a_file_without_the_bytes_asked_for_says_how_many_it_has(weights, owner_client):
    refused = owner_client.get(weights, headers={"Range": "bytes=7-"})
    assert (refused.status_code, body_of(refused)) == (416, b"")
    assert refused["Content-Range"] == "bytes */7"
    assert "no-store" in refused["Cache-Control"]


def test_several_parts_at_once_are_answered_with_the_whole(weights, owner_client):
    whole = owner_client.get(weights, headers={"Range": "bytes=0-1,3-4"})
    assert (whole.status_code, body_of(whole)) == (200, b"weights")


def test_a_part_of_another_version_is_the_whole_of_this_one(weights, owner_client):
    etag = owner_client.head(weights)["ETag"]
    for condition, status in ((etag, 206), ('"other"', 200), (f"W/{etag}", 200), ("today", 200)):
        headers = {"Range": "bytes=3-", "If-Range": condition}
        response = owner_client.get(weights, headers=headers)
        assert response.status_code == status
        body_of(response)


def test_what_a_browser_has_already_is_not_sent_in_parts_either(weights, owner_client):
    etag = owner_client.head(weights)["ETag"]
    same = owner_client.get(weights, headers={"Range": "bytes=3-", "If-None-Match": etag})
    assert same.status_code == 304
    other = owner_client.get(weights, headers={"Range": "bytes=3-", "If-Match": '"other"'})
    assert other.status_code == 412


def test_head_says_all_about_the_file_and_sends_nothing(weights, owner_client, owner):
    image = GeneratedImageFactory(model=UserModelFactory(owner=owner, ready=True))
    picture = reverse("dashboard:image_file", args=[image.pk, "full"])
    for address, size in ((weights, 7), (picture, len(jpeg()))):
        response = owner_client.head(address, headers={"Range": "bytes=3-"})
        assert response.status_code == 200
        assert response["Content-Length"] == str(size)
        assert response["Accept-Ranges"] == "bytes"
        assert response["ETag"]
        assert body_of(response) == b""


def test_strangers_and_nobody_get_no_part_of_it(weights, stranger_client, anonymous_client):
    part = {"Range": "bytes=3-"}
    assert stranger_client.get(weights, headers=part).status_code == 404
    assert stranger_client.head(weights).status_code == 404
    assert anonymous_client.get(weights, headers=part).status_code == 302


def test_a_provider_may_resume_too(owner, anonymous_client):
    path = signed_weights_path(stored_model(owner))
    rest = anonymous_client.get(path, headers={"Range": "bytes=3-"})
    assert (rest.status_code, body_of(rest)) == (206, b"ghts")


@pytest.mark.django_db(transaction=True)
async def test_the_real_application_sends_parts_too(owner, weights):
    client = AsyncClient()
    await client.aforce_login(owner, backend=BACKEND)
    rest = await client.get(weights, headers={"Range": "bytes=-4"})
    assert rest.status_code == 206
    assert b"".join([block async for block in rest]) == b"ghts"


def test_an_archive_is_made_anew_and_cannot_be_resumed(owner_client):
    archive = owner_client.get(reverse("dashboard:data_export"))
    assert archive["Accept-Ranges"] == "none"
    body_of(archive)


LARGE = 3_000_000
STORE = f"""
from pathlib import Path
from django.core.files.base import ContentFile
from accounts.models import User
from models_app.models import UserModel
model = UserModel(owner=User.objects.get(), name="Ann")
content = b"".join(number.to_bytes(3, "big") for number in range({LARGE // 3}))
model.weights.save("w.safetensors", ContentFile(content), save=False)
model.save()
print(model.pk)
"""


def test_curl_resumes_at_the_real_server(server, environment, tmp_path):
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    _, port, session = server
    model = UserModel(pk=manage(environment, "shell", "-v0", "-c", STORE))
    url = f"http://127.0.0.1:{port}{reverse('dashboard:weights', args=[model.pk])}"
    file = tmp_path / "w.safetensors"
    content = b"".join(number.to_bytes(3, "big") for number in range(LARGE // 3))
    file.write_bytes(content[:1_234_567])

    def curl(*options: str) -> str:
        command = ["curl", "-sS", "--fail", "-b", session, *options, url]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    sent = curl("-C", "-", "-o", str(file), "-w", "%{http_code} %{size_download}")
    assert sent == f"206 {LARGE - 1_234_567}"
    assert file.read_bytes() == content
    assert f"content-length: {LARGE}" in curl("-I").lower()
    assert Path(file).stat().st_size == LARGE
