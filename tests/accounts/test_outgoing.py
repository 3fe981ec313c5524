"""Webhooks to people's programs: signed, sent at least once, and nobody holds up anybody."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
import time_machine
from django.db import connection
from django.http import Http404
from django.urls import reverse
from django.utils import timezone
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from accounts.deletion import delete_account_row
from accounts.models import WebhookDelivery, WebhookEndpoint
from accounts.outgoing import outbox, sending
from accounts.outgoing.endpoints import (
    MOST,
    AlreadyMadeError,
    EndpointRefusedError,
    deliveries_of,
    endpoint_for,
    endpoints_of,
    make_endpoint,
    remove,
    secret_of,
)
from accounts.outgoing.outbox import announce, send_test
from accounts.outgoing.sending import WAITS
from accounts.tasks import prune
from jobs import health, tasks
from providers.http.public_errors import AddressRefusedError
from tests.factories import UserFactory
from tests.providers.raw_server import answer
from tests.public_server import NAME

pytestmark = pytest.mark.django_db

URL = f"https://{NAME}/hooks/a-secret-of-theirs"
READY = "model.ready"
DATA = {"modelId": str(UUID(int=1)), "jobId": str(UUID(int=2)), "status": "ready"}


def status(line: str, extra: str = ""):
    return answer(f"HTTP/1.1 {line}\r\n{extra}Content-Length: 0\r\n\r\n".encode())


OK = status("204 No Content")


@pytest.fixture
def endpoint(owner) -> WebhookEndpoint:
    return made(owner)


def made(user, url: str = URL, events=(READY, "model.failed")) -> WebhookEndpoint:
    return make_endpoint(user, url=url, events=events)[0]


def message(endpoint: WebhookEndpoint) -> WebhookDelivery:
    announce(endpoint.owner_id, READY, DATA)
    return deliveries_of(endpoint)[0]


def tried(delivery: WebhookDelivery, times: int = 1) -> WebhookDelivery:
    for _ in range(times):
        waiting = WebhookDelivery.objects.filter(pk=delivery.pk, next_try_at__isnull=False)
        waiting.update(next_try_at=timezone.now())
        sending.send(delivery.pk)
    delivery.refresh_from_db()
    return delivery


# --- endpoints ------------------------------------------------------------------------------


def test_a_secret_is_shown_once_and_stored_encrypted(owner):
    endpoint, secret = make_endpoint(owner, url=URL, events=["model.failed", READY, READY])
    assert secret.startswith("whsec_") and len(Webhook(secret)._whsecret) == 32
    row = WebhookEndpoint.objects.values().get()
    assert secret not in str(row) and secret.removeprefix("whsec_") not in str(row)
    assert secret_of(endpoint) == secret
    assert endpoint.events == [READY, "model.failed"]


def test_an_endpoint_is_its_owners_alone(owner, stranger, endpoint):
    assert endpoint_for(owner, endpoint.pk) == endpoint
    assert list(endpoints_of(owner)) == [endpoint] and not endpoints_of(stranger)
    for user, pk in ((stranger, endpoint.pk), (owner, uuid4())):
        with pytest.raises(Http404):
            endpoint_for(user, pk)


@pytest.mark.parametrize(
    "url", ["http://files.example.com/", "https://10.0.0.1/", "https://localhost/", "nonsense"]
)
def test_an_address_inside_is_refused_when_it_is_named(owner, url):
    with pytest.raises(AddressRefusedError):
        made(owner, url)
    assert not WebhookEndpoint.objects.exists()


@pytest.mark.parametrize("events", [[], ["model.deleted"], [READY, "webhook.test"]])
def test_only_known_events_can_be_chosen(owner, events):
    with pytest.raises(EndpointRefusedError, match=r"model\.ready") as refusal:
        made(owner, events=events)
    assert refusal.value.code == "unknown_event"


def test_a_person_has_ten_at_most(owner, stranger):
    for _ in range(MOST):
        made(owner)
    with pytest.raises(EndpointRefusedError) as refusal:
        made(owner)
    assert refusal.value.code == "too_many_endpoints"
    made(stranger)


def test_making_one_twice_makes_one_and_shows_no_secret_again(owner):
    wanted = uuid4()
    make_endpoint(owner, url=URL, events=[READY], endpoint_id=wanted)
    with pytest.raises(AlreadyMadeError):
        make_endpoint(owner, url=URL, events=[READY], endpoint_id=wanted)
    assert WebhookEndpoint.objects.count() == 1


def test_what_waits_goes_with_the_endpoint_and_with_the_account(owner, stranger, endpoint):
    message(endpoint), message(made(stranger))
    remove(endpoint)
    remove(endpoint)
    assert WebhookDelivery.objects.count() == 1
    delete_account_row(stranger)
    assert not WebhookEndpoint.objects.exists() and not WebhookDelivery.objects.exists()


# --- what is sent ---------------------------------------------------------------------------


def test_a_message_is_signed_as_the_standard_says(internet, owner):
    server = internet.serve(OK)
    endpoint, secret = make_endpoint(owner, url=URL, events=[READY])
    delivery = tried(message(endpoint))
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    lines = [line.partition(": ") for line in head.decode().split("\r\n")[1:]]
    headers = {name.lower(): value for name, _, value in lines}
    assert Webhook(secret).verify(body, headers)["data"] == DATA
    assert headers["webhook-id"] == str(delivery.pk)
    assert headers["content-type"] == "application/json"
    assert head.startswith(b"POST /hooks/a-secret-of-theirs HTTP/1.1")
    with pytest.raises(WebhookVerificationError):
        Webhook("whsec_" + "A" * 44).verify(body, headers)
    sent = json.loads(body)
    assert list(sent) == ["type", "timestamp", "data"] and sent["type"] == READY
    assert sent["timestamp"].endswith("Z")
    assert (delivery.state, delivery.last_status, delivery.attempts) == ("delivered", 204, 1)


def test_only_endpoints_that_want_the_event_get_it(owner, stranger):
    wanting, other = made(owner), made(owner, events=["model.failed"])
    theirs, disabled = made(stranger), made(owner)
    WebhookEndpoint.objects.filter(pk=disabled.pk).update(disabled_at=timezone.now())
    announce(owner.pk, READY, DATA)
    found = [deliveries_of(one).count() for one in (wanting, other, theirs, disabled)]
    assert found == [1, 0, 0, 0]


def test_a_delivered_message_is_not_sent_again(internet, endpoint):
    server = internet.serve(OK)
    delivery = tried(message(endpoint), times=3)
    assert len(server.requests) == 1
    assert outbox.due() == [] and delivery.next_try_at is None


def test_a_worker_that_died_in_between_sends_the_same_id_again(internet, endpoint):
    server = internet.serve(OK)
    delivery = message(endpoint)
    assert outbox.claim(delivery.pk) is not None
    assert outbox.claim(delivery.pk) is None and outbox.due() == []
    WebhookDelivery.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    tasks.send_webhook(str(delivery.pk))
    assert f"webhook-id: {delivery.pk}".encode() in server.requests[0]


def test_what_a_frozen_worker_finds_out_late_changes_nothing(internet, endpoint):
    internet.serve(OK)
    frozen = outbox.claim(message(endpoint).pk)
    WebhookDelivery.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    sending.send(frozen.pk)
    sending._put_off(frozen, error="too_slow")
    delivery = WebhookDelivery.objects.get()
    assert (delivery.state, delivery.error) == ("delivered", "")
    assert not outbox.waiting().exists()


@pytest.mark.parametrize(
    ("behaviour", "error"),
    [
        (status("500 Oh"), "unwanted_answer"),
        (status("302 Found", "Location: https://other.example.com/\r\n"), "unwanted_answer"),
        (status("401 No"), "unwanted_answer"),
        (lambda connection: None, "unreachable"),
    ],
)
def test_anything_but_success_is_tried_again(internet, endpoint, behaviour, error):
    internet.serve(behaviour)
    delivery = tried(message(endpoint))
    assert (delivery.state, delivery.error) == ("waiting", error)
    assert delivery.next_try_at > timezone.now() and delivery.lease_until is None


def test_the_waits_are_those_that_the_standard_suggests(internet, endpoint):
    internet.serve(status("503 Busy"))
    delivery = message(endpoint)
    for wait in WAITS:
        tried(delivery)
        left = delivery.next_try_at - timezone.now()
        assert wait - timedelta(seconds=2) < left <= wait * 1.2
    assert tried(delivery).state == "given_up"
    endpoint.refresh_from_db()
    assert endpoint.disabled_why == "failing"


def test_a_wait_that_is_asked_for_is_kept(internet, endpoint):
    internet.serve(status("429 Slower", "Retry-After: 600\r\n"))
    left = tried(message(endpoint)).next_try_at - timezone.now()
    assert timedelta(seconds=590) < left


def test_an_endpoint_that_took_something_since_goes_on(internet, endpoint):
    internet.serve(status("500 Oh"))
    lost = tried(message(endpoint), times=len(WAITS))
    internet.serve(OK)
    tried(message(endpoint))
    internet.serve(status("500 Oh"))
    assert tried(lost).state == "given_up"
    endpoint.refresh_from_db()
    assert endpoint.disabled_at is None


def test_one_that_is_gone_gets_nothing_any_more(internet, endpoint):
    server = internet.serve(status("410 Gone"))
    first, second = message(endpoint), message(endpoint)
    tried(first), tried(second)
    endpoint.refresh_from_db()
    assert endpoint.disabled_why == "gone" and len(server.requests) == 1
    announce(endpoint.owner_id, READY, DATA)
    assert {one.state for one in deliveries_of(endpoint)} == {"given_up"}
    assert deliveries_of(endpoint).count() == 2


def test_a_name_that_leads_inside_later_gets_nothing(internet, endpoint):
    internet.names[NAME] = [("10.0.0.5", 443)]
    delivery = tried(message(endpoint))
    assert (delivery.state, delivery.error) == ("waiting", "address_refused")


def test_nothing_is_sent_for_an_account_that_is_switched_off(internet, owner, endpoint):
    server = internet.serve(OK)
    delivery = message(endpoint)
    owner.is_active = False
    owner.save()
    assert outbox.due() == []
    tried(delivery)
    assert server.requests == []


# --- tests ----------------------------------------------------------------------------------


def test_a_test_is_sent_once_and_one_at_a_time(internet, endpoint):
    server = internet.serve(status("500 Oh"))
    delivery = send_test(endpoint)
    assert send_test(endpoint) == delivery
    assert tried(delivery, times=3).state == "given_up"
    assert len(server.requests) == 1 and b'"webhook.test"' in server.requests[0]
    endpoint.refresh_from_db()
    assert endpoint.disabled_at is None
    assert send_test(endpoint) != delivery


def test_a_test_of_a_disabled_endpoint_waits_for_nothing(internet, endpoint):
    server = internet.serve(OK)
    WebhookEndpoint.objects.update(disabled_at=timezone.now(), disabled_why="gone")
    delivery = tried(send_test(endpoint))
    assert (delivery.state, delivery.error) == ("given_up", "disabled")
    assert server.requests == [] and not outbox.waiting().exists()


# --- turns ----------------------------------------------------------------------------------


def test_one_endpoint_has_one_message_under_way_and_holds_up_no_other(owner, endpoint):
    other = made(owner)
    first, _second = message(endpoint), message(endpoint)
    assert len(outbox.due()) == 2, "one of each"
    oldest = outbox._due().filter(endpoint=endpoint)[0]
    assert outbox.claim(oldest.pk)
    (found,) = outbox.due()
    assert WebhookDelivery.objects.get(pk=found).endpoint == other
    rest = deliveries_of(endpoint).exclude(pk=oldest.pk)[0]
    assert outbox.claim(rest.pk) is None
    assert first


def test_one_person_never_takes_all_places(owner, stranger):
    for _ in range(6):
        message(made(owner))
    theirs = message(made(stranger))
    found = WebhookDelivery.objects.filter(pk__in=outbox.due())
    owners = sorted(one.endpoint.owner_id for one in found)
    assert owners == sorted([owner.pk] * outbox.MOST_PER_OWNER + [stranger.pk])
    mine = WebhookDelivery.objects.filter(endpoint__owner=owner)
    claimed = [outbox.claim(one.pk) for one in mine]
    assert sum(one is not None for one in claimed) == outbox.MOST_PER_OWNER
    assert outbox.due() == [str(theirs.pk)]


def test_few_are_under_way_at_once_in_the_whole_installation():
    for _ in range(outbox.MOST_AT_ONCE + 3):
        message(made(UserFactory()))
    assert len(outbox.due()) == outbox.MOST_AT_ONCE
    claimed = [outbox.claim(one.pk) for one in WebhookDelivery.objects.all()]
    assert sum(one is not None for one in claimed) == outbox.MOST_AT_ONCE
    assert outbox.due() == []


@pytest.mark.django_db(transaction=True)
def test_workers_that_come_together_take_each_message_once_and_keep_to_the_owners_places(owner):
    for _ in range(4):
        message(made(owner))
    wanted = [one.pk for one in WebhookDelivery.objects.all()] * 2

    def take(pk: UUID) -> bool:
        try:
            return outbox.claim(pk) is not None
        finally:
            connection.close()

    with ThreadPoolExecutor(len(wanted)) as workers:
        taken = list(workers.map(take, wanted))
    assert sum(taken) == outbox.MOST_PER_OWNER
    attempts = [one.attempts for one in WebhookDelivery.objects.all()]
    assert (sum(attempts), max(attempts)) == (outbox.MOST_PER_OWNER, 1)


def test_endpoints_have_turns(internet, owner):
    internet.serve(OK)
    endpoints = [made(owner) for _ in range(4)]
    for endpoint in endpoints:
        message(endpoint)
    announce(owner.pk, READY, DATA)
    reached = []
    while found := outbox.due():
        delivery = WebhookDelivery.objects.get(pk=found[0])
        sending.send(delivery.pk)
        reached.append(delivery.endpoint_id)
    assert len(set(reached[:4])) == 4


def test_the_sweep_sends_what_is_due_and_goes_on_with_the_next(internet, endpoint, monkeypatch):
    server = internet.serve(OK)
    message(endpoint), message(endpoint)
    monkeypatch.setattr(tasks, "dispatch", lambda task, *args: task(*args))
    tasks.dispatching()["webhooks"]()
    assert len(server.requests) == 2


def test_a_clock_that_was_set_back_holds_nothing_up(endpoint):
    delivery = message(endpoint)
    ahead = timezone.now() + timedelta(days=400)
    WebhookDelivery.objects.update(next_try_at=ahead, lease_until=ahead)
    assert outbox.due() == [str(delivery.pk)]


# --- what is kept, and who sees what --------------------------------------------------------


def test_messages_go_after_thirty_days(internet, endpoint):
    internet.serve(OK)
    tried(message(endpoint))
    message(endpoint)
    prune()
    assert WebhookDelivery.objects.count() == 2
    with time_machine.travel(timezone.now() + timedelta(days=31)):
        prune()
    assert not WebhookDelivery.objects.exists() and WebhookEndpoint.objects.exists()


def test_a_new_secret_key_with_the_old_one_as_fallback_loses_no_secret(settings, endpoint):
    before = secret_of(endpoint)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another key now " * 4
    prune()
    settings.SECRET_KEY_FALLBACKS = []
    endpoint.refresh_from_db()
    assert secret_of(endpoint) == before


def test_a_secret_that_is_lost_disables_its_endpoint(internet, settings, endpoint):
    server = internet.serve(OK)
    delivery = message(endpoint)
    settings.SECRET_KEY = "another key now " * 4
    assert tried(delivery).state == "given_up"
    endpoint.refresh_from_db()
    assert endpoint.disabled_why == "secret_lost" and server.requests == []


def test_operators_see_how_sending_goes_and_no_path_or_secret(operator_client, endpoint):
    delivery = message(endpoint)
    listed = operator_client.get(reverse("admin:accounts_webhookdelivery_changelist"))
    page = reverse("admin:accounts_webhookdelivery_change", args=[delivery.pk])
    for text in (listed.content.decode(), operator_client.get(page).content.decode()):
        assert NAME in text and "a-secret-of-theirs" not in text
        assert endpoint.sealed not in text and str(UUID(int=1)) not in text
    assert operator_client.post(page, {"event": "x"}).status_code == 403


def test_nobody_else_sees_it(owner_client, anonymous_client, endpoint):
    listed = reverse("admin:accounts_webhookdelivery_changelist")
    assert owner_client.get(listed).status_code in (302, 403, 404)
    assert anonymous_client.get(listed).status_code in (302, 404)


def test_what_waits_for_minutes_is_named_to_operators(operator_client, endpoint):
    message(endpoint)
    found = health.check()
    assert (found.waiting_webhooks, found.late_webhooks) == (1, 0)
    WebhookDelivery.objects.update(next_try_at=timezone.now() - timedelta(minutes=6))
    assert any("Webhooks have waited" in text for text in health.check().warnings)
    assert "Webhooks that wait for minutes" in operator_client.get("/admin/").content.decode()


def test_no_log_holds_an_address_or_a_message(internet, endpoint, caplog):
    caplog.set_level("DEBUG", "accounts")
    internet.serve(status("500 a-word-of-theirs"))
    tried(message(endpoint))
    ours = " ".join(one.getMessage() for one in caplog.records if one.name.startswith("accounts"))
    assert "was not delivered" in ours
    assert not any(word in ours for word in (NAME, "of-theirs", DATA["modelId"]))
