"""A request under a name that is not the site's: a proxy that does not pass the host on."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize("host", ["10.0.0.9:8000", "strange.example.org", "a/b@c", "x" * 300])
def test_the_page_says_so_and_what_the_operator_can_change(client, host):
    answer = client.get("/accounts/login/", HTTP_HOST=host)
    page = answer.content.decode()
    assert answer.status_code == 400
    assert "not known by that name" in page and "DJANGO_ALLOWED_HOSTS" in page
    assert host not in page and "photos at once" not in page


def test_a_program_gets_the_same_as_json(client):
    answer = client.get("/api/models", HTTP_HOST="strange.example.org")
    assert answer.status_code == 400
    assert "DJANGO_ALLOWED_HOSTS" in answer.json()["detail"]


def test_another_suspicious_request_has_its_own_page(owner_client):
    fields = {f"field{number}": "x" for number in range(1500)}
    answer = owner_client.post("/dashboard/models/new", fields)
    assert answer.status_code == 400
    assert b"could not read that request" in answer.content
