"""Three people for every page: the owner, a stranger with an account, and nobody."""

from __future__ import annotations

import shutil

import pytest
from django.conf import settings
from django.test import Client

from accounts import later
from accounts.models import User
from tests.factories import UserFactory

pytest_plugins = [
    "tests.garbage",
    "tests.own_database",
    "tests.scripted_trainer",
    "tests.trainer_fixtures",
    "tests.paid_trainer",
    "tests.public_server",
    "tests.dashboard.real_server",
    "tests.storage.bucket_server",
]


def pytest_sessionfinish() -> None:
    """Delete the throw-away installation. With other settings the folder is a real one."""
    assert settings.SETTINGS_MODULE == "tests.settings"
    shutil.rmtree(settings.DATA_DIR, ignore_errors=True)


@pytest.fixture(autouse=True)
def private_files(settings, tmp_path):
    """Files of one test are not seen by the next: each has an installation of its own."""
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.JOURNAL_DIR = tmp_path / "journal"
    settings.PARTIAL_DIR = tmp_path / "partial"


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    """What happens after an answer happens before it: tests wait for nothing."""
    monkeypatch.setattr(later, "start", lambda work, args: work(*args))


@pytest.fixture
def owner(db) -> User:
    return UserFactory()


@pytest.fixture
def stranger(db) -> User:
    return UserFactory()


@pytest.fixture
def operator(db) -> User:
    return UserFactory(operator=True)


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


@pytest.fixture
def owner_client(owner) -> Client:
    return client_of(owner)


@pytest.fixture
def stranger_client(stranger) -> Client:
    return client_of(stranger)


@pytest.fixture
def operator_client(operator) -> Client:
    return client_of(operator)


@pytest.fixture
def anonymous_client() -> Client:
    return Client()
