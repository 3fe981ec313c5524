"""The site behind real proxies with TLS: as documented, and with the limits they bring along."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from django.conf import settings
from PIL import Image

from tests.theway.proxies import SNIPPETS, find, proxy
from tests.theway.served import Served, serve
from theway.processes.ports import unused_port

PROXIES = ("nginx", "caddy", "haproxy", "traefik")
# Debian has no package of it.
OPTIONAL = {"traefik"}
MEBIBYTE = 1024 * 1024
NEW = "/dashboard/models/new"

pytestmark = pytest.mark.service


def needs(name: str) -> None:
    if find(name) is None:
        if os.environ.get("THEWAY_REQUIRE_SERVICES") and name not in OPTIONAL:
            pytest.fail(f"{name} is not installed")
        pytest.skip(f"{name} is not installed")


@dataclass
class Behind:
    """A person at the site, through a proxy."""

    site: Served
    address: str
    session: requests.Session
    folder: Path
    upload_path: str = ""

    def get(self, path: str, **options) -> requests.Response:
        return self.session.get(f"{self.address}{path}", timeout=30, **options)

    def post(self, path: str, **options) -> requests.Response:
        headers = {"Referer": f"{self.address}/", "Origin": self.address}
        token = self.session.cookies.get(self.site.csrf_cookie)
        if token:
            headers["X-CSRFToken"] = token
        headers |= options.pop("headers", {})
        return self.session.post(f"{self.address}{path}", headers=headers, timeout=60, **options)

    def upload(self, content: bytes, name: str = "photo.jpg") -> requests.Response:
        files = {"photos": (name, content, "image/jpeg")}
        return self.post(self.upload_path, files=files, headers={"Accept": "application/json"})

    def sign_in(self) -> requests.Response:
        self.get("/accounts/login/")
        data = {"login": "owner@example.org", "password": "x"}
        answer = self.post("/accounts/login/", data=data, allow_redirects=False)
        self.begin_draft()
        return answer

    def begin_draft(self) -> None:
        """Have a draft of this test's own, so that each has room for its photos."""
        answers = {"name": "Mug", "kind": "product", "go": "next"}
        answers["trigger_word"] = f"mug_{os.urandom(4).hex()}"  # one draft has it already
        found = re.search(
            r"/dashboard/models/new/([0-9a-f-]{36})", self.post(NEW, data=answers).url
        )
        assert found
        self.upload_path = f"{found[0]}/photos/upload"


@pytest.fixture(scope="module")
def port() -> int:
    """Where the proxies listen, one after the other: the address that people use names it."""
    return unused_port()


@pytest.fixture(scope="module")
def site(port, tmp_path_factory) -> Iterator[Served]:
    served = serve(
        tmp_path_factory.mktemp("site"),
        PUBLIC_URL=f"https://localhost:{port}",
        DJANGO_ALLOWED_HOSTS="localhost",
        EMAIL_URL="smtp://127.0.0.1:9",
    )
    yield served
    served.process.kill()


def behind(name: str, site: Served, port: int, folder: Path, is_default: bool) -> Iterator[Behind]:
    needs(name)
    with proxy(name, folder, site.port, port, is_default=is_default) as ground:
        session = requests.Session()
        session.trust_env = False
        session.verify = str(ground.certificate)
        yield Behind(site, f"https://localhost:{port}", session, folder)


@pytest.fixture
def documented(request, site, port, tmp_path) -> Iterator[Behind]:
    yield from behind(request.param, site, port, tmp_path, is_default=False)


@pytest.fixture
def default(request, site, port, tmp_path) -> Iterator[Behind]:
    yield from behind(request.param, site, port, tmp_path, is_default=True)


def noise(size: int) -> bytes:
    """Return a photo that hardly compresses, as those of phones."""
    file = io.BytesIO()
    Image.frombytes("RGB", (size, size), os.urandom(size * size * 3)).save(file, "JPEG", quality=92)
    return file.getvalue()


@pytest.mark.parametrize("documented", PROXIES, indirect=True)
def test_everything_works_behind_a_proxy_set_up_as_documented(documented):
    # Signing in, with a token, with cookies that only this host may set and only https carries.
    answer = documented.sign_in()
    assert answer.status_code == 302, answer.text[:500]
    assert answer.headers["Location"].startswith("/")
    cookies = answer.raw.headers.getlist("Set-Cookie")
    assert cookies and all(one.startswith("__Host-") and "Secure" in one for one in cookies)
    assert "max-age=31536000" in answer.headers["Strict-Transport-Security"]
    # A forged form is refused by us.
    forged = documented.post("/accounts/logout/", headers={"X-CSRFToken": "x" * 32})
    assert (forged.status_code, forged.headers["X-Answered-By"]) == (403, "theway")
    # Twenty photos, the first as large as a phone's.
    photos = [noise(2400), *(noise(600) for _ in range(19))]
    assert len(photos[0]) > 3 * MEBIBYTE
    stored = [documented.upload(photo, f"{number}.jpg") for number, photo in enumerate(photos)]
    assert [one.status_code for one in stored] == [201] * 20, stored[0].text
    # Live updates begin at once, and what is said then arrives while the answer goes on.
    with documented.get("/dashboard/events", stream=True) as stream:
        assert stream.headers["Content-Type"] == "text/event-stream"
        assert next(stream.iter_content(64)).startswith(b"retry:")
    # A picture comes back whole.
    card = stored[1].json()["card"]
    path = re.search(r'src="(/dashboard/photos/[^"]+)"', card)
    assert path, card
    picture = documented.get(path[1])
    assert Image.open(io.BytesIO(picture.content)).size
    # Probes, and what is ours to refuse.
    assert documented.get("/healthz").text == "ok"
    refused = documented.post("/accounts/login/", data=b"x" * 2 * MEBIBYTE)
    assert (refused.status_code, refused.headers["X-Answered-By"]) == (413, "theway")


@pytest.mark.parametrize("default", PROXIES, indirect=True)
def test_a_proxys_default_limits_are_told_as_its_own(default):
    """Whatever is not ours carries no mark, so the page can say who refused."""
    assert default.sign_in().status_code == 302
    answer = default.upload(noise(2400))
    if answer.status_code != 201:
        assert answer.status_code == 413
        assert "X-Answered-By" not in answer.headers
    assert default.upload(noise(300)).headers["X-Answered-By"] == "theway"
    with default.get("/dashboard/events", stream=True) as stream:
        assert next(stream.iter_content(64)).startswith(b"retry:"), "not held back by default"


@pytest.mark.parametrize("documented", PROXIES, indirect=True)
def test_a_site_that_is_away_is_told_as_the_proxys_word(documented):
    documented.site.process.kill()
    try:
        answer = documented.get("/accounts/login/")
        assert answer.status_code in {502, 503, 504}
        assert "X-Answered-By" not in answer.headers
    finally:
        documented.site.process.start()


@pytest.mark.parametrize("documented", ["nginx"], indirect=True)
def test_plain_http_is_led_to_https(documented):
    config = (documented.folder / "nginx.conf").read_text()
    plain = re.search(r"listen 127\.0\.0\.1:(\d+);", config)
    assert plain
    answer = requests.get(f"http://127.0.0.1:{plain[1]}/x?y", allow_redirects=False, timeout=10)
    assert answer.status_code == 301 and answer.headers["Location"].startswith("https://")


def test_the_documentation_holds_the_tested_snippets_word_by_word():
    page = (Path(settings.BASE_DIR) / "docs" / "proxies.md").read_text()
    blocks = re.findall(r"```[a-z]*\n(.*?)```", page, re.DOTALL)
    for path in SNIPPETS.iterdir():
        assert path.read_text() in blocks, f"{path.name} is not in docs/proxies.md as it is"
