import json
from datetime import timedelta

import pytest
from django.db import DatabaseError
from django.utils import timezone

from jobs import health
from jobs.engine import sweep
from jobs.models import Heartbeat
from tests.factories import JobFactory

pytestmark = pytest.mark.django_db


def test_a_running_process_answers_without_depending_on_anything(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert client.get("/healthz").content == b"ok"


def test_an_installation_at_work_is_ready(client):
    sweep.settle()
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["problems"]) == (200, [])


def test_without_a_sweep_it_is_not_ready(client):
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "sweep" in answer.json()["problems"][0]


def test_a_sweep_that_stopped_is_reported(client):
    Heartbeat.objects.create(name=sweep.HEARTBEAT, at=timezone.now() - timedelta(minutes=1))
    assert client.get("/readyz").status_code == 503


def test_a_run_not_observed_for_minutes_is_reported(client):
    sweep.settle()
    JobFactory(running=True, last_seen_at=timezone.now() - timedelta(minutes=10))
    answer = client.get("/readyz")
    assert answer.status_code == 200  # a provider that is away takes no web process out of work
    assert answer.json()["oldest_observation_age"] > 590
    assert "not been observed" in answer.json()["warnings"][0]


def test_a_broker_outage_is_reported(client, settings):
    sweep.settle()
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    assert client.get("/readyz").json()["broker"] is False


def test_a_database_outage_is_an_answer_not_an_error(monkeypatch):
    def away():
        raise DatabaseError

    monkeypatch.setattr(health, "last_heartbeat", away)
    assert health.check().problems == ["The database does not answer."]


def test_readiness_reveals_no_secrets(client, settings):
    assert settings.SECRET_KEY not in json.dumps(client.get("/readyz").json())


def test_metrics_count_jobs_by_state(client):
    JobFactory(running=True)
    text = client.get("/metrics").content.decode()
    assert 'theway_jobs{kind="training",provider="local",status="running"} 1.0' in text
    assert "theway_live_streams 0.0" in text


def test_metrics_are_for_this_machine_only_unless_a_token_is_set(client, settings):
    assert client.get("/metrics", REMOTE_ADDR="192.0.2.1").status_code == 404
    settings.METRICS_TOKEN = "let-me-in"
    assert client.get("/metrics").status_code == 404
    answer = client.get("/metrics", headers={"Authorization": "Bearer let-me-in"})
    assert answer.status_code == 200


def test_behind_a_proxy_metrics_need_a_token(client, settings):
    settings.PUBLIC_URL = "https://example.org"
    assert client.get("/metrics").status_code == 404


STRANGE_ADDRESS = {"REMOTE_ADDR": "203.0.113.5"}


def test_what_is_wrong_is_said_to_operators_only(client, django_user_model):
    assert client.get("/readyz", **STRANGE_ADDRESS).json() == {"ready": False}
    person = django_user_model.objects.create_user("ann@example.org", "correct horse battery")
    client.force_login(person)
    assert client.get("/readyz", **STRANGE_ADDRESS).json() == {"ready": False}
    person.is_staff = True
    person.save()
    assert client.get("/readyz", **STRANGE_ADDRESS).json()["problems"]


def test_a_monitor_with_the_token_is_told_too(client, settings):
    settings.METRICS_TOKEN = "of-the-monitor"
    headers = {"authorization": "Bearer of-the-monitor"}
    assert "problems" in client.get("/readyz", headers=headers, **STRANGE_ADDRESS).json()
    assert "problems" not in client.get("/readyz").json()


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
@pytest.mark.parametrize("host", ["10.0.0.7:8000", "theway.example.org", "a_b", "[::1]:8000"])
def test_probes_are_answered_under_any_name_and_without_https(client, settings, path, host):
    settings.ALLOWED_HOSTS = ["theway.example.org"]
    settings.SECURE_SSL_REDIRECT = True
    sweep.settle()
    assert client.get(path, headers={"host": host}).status_code == 200


@pytest.mark.parametrize("path", ["/accounts/login/", "/metrics", "/healthz/", "//healthz"])
def test_nothing_else_is_answered_under_another_name(client, settings, path):
    settings.ALLOWED_HOSTS = ["theway.example.org"]
    client.raise_request_exception = False
    assert client.get(path, headers={"host": "evil.example"}).status_code == 400


async def test_probes_are_answered_by_the_server_too(async_client, settings):
    settings.ALLOWED_HOSTS = ["theway.example.org"]
    settings.SECURE_SSL_REDIRECT = True
    answer = await async_client.get("/healthz", headers={"host": "10.0.0.7"})
    assert answer.status_code == 200


def test_another_name_for_this_machine_is_not_told_what_is_wrong(client, settings):
    settings.ALLOWED_HOSTS = ["theway.example.org"]
    assert client.get("/readyz", headers={"host": "evil.example"}).json() == {"ready": False}


def test_a_monitor_that_asks_while_it_starts_writes_no_error(client, caplog, monkeypatch):
    def away():
        raise DatabaseError

    assert client.get("/readyz").status_code == 503
    monkeypatch.setattr(health, "last_heartbeat", away)
    assert client.get("/readyz").status_code == 503
    assert not [record for record in caplog.records if record.levelname == "ERROR"]
    assert "Traceback" not in caplog.text
