"""History, catalog, prices and bills with plain requests."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from emulators.fal.catalog.offered import CATALOG
from tests.emulators.fal.process import RUNNER, TRAINER, Fal, FalProcess, dataset

pytestmark = pytest.mark.service


@pytest.fixture
def fresh(process: FalProcess) -> Iterator[Fal]:
    """An account that has requested nothing yet."""
    fal = Fal(process, f"fresh-{uuid.uuid4().hex}:secret")
    fal.clear()
    yield fal
    fal.clear()
    fal.close()


def now_of(fal: Fal) -> datetime:
    return datetime.fromtimestamp(fal.http.get("/clock").json()["now"], UTC)


def test_the_history_has_ended_requests_with_what_was_sent(fresh):
    submitted = fresh.train()
    fresh.result(submitted)

    [short] = fresh.history()["items"]
    [item] = fresh.history(expand="payloads")["items"]

    assert "json_input" not in short
    assert item["request_id"] == submitted["request_id"]
    assert item["endpoint_id"] == TRAINER
    assert set(item["json_input"]) == {"image_data_url", "steps", "learning_rate"}
    assert item["json_output"]["diffusers_lora_file"]["url"]
    assert item["status_code"] == 200
    assert item["duration"] > 0
    assert item["sent_at"] <= item["started_at"] <= item["ended_at"]


def test_what_has_not_ended_is_listed_only_where_a_rule_says_so(fresh):
    fresh.rules({"fault": "stuck"})
    submitted = fresh.train()
    fresh.started(submitted)
    unlisted = fresh.history()["items"]

    fresh.rules({"fault": "stuck"}, {"fault": "lists_unfinished"})

    [item] = fresh.history(expand="payloads")["items"]
    assert unlisted == []
    assert item["json_input"]["image_data_url"]
    assert not {"ended_at", "status_code", "json_output"} & set(item)


def test_a_request_that_hides_its_input_cannot_be_matched(fresh):
    fresh.result(fresh.train(headers={"X-Fal-Store-IO": "0"}))

    [item] = fresh.history(expand="payloads")["items"]

    assert not {"json_input", "json_output"} & set(item)


def test_pages_follow_each_other_without_gaps(fresh):
    ids = set()
    for _ in range(5):
        submitted = fresh.draw()
        fresh.result(submitted)
        ids.add(submitted["request_id"])

    seen, cursor, pages = [], None, 0
    while pages == 0 or cursor:
        query = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = fresh.history(RUNNER, **query)
        seen += page["items"]
        cursor, pages = page["next_cursor"], pages + 1
        assert page["has_more"] is bool(cursor)

    assert [len(seen), pages] == [5, 3]
    assert {item["request_id"] for item in seen} == ids
    ends = [item["ended_at"] for item in seen]
    assert ends == sorted(ends, reverse=True)


def test_the_history_is_narrowed_by_time_status_and_id(fresh):
    good = fresh.train()
    bad = fresh.submit(
        TRAINER, {"image_data_url": fresh.upload(dataset(captions=False)), "steps": 10}
    )
    fresh.result(good)
    fresh.result(bad)
    later = (now_of(fresh) + timedelta(minutes=5)).isoformat()

    def ids(**query: str) -> list[str]:
        return [item["request_id"] for item in fresh.history(**query)["items"]]

    assert ids(status="success") == [good["request_id"]]
    assert ids(status="user_error") == [bad["request_id"]]
    assert ids(status="error") == []
    assert ids(request_id=good["request_id"]) == [good["request_id"]]
    assert ids(start=later) == []
    assert len(ids(end=later)) == 2
    assert ids(end=(now_of(fresh) - timedelta(hours=1)).isoformat()) == []


def test_the_history_goes_back_a_day_unless_it_is_asked_for_more(fresh):
    submitted = fresh.draw()
    fresh.result(submitted)
    start = (now_of(fresh) - timedelta(hours=1)).isoformat()

    fresh.pass_time(2 * 86_400)

    assert fresh.history(RUNNER)["items"] == []
    assert len(fresh.history(RUNNER, start=start)["items"]) == 1
    assert len(fresh.history(RUNNER, request_id=submitted["request_id"])["items"]) == 1


@pytest.mark.parametrize(
    "query",
    [
        {"endpoint_id": ""},
        {"endpoint_id": ",".join(f"a/{n}" for n in range(51))},
        {"limit": "101"},
        {"limit": "many"},
        {"start": "yesterday"},
        {"status": "fine"},
        {"cursor": "nonsense"},
    ],
)
def test_a_history_that_is_asked_for_wrongly_is_refused(fal, query):
    params = {"endpoint_id": TRAINER, **query}

    answer = fal.http.get("/v1/models/requests/by-endpoint", params=params)

    assert answer.status_code == 422


def test_several_endpoints_are_asked_for_with_commas_or_repeated(fresh):
    fresh.result(fresh.draw())

    commas = fresh.history(f"{TRAINER},{RUNNER}")["items"]
    repeated = fresh.history([TRAINER, RUNNER])["items"]

    assert len(commas) == len(repeated) == 1


def test_a_search_is_over_all_endpoints_and_newest_first(fresh):
    first, second = fresh.draw(), fresh.train()
    fresh.result(first)
    fresh.result(second)

    results = fresh.http.get("/v1/models/requests/search").json()["results"]

    assert [found["request_id"] for found in results] == [
        second["request_id"],
        first["request_id"],
    ]


def test_another_account_sees_and_changes_nothing(fal, stranger):
    submitted = fal.train()
    fal.result(submitted)

    answers = [
        stranger.http.get(submitted["status_url"]),
        stranger.http.get(submitted["response_url"]),
        stranger.http.put(submitted["cancel_url"]),
        stranger.http.delete(f"/v1/models/requests/{submitted['request_id']}/payloads"),
    ]

    assert [answer.status_code for answer in answers] == [404] * 4
    query = {"request_id": submitted["request_id"]}
    assert stranger.history(**query)["items"] == []
    bills = stranger.http.get("/v1/models/billing-events", params=query).json()
    assert bills["billing_events"] == []


def test_deleted_payloads_take_the_outputs_along_and_leave_the_dataset(fresh):
    submitted = fresh.train()
    result = fresh.result(submitted).json()
    [item] = fresh.history(expand="payloads")["items"]
    path = f"/v1/models/requests/{submitted['request_id']}/payloads"

    deleted = fresh.http.delete(path, headers={"Idempotency-Key": "one"})
    again = fresh.http.delete(path, headers={"Idempotency-Key": "one"})

    links = {found["link"] for found in deleted.json()["cdn_delete_results"]}
    assert links == {result["diffusers_lora_file"]["url"], result["config_file"]["url"]}
    assert (again.status_code, again.json()) == (200, {"cdn_delete_results": []})
    assert fresh.http.get(result["diffusers_lora_file"]["url"]).status_code == 404
    assert fresh.http.get(submitted["response_url"]).status_code == 404
    assert fresh.http.get(item["json_input"]["image_data_url"]).status_code == 200
    [left] = fresh.history(expand="payloads")["items"]
    assert "json_input" not in left


def test_deletions_and_bills_want_an_admin_key(fal):
    submitted = fal.draw()
    fal.result(submitted)
    fal.rules({"fault": "api_scope"})

    deleted = fal.http.delete(f"/v1/models/requests/{submitted['request_id']}/payloads")
    bills = fal.http.get("/v1/models/billing-events")

    assert (deleted.status_code, bills.status_code) == (403, 403)


def test_only_what_succeeded_is_billed(fresh):
    fresh.rules({"fault": "out_of_memory"})
    fresh.result(fresh.draw())
    fresh.clear()
    paid = fresh.draw()
    fresh.result(paid)

    [event] = fresh.http.get("/v1/models/billing-events").json()["billing_events"]

    assert event["request_id"] == paid["request_id"]


@pytest.mark.parametrize("endpoint", CATALOG)
def test_every_endpoint_publishes_its_schema_without_a_key(process, endpoint):
    query = {"endpoint_id": endpoint}
    url = f"{process.url}/api/openapi/queue/openapi.json"
    document = httpx.get(url, params=query, trust_env=False).json()

    [path] = document["paths"]
    reference = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]
    schema = document["components"]["schemas"][reference["schema"]["$ref"].rpartition("/")[2]]
    assert path == f"/{endpoint}"
    assert schema["properties"]
    assert set(schema["required"]) <= set(schema["properties"])


def test_models_are_found_by_id_with_their_schema_and_by_words(fal):
    params = {"endpoint_id": TRAINER, "expand": "openapi-3.0"}
    [model] = fal.http.get("/v1/models", params=params).json()["models"]
    found = fal.http.get("/v1/models", params={"q": "flux-3 klein lora"}).json()["models"]
    old = fal.http.get("/v1/models", params={"status": "deprecated"}).json()["models"]

    assert model["endpoint_id"] == TRAINER
    assert "EMULATOR" in model["metadata"]["description"]
    assert model["openapi"]["info"]["x-fal-metadata"]["endpointId"] == TRAINER
    assert [one["endpoint_id"] for one in found] == ["blackforestlabs/flux-3/klein/base/lora"]
    assert [one["endpoint_id"] for one in old] == ["fal-ai/z-image-base-trainer"]


def test_prices_are_per_billing_unit_and_estimates_add_up(fal):
    params = {"endpoint_id": "fal-ai/flux-lora-fast-training"}
    [price] = fal.http.get("/v1/models/pricing", params=params).json()["prices"]
    by_unit = {"fal-ai/flux-lora-fast-training": {"unit_quantity": 100}}
    by_call = {"fal-ai/z-image-turbo-trainer-v2": {"call_quantity": 2}}

    def estimate(kind: str, endpoints: dict) -> httpx.Response:
        body = {"estimate_type": kind, "endpoints": endpoints}
        return fal.http.post("/v1/models/pricing/estimate", json=body)

    assert (price["unit_price"], price["unit"], price["currency"]) == (0.02, "units", "USD")
    assert estimate("unit_price", by_unit).json()["total_cost"] == pytest.approx(2.0)
    assert estimate("historical_api_price", by_call).json()["total_cost"] == pytest.approx(1.7)
    assert estimate("guess", by_unit).status_code == 422


def test_a_trainer_that_is_gone_has_no_schema_no_price_and_takes_nothing(fal):
    fal.rules({"fault": "trainer_gone", "only": f"{TRAINER}:"})
    query = {"endpoint_id": TRAINER}

    statuses = [
        fal.http.get("/api/openapi/queue/openapi.json", params=query).status_code,
        fal.http.get("/v1/models", params=query).status_code,
        fal.http.get("/v1/models/pricing", params=query).status_code,
        fal.http.post(f"/{TRAINER}", json={"image_data_url": "a"}).status_code,
    ]

    assert statuses == [404] * 4
    other = {"endpoint_id": f"{TRAINER}-v2"}
    assert fal.http.get("/v1/models", params=other).status_code == 200


def test_a_changed_schema_is_published_and_followed(fal):
    fal.rules({"fault": "changed_schema", "only": f"{TRAINER}:"})
    url = fal.upload(dataset())

    old = fal.http.post(f"/{TRAINER}", json={"image_data_url": url, "steps": 10})
    new = fal.submit(TRAINER, {"image_data_url_v2": url, "steps": 10})

    assert old.json()["detail"][0]["loc"] == ["body", "image_data_url_v2"]
    assert fal.result(new).status_code == 200


def test_a_changed_price_is_asked_for_billed_and_estimated(fresh):
    fresh.rules({"fault": "changed_price"})
    submitted = fresh.draw()
    fresh.result(submitted)

    params = {"endpoint_id": RUNNER}
    [price] = fresh.http.get("/v1/models/pricing", params=params).json()["prices"]
    [event] = fresh.http.get("/v1/models/billing-events").json()["billing_events"]

    assert price["unit_price"] == event["unit_price"] == pytest.approx(0.042)


def test_meta_names_where_webhooks_come_from(fal):
    assert fal.http.get("/v1/meta").json()["webhook_ip_ranges"] == ["127.0.0.1/32"]
