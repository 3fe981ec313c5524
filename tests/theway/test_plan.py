"""What the launcher starts, and what it says where it cannot."""

from __future__ import annotations

import errno
import os
import socket

import pytest

from environment.reading import Environment
from providers.registry import from_environment
from theway.launcher.plan import Plan, PlanError
from theway.processes import ports
from theway.processes.ports import unused_port
from theway.web_addresses import loopback_host


@pytest.fixture
def plan(settings, monkeypatch):
    """Return the plan for these variables, and nothing else of the environment."""

    def make(**variables: str) -> Plan:
        for name in [name for name in os.environ if name.startswith(("TRAINER_", "WEB_"))]:
            monkeypatch.delenv(name)
        for name, value in {"PORT": str(unused_port()), **variables}.items():
            monkeypatch.setenv(name, value)
        settings.PROVIDERS = from_environment(Environment(os.environ))
        return Plan.from_environment()

    return make


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://127.0.0.1:8100", "127.0.0.1"),
        ("http://localhost:8100", "127.0.0.1"),
        ("http://LOCALHOST:8100/", "127.0.0.1"),
        ("HTTP://127.0.0.1:8100//", "127.0.0.1"),
        ("http://trainer.localhost:8100", "127.0.0.1"),
        ("http://127.0.0.1:8100/v1", "127.0.0.1"),
        ("http://[::1]:8100", "::1"),
        ("http://127.0.0.2:8100", "127.0.0.2"),
    ],
)
def test_an_address_of_this_machine_starts_the_trainer_however_it_is_written(plan, url, host):
    found = plan(TRAINER_URL=url)
    assert "trainer" in found.commands and found.notes == []
    assert found.environment()["TRAINER_HOST"] == host
    assert found.environment()["TRAINER_API_KEYS"] == "local"


def test_a_port_that_the_scheme_implies_is_a_port(plan):
    assert "trainer" in plan(TRAINER_URL="http://localhost", TRAINER_PORT="80").commands


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://10.0.0.9:8100", "TRAINER_URL is http://10.0.0.9:8100"),
        ("http://127.0.0.1:8200", "TRAINER_URL is http://127.0.0.1:8200"),
        ("https://127.0.0.1:8100", "TRAINER_URL is https://127.0.0.1:8100"),
        ("http://127.0.0.1.example.org:8100", "TRAINER_URL is http://127.0.0.1.example.org:8100"),
        ("", "TRAINER_URL is empty"),
    ],
)
def test_where_the_bundled_trainer_is_not_started_it_is_said_why(plan, url, reason):
    found = plan(TRAINER_URL=url)
    assert "trainer" not in found.commands
    assert found.notes == [
        f"The bundled trainer is not started: {reason}, and not http://127.0.0.1:8100."
    ]


@pytest.mark.parametrize("url", ["http://[::1", "http://127.0.0.1:99999", "nonsense", "http://"])
def test_what_is_no_address_is_no_trainer_of_ours(url):
    assert loopback_host(url, 8100) == ""


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.EADDRINUSE, "Address already in use"), "is already in use"),
        (PermissionError(errno.EACCES, "Permission denied"), "may not open port"),
        (OSError(errno.EADDRNOTAVAIL, "Cannot assign"), "WEB_HOST is 127.0.0.1, which is no"),
        (OSError(errno.EMFILE, "Too many open files"), "cannot be opened: Too many open files"),
        (socket.gaierror(-2, "Name not known"), "WEB_HOST is 127.0.0.1, which is no address"),
    ],
)
def test_the_true_cause_is_named_where_nobody_can_listen(plan, monkeypatch, error, words):
    monkeypatch.setattr(ports, "FREE_LIMIT", 0.0)
    monkeypatch.setattr(ports, "obstacle", lambda host, port: error)
    with pytest.raises(PlanError) as raised:
        plan(TRAINER_URL="").check_ports()
    assert words in str(raised.value)
    assert ("in use" in str(raised.value)) is (error.errno == errno.EADDRINUSE)


def test_an_address_of_another_machine_is_not_called_a_taken_port(plan):
    with pytest.raises(PlanError, match=r"WEB_HOST is 192\.0\.2\.1, which is no address"):
        plan(TRAINER_URL="", WEB_HOST="192.0.2.1").check_ports()
