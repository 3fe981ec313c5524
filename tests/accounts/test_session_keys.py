"""Session keys that only somebody else can have made are asked for nowhere."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.test import Client

from accounts.session_store import SessionStore


@pytest.mark.parametrize("key", ["\0" * 32, "é" * 32, "a" * 31, "a" * 33, "A" * 32, "", None, 7])
def test_a_key_that_django_never_makes_is_none(key):
    assert SessionStore(key).session_key is None


@pytest.mark.django_db
def test_a_cookie_with_such_a_key_costs_no_query(django_assert_num_queries):
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = "\0" * 32
    with django_assert_num_queries(0):
        assert client.get("/dashboard/").status_code == 302


@pytest.mark.django_db
def test_the_keys_that_django_makes_are_good():
    made = SessionStore()
    made.create()
    assert SessionStore(made.session_key).session_key == made.session_key
