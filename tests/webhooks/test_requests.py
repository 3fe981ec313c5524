"""What comes to a provider's address: taken once where it is genuine, else refused and counted."""

from __future__ import annotations

import json
import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given, settings as hypothesis_settings, strategies as st

from jobs.engine import webhook_keys
from jobs.models import WebhookCount, WebhookKeys, WebhookReceipt
from jobs.webhook_links import MOST_BYTES
from jobs.webhook_log import Outcome
from tests.factories import JobFactory
from tests.webhooks.hooked import OTHER_SECRET, PATH, body_about, signed, token_for

pytestmark = pytest.mark.django_db


@pytest.fixture
def job(hooked):
    return JobFactory(unknown=True)


@pytest.fixture
def security(caplog):
    caplog.set_level(logging.INFO, "theway.security")
    return caplog


def counts() -> dict[str, int]:
    return dict(WebhookCount.objects.values_list("outcome", "count"))


def test_a_genuine_one_is_stored_and_answered_without_a_word(send, job):
    answer = send(job)
    assert (answer.status_code, answer.content) == (204, b"")
    receipt = WebhookReceipt.objects.get()
    assert (receipt.job, receipt.run_id, receipt.delivery_id) == (job, "ft-7", "msg_1")
    assert (receipt.handled_at, counts()) == (None, {Outcome.TAKEN: 1})


def test_no_provider_is_called_meanwhile(send, job, hooked):
    send(job)
    assert not hooked.mock.calls


def test_it_starts_no_session_and_names_nobody(send, job):
    assert not send(job).cookies


def test_one_that_comes_again_is_the_same(send, job):
    body = body_about("ft-7")
    headers = signed(body)
    assert [send(job, body=body, headers=headers).status_code for _ in range(3)] == [204] * 3
    assert send(job).status_code == 204  # signed anew, as providers do when they try again
    assert WebhookReceipt.objects.count() == 1
    assert counts() == {Outcome.TAKEN: 1, Outcome.REPEATED: 3}


@pytest.mark.django_db(transaction=True)
def test_two_at_once_are_one(send, job):
    together = Barrier(4)

    def deliver(_number: int) -> int:
        try:
            together.wait()
            return send(job).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(deliver, range(4))) == [204] * 4
    assert WebhookReceipt.objects.count() == 1
    assert counts() == {Outcome.TAKEN: 1, Outcome.REPEATED: 3}


def test_another_message_about_the_same_run_is_another_receipt(send, job):
    send(job)
    send(job, delivery="msg_2")
    assert WebhookReceipt.objects.count() == 2


def test_a_body_of_megabytes_is_taken_whatever_it_holds(send, job):
    # No form could hold this, and no database: nothing of it is kept.
    body = body_about(
        "ft-7", logs="█" * 1_600_000 + "\x00", odd="\ud800".encode("utf-8", "replace").decode()
    )
    assert len(body) > 4_800_000
    assert b"\\u0000" in body
    assert send(job, body=body).status_code == 204


REFUSED = {
    "with a signature of another secret": ({"secret": OTHER_SECRET}, 401, Outcome.WRONG_SIGNATURE),
    "without any signature": ({"headers": {}}, 400, Outcome.MALFORMED),
    "too old": ({"at": datetime.now(UTC) - timedelta(seconds=310)}, 400, Outcome.STALE),
    "from the future": ({"at": datetime.now(UTC) + timedelta(minutes=20)}, 400, Outcome.STALE),
    "at an address without a token": ({"token": ""}, 403, Outcome.FORGED_ADDRESS),
    "at an address of somebody else's": ({"token": "tw-1:forged"}, 403, Outcome.FORGED_ADDRESS),
    "signed with another secret key": (
        {"token": token_for("tw-1", "another" * 10)},
        403,
        Outcome.FORGED_ADDRESS,
    ),
    "that is no JSON": ({"body": b"<html>"}, 400, Outcome.MALFORMED),
    "that is no object": ({"body": b"[]"}, 400, Outcome.MALFORMED),
    "that names no run": ({"body": b"{}"}, 400, Outcome.MALFORMED),
    "that names a run by a number": ({"body": b'{"id": 7}'}, 400, Outcome.MALFORMED),
    "that names an empty run": ({"body": b'{"id": ""}'}, 400, Outcome.MALFORMED),
    "whose run no database takes": ({"body": rb'{"id": "a\u0000"}'}, 400, Outcome.MALFORMED),
    "whose run is too long": ({"body": body_about("x" * 201)}, 400, Outcome.MALFORMED),
    "nested without end": ({"body": b"[" * 200_000}, 400, Outcome.MALFORMED),
    "that is empty": ({"body": b""}, 400, Outcome.MALFORMED),
    "that is too large": ({"body": b" " * (MOST_BYTES + 1)}, 413, Outcome.TOO_LARGE),
}


@pytest.mark.parametrize("name", REFUSED)
def test_one_is_refused_logged_and_counted(send, job, security, name):
    how, status, outcome = REFUSED[name]
    assert send(job, **how).status_code == status
    assert not WebhookReceipt.objects.exists()
    assert counts() == {outcome: 1}
    [line] = [one.getMessage() for one in security.records if one.name == "theway.security"]
    assert f"provider=local reason={outcome} from=127.0.0.1" in line


def test_one_that_was_cut_off_has_a_wrong_signature(send, job):
    body = body_about("ft-7", logs="x" * 1000)
    assert send(job, body=body[:-10], headers=signed(body)).status_code == 401
    assert counts() == {Outcome.WRONG_SIGNATURE: 1}


@pytest.mark.usefixtures("machine_clock")
def test_a_replay_after_the_window_is_stale(send, job):
    body = body_about("ft-7")
    headers = signed(body)
    send(job, body=body, headers=headers)
    with time_machine.travel(timezone.now() + timedelta(seconds=302), tick=False):
        assert send(job, body=body, headers=headers).status_code == 400
    assert counts() == {Outcome.TAKEN: 1, Outcome.STALE: 1}


def test_one_for_a_job_that_is_not_there_is_refused(send, job):
    assert send(token=token_for("tw-" + "0" * 32)).status_code == 404
    assert counts() == {Outcome.UNKNOWN_JOB: 1}


def test_one_for_a_job_of_another_provider_is_refused(send, hooked):
    assert send(JobFactory(unknown=True, provider="together")).status_code == 404
    assert counts() == {Outcome.UNKNOWN_JOB: 1}


def test_one_for_a_provider_that_is_off_is_refused(send, job, settings):
    settings.PROVIDERS = {}
    assert send(job).status_code == 404
    assert counts() == {Outcome.PROVIDER_OFF: 1}


@pytest.mark.parametrize("key", ["together", "nobody", "local/x"])
def test_providers_without_webhooks_have_no_address(send, job, key):
    assert send(job, path=f"/api/webhooks/{key}").status_code == 404
    assert counts() == {}


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete", "head"])
def test_only_sending_does_anything(hooked, method):
    assert getattr(Client(), method)(PATH).status_code == 405


def test_without_keys_it_is_to_come_again(send, job):
    WebhookKeys.objects.all().delete()
    assert send(job).status_code == 503
    assert webhook_keys.due() == ["local"]
    webhook_keys.refresh("local")
    assert send(job).status_code == 204


def test_who_keeps_on_writes_one_line_a_minute_and_is_counted_each_time(send, job, security):
    for _ in range(5):
        send(job, secret=OTHER_SECRET)
    assert counts() == {Outcome.WRONG_SIGNATURE: 5}
    assert security.text.count("webhook refused") == 1


def test_neither_body_nor_address_nor_key_is_in_any_log(send, job, caplog):
    caplog.set_level(logging.DEBUG)
    token = token_for(job.correlation)
    for how in ({}, {"secret": OTHER_SECRET}, {"body": b'{"id": "", "secret-word": 1}'}):
        send(job, **how)
    for word in ("secret-word", token, job.correlation, "whsec_"):
        assert word not in caplog.text
    row = WebhookKeys.objects.get()
    assert "C2FVsBQIhrsc" not in f"{row!r}{row}{vars(row)}"


def test_people_and_their_limits_are_counted_apart(send, job, settings, monkeypatch):
    settings.LIMIT_REQUESTS_PER_MINUTE = 1
    monkeypatch.setattr("theway.request_limit.ADDRESS_REQUESTS", 0)
    assert send(job).status_code == 204
    monkeypatch.setattr("jobs.webhook_log.REQUESTS", 0)
    assert send(job).status_code == 429


HEADERS = st.dictionaries(
    st.sampled_from(
        ["webhook-id", "webhook-timestamp", "webhook-signature", "content-type", "x-a"]
    ),
    st.text(st.characters(codec="latin-1", exclude_categories=["Cc"]), max_size=60),
    max_size=5,
)
BODIES = st.binary(max_size=200) | st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.just("id"), inner),
    max_leaves=8,
).map(lambda value: json.dumps(value).encode())
FUZZ = hypothesis_settings(
    max_examples=120,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@FUZZ
@given(HEADERS, BODIES, st.text(max_size=40), st.booleans(), st.booleans())
def test_whatever_comes_is_answered(send, job, headers, body, token, is_ours, is_signed):
    """Also with a genuine signature over any body: providers sign what they like."""
    try:
        genuine = signed(body, delivery="msg_f") if is_signed else {}
    except UnicodeDecodeError:
        genuine = {}
    token = token_for(job.correlation) if is_ours else token
    answer = send(token=token, body=body, headers=headers | genuine)
    assert answer.status_code < 500
    assert answer.status_code >= 400 or (is_ours and is_signed)


def test_the_metrics_count_by_provider_and_outcome(send, job, settings):
    settings.METRICS_TOKEN = "let-me-in"
    send(job)
    send(job, secret=OTHER_SECRET)
    text = Client().get("/metrics", headers={"Authorization": "Bearer let-me-in"}).content.decode()
    assert 'theway_webhooks_total{outcome="taken",provider="local"} 1.0' in text
    assert 'theway_webhooks_total{outcome="wrong_signature",provider="local"} 1.0' in text


def test_operators_see_what_came_in_a_line_and_never_a_key(send, job, operator_client):
    from tests.dashboard.rows import describe_local_trainer

    describe_local_trainer()
    send(job)
    send(job, secret=OTHER_SECRET)
    page = operator_client.get("/admin/jobs/providerstatus/").content.decode()
    assert "1 taken" in page
    assert "1 refused (1 wrong signature)" in page
    page = operator_client.get("/admin/jobs/webhookreceipt/").content.decode()
    assert "ft-7" in page
    assert "webhookkeys" not in operator_client.get("/admin/").content.decode()
    assert operator_client.get("/admin/jobs/webhookkeys/").status_code == 404


@pytest.mark.parametrize("who", ["owner_client", "stranger_client", "anonymous_client"])
def test_nobody_else_sees_it(send, job, request, who):
    send(job)
    answer = request.getfixturevalue(who).get("/admin/jobs/webhookreceipt/")
    assert answer.status_code == 302
