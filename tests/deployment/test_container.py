"""The image's own commands, without rights and on a root that cannot be written."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import stat
import sys
from contextlib import ExitStack

import pytest
import yaml

from tests.deployment import dockerfile
from tests.deployment.container import Container
from theway.launcher.ready import READY
from theway.processes.installation import ROOT
from theway.processes.waiting import wait_until

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0 or not shutil.which("unshare"),
    reason="needs root on Linux, to make a root of its own",
)
NAME = "photos.example.org"
# As the site of an operator who followed the book; database and broker stay in the data folder.
OPERATORS = {
    "PUBLIC_URL": f"https://{NAME}",
    "DJANGO_ALLOWED_HOSTS": NAME,
    "EMAIL_URL": "smtp://127.0.0.1:9",
    "TRAINER_URL": "",
    "TRUSTED_PROXIES": "127.0.0.1",
}
# A person uploads a photo, which is opened in a process of its own, and looks at it.
_UPLOAD = """
import http.client, io, os, re, django
os.environ["DJANGO_SETTINGS_MODULE"] = "theway.settings"
django.setup()
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from PIL import Image
from accounts.models import User
from models_app.models import TrainingImage, UserModel
user = User.objects.create_user(email="ann@example.org", password="x")
session = SessionStore()
session[SESSION_KEY] = str(user.pk)
session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
session[HASH_SESSION_KEY] = user.get_session_auth_hash()
session.save()
model = UserModel.objects.create(owner=user)
photo = io.BytesIO()
Image.new("RGB", (900, 700), "teal").save(photo, "JPEG")
token = "a" * 32
headers = {
    "Host": "photos.example.org", "X-Forwarded-Proto": "https", "Accept": "application/json",
    "Referer": "https://photos.example.org/", "X-CSRFToken": token,
    "Cookie": f"{settings.SESSION_COOKIE_NAME}={session.session_key}; "
        f"{settings.CSRF_COOKIE_NAME}={token}",
}
def ask(method, path, body=None, **more):
    connection = http.client.HTTPConnection("127.0.0.1", 8000, timeout=30)
    connection.request(method, path, body, headers | more)
    response = connection.getresponse()
    return response.status, response.read()
body = (b"--edge\\r\\nContent-Disposition: form-data; name=photos; filename=a.jpg\\r\\n"
    b"Content-Type: image/jpeg\\r\\n\\r\\n" + photo.getvalue() + b"\\r\\n--edge--\\r\\n")
status, answer = ask("POST", f"/dashboard/models/new/{model.pk}/photos/upload", body,
    **{"Content-Type": "multipart/form-data; boundary=edge"})
assert status == 201, answer
status, answer = ask("GET", f"/dashboard/photos/{TrainingImage.objects.get().pk}/full")
assert (status, Image.open(io.BytesIO(answer)).size) == (200, (900, 700)), answer
status, page = ask("GET", "/dashboard/", Accept="text/html")
assert status == 200
style = re.search(rb'href="(/static/[^"]+[.]css)"', page)[1].decode()
assert ask("GET", style)[0] == 200
print("uploaded")
"""
_IS_READY = f"""
import http.client
connection = http.client.HTTPConnection("127.0.0.1", 8000, timeout=30)
connection.request("GET", "/readyz", headers={{"Host": "{NAME}", "X-Forwarded-Proto": "https"}})
print(connection.getresponse().read().decode())
"""


@pytest.fixture(scope="module")
def image(tmp_path_factory) -> Container:
    folder = tmp_path_factory.mktemp("container")
    for parent in folder.parents:  # the image's account has to come through
        if parent.stat().st_uid == os.geteuid() and str(parent) != "/":
            parent.chmod(parent.stat().st_mode | stat.S_IXOTH)
    container = Container.built(folder)
    container.env = dockerfile.environment() | OPERATORS
    return container


def command_of(service: str) -> list[str]:
    services = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    return shlex.split(services[service]["command"])


def test_all_services_run_as_nobody_on_a_root_that_cannot_be_written(image):
    image.run(command_of("migrate"))
    with ExitStack() as stack:
        web = image.process("web", command_of("web"))
        others = [
            image.process(name, command_of(name), ready_line=READY)
            for name in ("worker", "poller", "beat")
        ]
        for process in (web, *others):
            stack.callback(process.kill)
            process.launch()
        assert wait_until(lambda: all(one.check_ready() for one in others), 60), logs(others)
        assert wait_until(lambda: is_healthy(image, web), 60), web.log
        assert image.execute(web, ["python", "-c", _UPLOAD]) == "uploaded\n"
        # The sweep runs: beat, broker, poller and database work together.
        is_ready = lambda: "true" in image.execute(web, ["python", "-c", _IS_READY])  # noqa: E731
        assert wait_until(is_ready, 60), logs([web, *others])
        said = logs([web, *others])
        assert not re.search(r"Read-only|Permission denied|Errno (13|30)|Traceback", said), said
    owners = {path.stat().st_uid for path in image.data.rglob("*")}
    assert owners == {dockerfile.user()[0]}
    open_to_others = [path for path in image.data.rglob("*") if path.stat().st_mode & 0o077]
    assert not open_to_others


def is_healthy(image: Container, web) -> bool:
    """Whether the image's own health check says so; it answers to its public name only."""
    try:
        image.execute(web, dockerfile.healthcheck())
    except AssertionError:
        return False
    return True


def logs(processes) -> str:
    return "\n".join(f"{one.name}: {one.log}" for one in processes)


def test_the_trainer_runs_like_that_too(image):
    env = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]["trainer"]["environment"]
    trainer = Container(image.app, image.data, image.mountpoint, {**image.env, **env})
    trainer.env |= {"TRAINER_API_KEYS": "a-key-of-its-own"}
    process = trainer.process("trainer", command_of("trainer"))
    try:
        process.launch()
        assert wait_until(lambda: is_healthy(trainer, process), 30), process.log
    finally:
        process.kill()


def test_the_root_is_really_closed(image):
    """Or the tests above would say nothing."""
    code = (
        "import os, pathlib\n"
        "for name in ('/app/a', '/a', '/opt/venv/a', '/etc/a', '/usr/a'):\n"
        "    try: pathlib.Path(name).touch()\n"
        "    except OSError: continue\n"
        "    raise SystemExit(name)\n"
        "pathlib.Path('/tmp/a').touch(), pathlib.Path('/data/a').touch()\n"
        "os.unlink('/data/a')\n"
        "assert os.getuid() == 10001 and os.getgroups() == []\n"
        "status = pathlib.Path('/proc/self/status').read_text()\n"
        "assert 'NoNewPrivs:\\t1' in status and 'CapEff:\\t0000000000000000' in status\n"
    )
    image.run(["python", "-c", code])


def test_what_is_built_holds_no_secret_and_nothing_of_this_machine(image):
    names = {str(path.relative_to(image.app)) for path in image.app.rglob("*")}
    assert "staticfiles" in names
    for name in ("media", "var", ".env", ".git", "tests", "secret_key"):
        assert not any(name in one.split("/") for one in names), name
