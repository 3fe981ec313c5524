"""A full disk is said as what it is, loses nothing, and leaves reading as it was."""

from __future__ import annotations

import errno
import http.client
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from django.db import OperationalError
from django.test import Client

from models_app.disk import SQLITE_FULL, is_full
from tests.dashboard.wizard_drafts import draft, photo as upload_file, upload_address
from tests.factories import jpeg
from tests.theway.served import Served, serve
from tests.theway.test_served import large_photo, upload
from theway.full_disk import FullDisk
from theway.processes.installation import ROOT

MEBIBYTE = 1024 * 1024


def file_error() -> Exception:
    """Return what the system says to who writes to a full disk (full(4))."""
    with pytest.raises(OSError) as caught, Path("/dev/full").open("w") as full:
        full.write("photo")
        full.flush()
    return caught.value


def database_error() -> Exception:
    """Return what Django makes of SQLite's own word for it."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("PRAGMA max_page_count = 1")
        try:
            connection.execute("CREATE TABLE t AS SELECT randomblob(99999)")
        except sqlite3.OperationalError as full:
            error = OperationalError(*full.args)
            error.__cause__ = full
            return error
    raise AssertionError("a database of one page took more")


def postgres_error() -> Exception:
    error = OperationalError("could not extend file")
    error.__cause__ = type("DiskFull", (Exception,), {"sqlstate": "53100"})()
    return error


def wrapped_error() -> Exception:
    """Return an error of somebody who did not know what to make of it."""
    try:
        try:
            raise OSError(errno.EDQUOT, "Disk quota exceeded")
        except OSError as error:
            raise RuntimeError("could not be stored") from error
    except RuntimeError as error:
        return error


FULL = [file_error, database_error, postgres_error, wrapped_error]
OTHER = [OSError(errno.EACCES, "no"), OperationalError("database is locked"), ValueError("no")]


@pytest.mark.parametrize("make", FULL)
def test_each_way_in_which_a_disk_is_full_is_known(make):
    assert is_full(make())


@pytest.mark.parametrize("error", [*OTHER, None])
def test_nothing_else_is_taken_for_a_full_disk(error):
    assert not is_full(error)


def test_errors_that_caused_each_other_are_no_endless_search():
    one, other = ValueError(), KeyError()
    one.__cause__, other.__cause__ = other, one
    assert not is_full(one)


@pytest.fixture
def breaking(monkeypatch):
    def break_(error: Exception) -> None:
        def fail(*_args, **_kwargs):
            raise error

        # One photo of the page's script, and what a plain form sends.
        monkeypatch.setattr("dashboard.wizard.upload_handlers.add_photo", fail)
        monkeypatch.setattr("models_app.intake.add_photo", fail)

    return break_


def quiet(client: Client) -> Client:
    client.raise_request_exception = False
    return client


@pytest.mark.parametrize("make", FULL)
def test_the_owner_is_told_what_is_wrong_and_what_to_do(owner, owner_client, breaking, make):
    breaking(make())
    address = upload_address(draft(owner))
    # A plain form sends several: what was stored before stays, and the page says the rest.
    page = quiet(owner_client).post(address, {"photos": upload_file()}, follow=True)
    assert b"out of disk space" in page.content or b"free some space" in page.content
    reply = quiet(owner_client).post(
        address, {"photos": upload_file()}, headers={"Accept": "application/json"}
    )
    assert reply.status_code == 507
    assert reply["Content-Type"].startswith("application/json")
    assert "free some space" in reply.json()["message"]


@pytest.mark.parametrize("error", OTHER)
def test_any_other_error_is_still_one_of_ours(owner, owner_client, breaking, error):
    breaking(error)
    reply = quiet(owner_client).post(upload_address(draft(owner)), {"photos": upload_file()})
    assert reply.status_code == 500
    assert b"disk space" not in reply.content


def test_a_stranger_and_nobody_learn_nothing_of_the_disk(
    owner, stranger_client, anonymous_client, breaking
):
    breaking(file_error())
    address = upload_address(draft(owner))
    for client, status in ((stranger_client, 404), (anonymous_client, 302)):
        assert quiet(client).post(address, {"photos": upload_file()}).status_code == status


def test_a_photo_that_finds_no_room_is_answered_like_that_too(owner, owner_client, monkeypatch):
    def full(*_args, **_kwargs):
        raise file_error()

    monkeypatch.setattr("models_app.synced_storage.SyncedStorage._save", full)
    model = draft(owner)
    reply = owner_client.post(
        upload_address(model), {"photos": upload_file()}, headers={"Accept": "application/json"}
    )
    assert (reply.status_code, reply.json()["code"]) == (507, "no_space")
    assert not model.photos.exists()


class Exchange:
    """One request to an ASGI application; `sent` is what it answers."""

    def __init__(self, error: Exception, *, begins: bool = False) -> None:
        self._error, self._begins = error, begins
        self.sent: list[dict] = []

    async def run(self) -> None:
        scope = {"type": "http", "headers": [(b"accept", b"application/json")], "path": "/x"}
        await FullDisk(self._app)(scope, None, self._send)

    async def _app(self, scope, receive, send) -> None:
        if self._begins:
            await send({"type": "http.response.start", "status": 200, "headers": []})
        raise self._error

    async def _send(self, message) -> None:
        self.sent.append(message)


async def test_a_body_that_finds_no_room_is_answered_before_there_is_a_request():
    exchange = Exchange(file_error())
    await exchange.run()
    assert exchange.sent[0]["status"] == 507
    assert b"free some space" in exchange.sent[1]["body"]


@pytest.mark.parametrize(("error", "begins"), [(ValueError("no"), False), (file_error(), True)])
async def test_what_is_no_full_disk_or_comes_too_late_is_passed_on(error, begins):
    exchange = Exchange(error, begins=begins)
    with pytest.raises(type(error)):
        await exchange.run()


# --- a disk that is really full, where the machine lets us have one --------------------------


@contextmanager
def small_disk(folder: Path, mebibytes: int) -> Iterator[Path]:
    """A file system in memory (mount(8)). Raises CalledProcessError or OSError."""
    options = f"size={mebibytes}m,mode=0700"
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    subprocess.run(command, check=True, capture_output=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True, capture_output=True)


def can_mount() -> bool:
    with TemporaryDirectory() as folder:
        try:
            with small_disk(Path(folder), 1):
                return True
        except (OSError, subprocess.CalledProcessError):
            return False


def fill(folder: Path) -> Path:
    """Leave no free byte."""
    path = folder / "filling"
    size = MEBIBYTE
    with path.open("ab") as file:
        while size:
            try:
                os.posix_fallocate(file.fileno(), os.fstat(file.fileno()).st_size, size)
            except OSError:
                size //= 2
    return path


def page(served: Served, path: str, session: str) -> tuple[int, bytes]:
    with closing(http.client.HTTPConnection("127.0.0.1", served.port, timeout=60)) as client:
        client.request("GET", path, headers={"Cookie": session})
        reply = client.getresponse()
        return reply.status, reply.read()


def post(served: Served, path: str, fields: str) -> tuple[int, bytes]:
    token = "a" * 32
    headers = {
        "Cookie": f"{served.owner_session}; {served.csrf_cookie}={token}",
        "X-CSRFToken": token,
        "Content-Type": "application/x-www-form-urlencoded",
    }
    with closing(http.client.HTTPConnection("127.0.0.1", served.port, timeout=60)) as client:
        client.request("POST", path, fields, headers)
        reply = client.getresponse()
        return reply.status, reply.read()


READ = ("/dashboard/", "/dashboard/models", "/dashboard/activity", "/dashboard/gallery", "/healthz")

if can_mount():

    def test_on_a_really_full_disk_pages_are_read_and_everything_else_says_why(tmp_path):
        with small_disk(tmp_path, 64) as disk:
            served = serve(disk)
            try:
                _on_a_full_disk(served, disk)
            finally:
                served.process.kill()

    def _on_a_full_disk(served: Served, disk: Path) -> None:
        assert upload(served, served.owner_session, jpeg())[1]["count"] == 1
        before = {path: page(served, path, served.owner_session) for path in READ}
        filling = fill(disk)
        # One that fails where it is stored, and one whose body fails already.
        for photo in (jpeg(700, 700), large_photo()):
            status, reply = upload(served, served.owner_session, photo)
            assert (status, "free some" in reply["message"]) == (507, True)
        about = served.upload_path.removesuffix("photos/upload") + "about"
        description = f"name=Mug&kind=product&go=next&description={'long+' * 90}"
        statuses = {post(served, about, description)[0] for _ in range(30)}
        assert statuses <= {200, 302, 507}
        for path in READ:
            status, body = page(served, path, served.owner_session)
            assert (status, len(body) > 0) == (before[path][0], True), path
        filling.unlink()
        assert upload(served, served.owner_session, large_photo(2))[1]["count"] == 2


if can_mount():

    def test_on_a_disk_that_can_only_be_read_pages_are_read_and_everything_else_says_why(tmp_path):
        with small_disk(tmp_path, 64) as disk:
            served = serve(disk)
            try:
                _on_a_read_only_disk(served, disk)
            finally:
                served.process.kill()

    def _on_a_read_only_disk(served: Served, disk: Path) -> None:
        before = {path: page(served, path, served.owner_session) for path in READ}
        # Files that are open for writing keep a disk from becoming read-only: so a layer over it.
        for name in ("media", "var/uploads"):
            folder = str(disk / name)
            subprocess.run(["mount", "--bind", "-o", "ro", folder, folder], check=True)
        try:
            for photo in (jpeg(700, 700), large_photo()):
                status, reply = upload(served, served.owner_session, photo)
                assert (status, "can only be read" in reply["message"]) == (503, True)
            for path in READ:
                assert page(served, path, served.owner_session)[0] == before[path][0], path
        finally:
            for name in ("media", "var/uploads"):
                subprocess.run(["umount", str(disk / name)], check=True)
        assert upload(served, served.owner_session, jpeg())[1]["count"] == 1


def read_only_database() -> Exception:
    """Return what Django makes of a database file that may only be read."""
    with closing(sqlite3.connect("file:nothing?mode=memory", uri=True)) as connection:
        connection.execute("PRAGMA query_only = ON")
        try:
            connection.execute("CREATE TABLE t (a)")
        except sqlite3.OperationalError as refused:
            error = OperationalError(*refused.args)
            error.__cause__ = refused
            return error
    raise AssertionError("it was written to")


def replica() -> Exception:
    error = OperationalError("cannot execute INSERT in a read-only transaction")
    error.__cause__ = type("ReadOnly", (Exception,), {"sqlstate": "25006"})()
    return error


READ_ONLY = [lambda: OSError(errno.EROFS, "Read-only file system"), read_only_database, replica]


@pytest.mark.parametrize("make", READ_ONLY)
def test_a_disk_that_can_only_be_read_is_said_to_be(owner, owner_client, breaking, make):
    breaking(make())
    address = upload_address(draft(owner))
    headers = {"Accept": "application/json"}
    reply = quiet(owner_client).post(address, {"photos": upload_file()}, headers=headers)
    assert reply.status_code == 503
    assert "can only be read" in reply.json()["message"]


def test_a_full_disk_is_known_by_the_numbers_of_sqlite():
    names = ("SQLITE_FULL", "SQLITE_IOERR_WRITE", "SQLITE_IOERR_SHMSIZE")
    assert {getattr(sqlite3, name) for name in names} == SQLITE_FULL


def test_the_settings_name_the_temporary_folder_before_anything_imports_sqlite(tmp_path):
    """SQLite reads the folder's name once, when it is first imported."""
    code = (
        "import sys, theway.private_folders as p; keep = p.keep_temporary_files_in\n"
        "def checked(path): assert '_sqlite3' not in sys.modules; keep(path)\n"
        "p.keep_temporary_files_in = checked\n"
        "import theway.settings"
    )
    env = os.environ | {"THEWAY_DATA_DIR": str(tmp_path)}
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, check=True)
