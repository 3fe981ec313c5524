"""Whatever comes from outside is answered, and never with a 500."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client

from tests.factories import UserModelFactory, jpeg

pytestmark = pytest.mark.django_db
NUL, LONG = "\x00", "x" * 4096
PATHS = [
    "/dashboard/models/{}",
    "/dashboard/models/new/{}/about",
    "/dashboard/models/new/{}/{}",
    "/dashboard/photos/{}/full",
    "/dashboard/images/{}/thumbnail",
    "/weights/{}",
    "/api/models/{}",
    "/api/jobs/{}",
    "/accounts/confirm-email/{}/",
    "/accounts/invitation/{}/",
    "/accounts/password/reset/key/{}-{}/",
    "/admin/{}",
    "/admin/jobs/jobqueue/{}/change/",
    "/admin/jobs/jobqueue/?q={}&status={}&p={}&o={}",
    "/admin/models_app/usermodel/{}/change/",
    "/admin/accounts/user/{}/change/",
    "/admin/accounts/invitation/{}/change/",
    "/admin/accounts/invitation/?q={}&p={}&o={}",
    "/admin/r/{}/{}/",
    "/admin/jsi18n/?{}",
    "/admin/login/?next={}",
    "/accounts/login/?next={}",
    "/dashboard/models?before={}&after={}&page={}",
    "/dashboard/gallery?before={}&after={}",
    "/dashboard/activity?before={}&page={}",
    "/api/models?before={}&limit={}",
    "/texts.js?{}",
    "/static/{}",
]
ODD = [
    "%00",
    "%FF%FE",
    "%ED%A0%80",
    "..%2f..%2fetc",
    "-1",
    "9" * 400,
    "%F0%9F%92%A9",
    LONG,
    "a/b",
    "{}",
]


def is_answered(response) -> bool:
    return response.status_code < 500


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("path", PATHS)
def test_odd_addresses(owner_client, operator_client, client, path, odd):
    address = path.replace("{}", odd)
    for browser in (client, owner_client, operator_client):
        browser.raise_request_exception = False
        assert is_answered(browser.get(address)), address


FORMS = [
    "/accounts/login/",
    "/accounts/signup/",
    "/accounts/invitation/unknown/",
    "/accounts/password/reset/",
    "/api/models",
]
TYPES = [
    "application/x-www-form-urlencoded; charset=utf-7",
    "application/x-www-form-urlencoded; charset=no-such",
    "multipart/form-data",
    "multipart/form-data; boundary=" + "b" * 500,
    "multipart/form-data; boundary=\xff",
    "application/json; charset=utf-32",
    "text/plain",
    "x",
    "",
]


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("path", FORMS)
def test_bodies_of_odd_kinds(owner_client, client, path, kind):
    for body in (b"", b"\xff\xfe\x00", b"email=a%00b&login=%ff&password=%00&password1=%00", b"{"):
        for browser in (client, owner_client):
            browser.raise_request_exception = False
            assert is_answered(browser.generic("POST", path, body, content_type=kind)), body


@pytest.mark.parametrize("value", [NUL, f"ann{NUL}@example.org", LONG, "\ud800", "a@b", "é" * 300])
@pytest.mark.parametrize("path", FORMS)
def test_texts_that_no_database_takes(client, path, value):
    client.raise_request_exception = False
    names = ("login", "email", "password", "password1", "next", "name")
    data = dict.fromkeys(names, value.encode("utf-8", "surrogatepass").decode("utf-8", "replace"))
    assert is_answered(client.post(path, data))
    raw = "&".join(f"{name}=%ED%A0%80%00" for name in names)
    kind = "application/x-www-form-urlencoded"
    assert is_answered(client.post(path, raw, content_type=kind))


@pytest.mark.parametrize(
    "name", [LONG, f"a{NUL}.jpg", "../../etc/passwd", "", "é" * 2000, "\ud83d\ude00.jpg"]
)
def test_odd_file_names(owner, owner_client, name):
    model = UserModelFactory(owner=owner)
    owner_client.raise_request_exception = False
    file = SimpleUploadedFile("x.jpg", jpeg(), "image/jpeg")
    file._name = name.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    answer = owner_client.post(f"/dashboard/models/new/{model.pk}/photos", {"photos": file})
    assert is_answered(answer)


def test_a_hundred_and_one_files(owner, owner_client):
    model = UserModelFactory(owner=owner)
    owner_client.raise_request_exception = False
    files = [io.BytesIO(b"no photo") for _ in range(101)]
    for number, file in enumerate(files):
        file.name = f"{number}.jpg"
    answer = owner_client.post(f"/dashboard/models/new/{model.pk}/photos", {"photos": files})
    assert is_answered(answer)


@pytest.mark.parametrize(
    "method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "X" * 99]
)
@pytest.mark.parametrize(
    "path", ["/", "/dashboard/", "/accounts/login/", "/api/models", "/admin/", "/readyz"]
)
def test_odd_methods(owner_client, path, method):
    owner_client.raise_request_exception = False
    assert is_answered(owner_client.generic(method, path, b"\x00"))


@pytest.mark.django_db(transaction=True)
def test_one_address_that_signs_up_eight_times_at_once_is_one_account(django_user_model):
    def sign_up(_number: int) -> int:
        browser = Client(raise_request_exception=False)
        data = {"email": "ann@example.org", "password1": "correct horse battery"}
        try:
            return browser.post("/accounts/signup/", data).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(sign_up, range(8)))
    assert max(statuses) < 500
    assert django_user_model.objects.filter(email="ann@example.org").count() == 1
