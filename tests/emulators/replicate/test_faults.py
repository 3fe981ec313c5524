"""What can go wrong at Replicate, on request."""

from __future__ import annotations

import io
import tarfile
from contextlib import suppress

import pytest
import requests

from tests.emulators.replicate.process import OSTRIS, QWEN, Replicate, dataset
from tests.trainer.process import wait_until

pytestmark = pytest.mark.service


def prepared(replicate: Replicate) -> dict:
    """Return everything a training needs, before anything fails."""
    return {
        "values": {"input_images": replicate.upload(dataset()), "steps": 40},
        "version": replicate.version(OSTRIS),
        "destination": replicate.destination(),
    }


def found(replicate: Replicate, training: dict) -> list[dict]:
    """Return the runs in the list with the dataset of a training."""
    address = training["values"]["input_images"]
    results = replicate.get("/trainings")["results"]
    return [one for one in results if one.get("input", {}).get("input_images") == address]


@pytest.mark.parametrize("fault", ["answer_lost", "error_after", "malformed", "cut", "truncated"])
def test_a_lost_answer_leaves_exactly_one_training_to_be_found(replicate: Replicate, fault):
    training = prepared(replicate)
    replicate.rules({"route": "create", "fault": fault})
    with suppress(requests.RequestException, ValueError):
        replicate.create(**training).json()
    replicate.clear()

    [run] = found(replicate, training)

    assert replicate.ledger()["creations"][training["values"]["input_images"]] == [run["id"]]


@pytest.mark.parametrize(
    ("rule", "status", "detail"),
    [
        ({"fault": "rate_limited"}, 429, "Request was throttled. Your rate limit resets in ~1s."),
        ({"fault": "rate_limited", "retry_after": 30}, 429, "rate limit resets in ~30s."),
        ({"fault": "error", "status": 402}, 402, "You have insufficient credit"),
        ({"fault": "error", "status": 401}, 401, "You did not pass a valid authentication token"),
        ({"fault": "error", "status": 500}, 500, "Internal Server Error"),
        ({"fault": "missing"}, 404, "The requested resource could not be found."),
    ],
)
def test_a_refusal_says_it_in_replicates_words_and_starts_nothing(
    replicate: Replicate, rule, status, detail
):
    training = prepared(replicate)
    replicate.rules({"route": "create", **rule})

    answer = replicate.create(**training)

    assert answer.status_code == status
    assert detail in answer.json()["detail"]
    assert answer.headers.get("Retry-After") == ("30" if "retry_after" in rule else None)
    replicate.clear()
    assert not found(replicate, training)


def test_a_status_that_nobody_knows(replicate: Replicate):
    run_id = replicate.train()
    replicate.rules({"route": "get", "fault": "unknown_status"})

    assert replicate.training(run_id)["status"] == "hibernating"


def test_a_log_goes_backwards(replicate: Replicate):
    run_id = replicate.train()
    whole = replicate.finish(run_id)["logs"]
    replicate.rules({"route": "get", "fault": "backwards"})

    logs = [replicate.training(run_id)["logs"] for _ in range(5)]

    assert all(whole.startswith(log) for log in logs)
    assert min(logs, key=len) != whole


def test_an_incomplete_list_leads_on_to_a_page_that_cannot_be_read(replicate: Replicate):
    replicate.train()
    replicate.rules({"route": "list", "fault": "incomplete_list"})

    following = replicate.get("/trainings")["next"]
    replicate.clear()

    path = following.removeprefix(f"{replicate.process.url}/v1")
    assert replicate.request("GET", path).status_code == 400


def test_lists_lack_entries_without_a_word(replicate: Replicate):
    runs = {replicate.train() for _ in range(6)}
    replicate.rules({"route": "list", "fault": "silently_incomplete_list"})
    partly = replicate.get("/trainings")
    replicate.rules({"route": "list", "fault": "empty_list"})
    empty = replicate.get("/trainings")

    assert not runs <= {one["id"] for one in partly["results"]}
    assert partly["next"] is None
    assert (empty["results"], empty["next"]) == ([], None)


def test_a_list_says_that_its_first_page_is_all(replicate: Replicate):
    replicate.rules({"fault": "interrupted"})
    for _ in range(101):
        replicate.draw()
    whole = replicate.get("/predictions")
    replicate.rules({"route": "list_predictions", "fault": "first_page_only"})

    assert whole["next"]
    assert replicate.get("/predictions")["next"] is None


def test_a_list_without_inputs(replicate: Replicate):
    replicate.train()
    replicate.rules({"route": "list", "fault": "list_without_inputs"})

    assert not any("input" in one for one in replicate.get("/trainings")["results"])


def test_a_stale_list_shows_what_was(own_replicate):
    replicate: Replicate = own_replicate(queue=0.0)
    old = replicate.finish(replicate.train())
    replicate.pass_time(100)
    new = replicate.finish(replicate.train())
    replicate.rules({"route": "list", "fault": "stale_list", "seconds": 50})
    recent = replicate.get("/trainings")["results"]
    replicate.rules({"route": "list", "fault": "stale_list", "seconds": 3600})

    assert [one["id"] for one in recent] == [old["id"]]
    assert recent[0]["status"] == "succeeded"
    assert replicate.get("/trainings")["results"] == []
    assert replicate.training(new["id"])["status"] == "succeeded"


def test_a_run_is_stuck_until_it_is_not(replicate: Replicate):
    replicate.rules({"fault": "stuck"})
    run_id = replicate.train()
    replicate.started(run_id)
    wait_until(lambda: "flux_train_replicate:" in replicate.training(run_id)["logs"])

    run = replicate.training(run_id)
    assert run["status"] == "processing"
    assert "40/40" not in run["logs"]
    replicate.clear()

    assert replicate.finish(run_id)["status"] == "succeeded"


@pytest.mark.parametrize(
    ("fault", "words"),
    [("out_of_memory", "CUDA out of memory"), ("moderated", "(E005)"), ("interrupted", "retry")],
)
def test_runs_fail_in_the_ways_of_the_real_ones(replicate: Replicate, fault, words):
    replicate.rules({"fault": fault})

    run = replicate.finish(replicate.train())

    assert run["status"] == "failed"
    assert words in run["error"]
    assert run["error"] in run["logs"]


def test_a_run_is_aborted_before_it_starts(replicate: Replicate):
    replicate.rules({"fault": "aborted"})

    run = replicate.finish(replicate.train())

    assert (run["status"], run["started_at"], run["logs"]) == ("aborted", None, "")
    assert "predict_time" not in run["metrics"]


def test_a_trainer_vanishes_and_only_that_one(replicate: Replicate):
    training = prepared(replicate)
    replicate.rules({"fault": "trainer_gone", "only": "ostris/"})

    assert replicate.request("GET", f"/models/{OSTRIS}").status_code == 404
    assert replicate.create(**training).status_code == 404
    assert replicate.request("GET", f"/models/{QWEN}").status_code == 200


def test_a_changed_schema_is_published_and_enforced(replicate: Replicate):
    training = prepared(replicate)
    replicate.rules({"fault": "changed_schema"})

    latest = replicate.get(f"/models/{OSTRIS}")["latest_version"]
    published = latest["openapi_schema"]["components"]["schemas"]["TrainingInput"]["properties"]
    answer = replicate.create(**training)

    assert "input_images" not in published
    assert "input_images_url" in published
    assert "Additional property input_images is not allowed" in answer.json()["detail"]


def test_an_archive_that_means_harm(replicate: Replicate):
    replicate.rules({"fault": "hostile_archive"})

    weights = replicate.finish(replicate.train())["output"]["weights"]

    data = io.BytesIO(requests.get(weights, timeout=5).content)
    with tarfile.open(fileobj=data) as tar:
        assert "../outside.safetensors" in tar.getnames()


@pytest.mark.parametrize(
    ("rule", "param"),
    [
        ({"route": "webhook", "fault": "error"}, "rules[0].route"),
        ({"route": "create", "fault": "forged"}, "rules[0].route"),
        ({"route": "list", "fault": "error", "only": "ostris/"}, "rules[0].only"),
        ({"route": "get", "fault": "stale_list"}, "rules[0].route"),
        ({"route": "*", "fault": "moderated", "script": [True]}, "rules[0].script"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(replicate: Replicate, rule, param):
    answer = replicate.request("PUT", "//faults", json={"rules": [rule]})

    assert (answer.status_code, answer.json()["error"]["param"]) == (400, param)
