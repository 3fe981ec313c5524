"""The installation's own walls: files, cookies, headers, proxies, and its log of safety."""

import logging
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from theway.processes.installation import installation_environment
from theway.processes.ports import unused_port
from theway.processes.process import Process

ROOT = Path(__file__).resolve().parents[2]
FORGED = {"X-Forwarded-For": "203.0.113.5", "X-Forwarded-Proto": "https"}


def settings_of(folder: Path, expression: str, **variables: str) -> str:
    """What the settings hold in a process of an installation in `folder`."""
    code = f"from theway import settings as s; print({expression})"
    env = (
        installation_environment(folder, port=unused_port(), trainer_port=unused_port()) | variables
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=env, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


# --- files ---------------------------------------------------------------------------------


def test_what_was_open_to_other_accounts_is_closed(tmp_path):
    for name in ("var", "media"):
        (tmp_path / name).mkdir()
        (tmp_path / name).chmod(0o755)
    database = tmp_path / "db.sqlite3"
    database.touch()
    database.chmod(0o644)
    assert settings_of(tmp_path, "oct(__import__('os').umask(0))") == "0o77"
    modes = [(tmp_path / name).stat().st_mode & 0o777 for name in ("var", "media", "db.sqlite3")]
    assert modes == [0o700, 0o700, 0o600]


# --- cookies -------------------------------------------------------------------------------


def test_two_installations_on_one_machine_have_cookies_of_their_own(tmp_path):
    names = {
        settings_of(tmp_path / folder, "s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME")
        for folder in ("one", "two")
    }
    assert len(names) == 2
    assert settings_of(tmp_path / "one", "s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME") in names


def test_with_https_no_other_host_of_the_domain_can_set_them(tmp_path):
    said = settings_of(
        tmp_path,
        "s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME, s.SESSION_COOKIE_SECURE, "
        "s.SECURE_HSTS_SECONDS > 0, s.SECURE_HSTS_INCLUDE_SUBDOMAINS, s.SECURE_HSTS_PRELOAD",
        PUBLIC_URL="https://theway.example.org",
    )
    assert said.count("__Host-") == 2
    assert said.endswith("True True False False")


def test_the_whole_domain_is_https_only_where_that_is_said_in_so_many_words(tmp_path):
    said = settings_of(
        tmp_path,
        "s.SECURE_HSTS_INCLUDE_SUBDOMAINS, s.SECURE_HSTS_PRELOAD",
        PUBLIC_URL="HTTPS://TheWay.example.org/",
        HSTS_INCLUDE_SUBDOMAINS="yes",
        HSTS_PRELOAD="no",
    )
    assert said == "True False"


# --- headers -------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/dashboard/", "/dashboard/models", "/api/me", "/no-such-page"])
def test_nothing_that_was_seen_signed_in_is_kept(client, django_user_model, path):
    client.force_login(django_user_model.objects.create_user("ann@example.org", "x"))
    assert "no-store" in client.get(path)["Cache-Control"]


@pytest.mark.django_db
def test_signing_out_empties_what_the_browser_kept(client, django_user_model):
    assert "Clear-Site-Data" not in client.get("/")
    client.force_login(django_user_model.objects.create_user("ann@example.org", "x"))
    assert "Clear-Site-Data" not in client.get("/dashboard/")
    assert '"cache"' in client.post("/accounts/logout/")["Clear-Site-Data"]


# --- proxies -------------------------------------------------------------------------------


@contextmanager
def site(folder: Path, trusted: str) -> Iterator[str]:
    """The Procfile's web service behind the proxies of `trusted`; its address."""
    port = unused_port()
    # Debug, because static files that nobody has collected are not what this is about.
    env = installation_environment(folder, port=port, trainer_port=unused_port()) | {
        "DJANGO_DEBUG": "1"
    }
    subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, env=env, check=True)
    command = [sys.executable, "-m", "theway.server", "--port", str(port)]
    command += ["--trusted-proxies", trusted]
    process = Process("web", command, cwd=ROOT, env=env, port=port)
    try:
        process.start()
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()


@pytest.mark.parametrize(("trusted", "status"), [("127.0.0.1", 404), ("192.0.2.1", 200)])
def test_only_a_proxy_that_is_named_says_who_the_client_is(tmp_path, trusted, status):
    """The metrics are for this machine only: so the address that counts decides."""
    with site(tmp_path, trusted) as address:
        answer = requests.get(f"{address}/metrics", headers=FORGED, timeout=30)
    assert answer.status_code == status, answer.text


def test_the_procfile_names_the_proxies():
    procfile = (ROOT / "Procfile").read_text()
    assert "--trusted-proxies $TRUSTED_PROXIES" in procfile


# --- the log of safety ---------------------------------------------------------------------


@pytest.mark.django_db
def test_signing_in_and_failing_to_are_written_without_an_address(
    client, django_user_model, caplog
):
    user = django_user_model.objects.create_user("ann@example.org", "correct horse battery")
    caplog.set_level(logging.INFO, "theway.security")
    for password in ("wrong", "correct horse battery"):
        client.post("/accounts/login/", {"login": user.email, "password": password})
    client.post("/accounts/logout/")
    said = [message.split(" account=")[0] for message in caplog.messages]
    assert {"sign-in failed", "signed in", "signed out"} <= set(said)
    assert f"account={user.pk} " in "".join(caplog.messages)
    assert "ann@" not in "".join(caplog.messages)
