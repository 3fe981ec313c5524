"""The product without faults; the emulator's controls and rules."""

from __future__ import annotations

import pytest
import requests

from tests.emulators.faulty import FaultyTrainer, new_token

pytestmark = pytest.mark.service


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/faults"), ("PUT", "/faults"), ("DELETE", "/faults"), ("GET", "/ledger")],
)
def test_the_product_has_nothing_to_control(trainer, method, path):
    answer = FaultyTrainer(trainer).request(method, path, json={"rules": []})

    assert answer.status_code == 404
    assert "X-Trainer-Faults" not in answer.headers


def test_the_product_says_and_keeps_nothing_of_faults(trainer):
    assert requests.get(f"{trainer.url}/healthz", timeout=5).json() == {
        "status": "ok",
        "engine": "simulated",
    }
    assert "FAULT INJECTION" not in trainer.log
    assert not (trainer.folder / "ledger.jsonl").exists()


def test_the_emulator_says_what_it_is_in_the_log_and_in_every_answer(faulty):
    health = requests.get(f"{faulty.process.url}/healthz", timeout=5)

    assert health.json() == {"status": "ok", "engine": "simulated"}
    assert "FAULT INJECTION IS ON" in faulty.process.log
    refused = requests.get(f"{faulty.process.url}/v1/files", timeout=5)
    assert refused.status_code == 401
    for answer in (health, refused, faulty.request("GET", "/v1/fine-tunes")):
        assert answer.headers["X-Trainer-Faults"] == "on"


@pytest.mark.parametrize("path", ["/faults", "/ledger"])
def test_the_controls_need_a_key(faulty, path):
    assert requests.get(f"{faulty.process.url}{path}", timeout=5).status_code == 401


def test_the_controls_never_fail_themselves(faulty):
    faulty.rules({"route": "*", "fault": "error"})

    assert faulty.request("GET", "/v1/files").status_code == 500
    assert faulty.request("GET", "/faults").status_code == 200
    assert faulty.request("GET", "/healthz").status_code == 200


def test_rules_replace_each_other_and_count(faulty):
    faulty.rules({"route": "list", "fault": "error"})
    faulty.rules({"route": "list", "fault": "error", "script": [False, True]}, seed=3)
    statuses = [faulty.request("GET", "/v1/fine-tunes").status_code for _ in range(3)]

    shown = faulty.request("GET", "/faults").json()

    assert statuses == [200, 500, 200]
    assert shown["seed"] == 3
    assert [(rule["seen"], rule["struck"]) for rule in shown["rules"]] == [(3, 1)]


def test_a_rule_strikes_its_own_route_only(faulty):
    faulty.rules({"route": "create", "fault": "error"})

    assert faulty.request("GET", "/v1/fine-tunes").status_code == 200
    assert faulty.create(new_token()).status_code == 500


def test_the_same_seed_fails_the_same_requests(faulty):
    def failures(seed: int) -> list[int]:
        faulty.rules(
            {"route": "supported", "fault": "error", "probability": 0.5, "status": 503}, seed=seed
        )
        path = "/v1/fine-tunes/models/supported"
        return [faulty.request("GET", path).status_code for _ in range(24)]

    first = failures(1)

    assert set(first) == {200, 503}
    assert failures(1) == first
    assert failures(2) != first


@pytest.mark.parametrize(
    ("rule", "param"),
    [
        ({"fault": "slow"}, "rules[0].route"),
        ({"route": "create", "fault": "meteor"}, "rules[0].fault"),
        ({"route": "create", "fault": "slow", "probability": 2}, "rules[0].probability"),
        ({"route": "create", "fault": "error", "status": 501}, "rules[0].status"),
        ({"route": "create", "fault": "error", "script": [1]}, "rules[0].script[0]"),
        ({"route": "create", "fault": "stale_list"}, "rules[0].route"),
        ({"route": "*", "fault": "stuck", "script": [True]}, "rules[0].script"),
        ({"route": "download", "fault": "truncated", "agreeing": "no"}, "rules[0].agreeing"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused_by_name_and_changes_nothing(faulty, rule, param):
    faulty.rules({"route": "list", "fault": "error"})

    answer = faulty.request("PUT", "/faults", json={"rules": [rule]})

    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == param
    assert len(faulty.request("GET", "/faults").json()["rules"]) == 1
