"""What fails on request, and what is true all the same."""

from __future__ import annotations

import httpx
import pytest

from emulators.fal.errors import LOCKED
from tests.emulators.fal.process import RUNNER, TRAINER, dataset
from tests.trainer.process import wait_until

pytestmark = pytest.mark.service


@pytest.mark.parametrize(
    "header", ["", "Bearer a:b", "Key nocolon", "Key :b", "Key a:", "Key a b:c"]
)
def test_a_key_of_another_form_is_refused_everywhere(process, header):
    headers = {"Authorization": header}
    with httpx.Client(base_url=process.url, headers=headers, trust_env=False) as http:
        answers = [
            http.post(f"/{RUNNER}", json={"prompt": "a"}),
            http.get("/fal-ai/flux-2/requests/one/status"),
            http.get(f"/v1/models/requests/by-endpoint?endpoint_id={RUNNER}"),
            http.post("/storage/auth/token", json={}),
            http.put("/faults", json={"rules": []}),
        ]

    assert [answer.status_code for answer in answers] == [401] * 5
    assert answers[0].json()["detail"].startswith("Authentication is required")


def test_a_revoked_key_is_refused_and_another_is_not(fal, stranger):
    fal.rules({"fault": "revoked_key", "only": "account-1"})

    refused = fal.http.post(f"/{RUNNER}", json={"prompt": "a"})

    assert refused.status_code == 401
    assert stranger.draw()["request_id"]


def test_an_empty_balance_locks_the_user_out_of_paid_calls_only(fal):
    submitted = fal.draw()
    fal.rules({"fault": "no_credit"})

    refused = fal.http.post(f"/{RUNNER}", json={"prompt": "a"})

    assert (refused.status_code, refused.json()) == (403, {"detail": LOCKED})
    assert fal.result(submitted).status_code == 200


@pytest.mark.parametrize(
    ("ending", "status", "kind"),
    [
        ("out_of_memory", 500, "internal_server_error"),
        ("timed_out", 504, "generation_timeout"),
        ("moderated", 422, "content_policy_violation"),
    ],
)
def test_a_run_ends_with_the_models_error_and_a_status_that_says_completed(
    fal, ending, status, kind
):
    fal.rules({"fault": ending, "only": f"{RUNNER}:"})
    submitted = fal.draw()

    failed = fal.result(submitted)

    assert (failed.status_code, failed.json()["detail"][0]["type"]) == (status, kind)
    assert "error" not in fal.status(submitted).json()
    assert "x-fal-billable-units" not in failed.headers


@pytest.mark.parametrize("ending", ["runner_disconnected", "runner_server_error"])
def test_a_run_ends_with_the_queues_error_in_status_and_result(fal, ending):
    fal.rules({"fault": ending})
    submitted = fal.draw()

    failed = fal.result(submitted)

    assert failed.json()["error_type"] == failed.headers["X-Fal-Error-Type"] == ending
    assert fal.status(submitted).json()["error_type"] == ending
    assert failed.headers["X-Fal-Retryable"] == "true"


@pytest.mark.parametrize("fault", ["answer_lost", "cut", "malformed", "error_after"])
def test_an_answer_that_is_lost_after_acceptance_leaves_exactly_one_run_to_be_found(fal, fault):
    url = fal.upload(dataset())
    fal.rules({"route": "create", "fault": fault})
    try:
        answer = fal.http.post(f"/{TRAINER}", json={"image_data_url": url, "steps": 10})
        assert answer.status_code == 500 or not answer.text.endswith("}")
    except httpx.TransportError:
        pass
    fal.clear()

    def found() -> list[str]:
        items = fal.history(expand="payloads", limit=100)["items"]
        return [one["request_id"] for one in items if one["json_input"]["image_data_url"] == url]

    wait_until(found)
    assert fal.ledger()["creations"][url] == found()
    assert len(found()) == 1


@pytest.mark.parametrize("fault", ["reset_before", "rate_limited", "error"])
def test_a_submit_that_was_refused_left_nothing(fal, fault):
    before = fal.ledger()["count"]
    fal.rules({"route": "create", "fault": fault})

    try:
        answer = fal.http.post(f"/{TRAINER}", json={"image_data_url": "a", "steps": 10})
        assert set(answer.json()) == {"detail"}
    except httpx.TransportError:
        assert fault == "reset_before"

    assert fal.ledger()["count"] == before


def test_a_status_may_be_a_word_that_nobody_has_heard_of(fal):
    submitted = fal.draw()
    fal.result(submitted)
    fal.rules({"route": "status", "fault": "unknown_status"})

    assert fal.status(submitted).json()["status"] == "HIBERNATING"


def test_logs_may_go_backwards_or_be_missing(fal):
    submitted = fal.train()
    fal.result(submitted)
    whole = fal.status(submitted, logs="1").json()["logs"]

    fal.rules({"route": "status", "fault": "backwards"})
    shorter = fal.status(submitted, logs="1").json()["logs"]
    fal.rules({"route": "status", "fault": "logs_missing"})

    assert shorter == whole[: len(shorter)]
    assert len(shorter) < len(whole)
    assert fal.status(submitted, logs="1").json()["logs"] is None


@pytest.mark.parametrize("fault", ["empty_history", "incomplete_history"])
def test_a_history_may_admit_less_than_there_is(fal, fault):
    for _ in range(4):
        fal.result(fal.draw())
    whole = len(fal.history(RUNNER, limit=100)["items"])
    fal.rules({"route": "history", "fault": fault})

    assert len(fal.history(RUNNER, limit=100)["items"]) < whole


def test_a_history_may_lack_everything_that_is_not_certain(fal):
    fal.result(fal.draw())
    fal.rules({"route": "history", "fault": "history_without_inputs"})

    items = fal.history(RUNNER, expand="payloads")["items"]

    assert {frozenset(item) for item in items} == {
        frozenset({"request_id", "endpoint_id", "started_at", "sent_at"})
    }


def test_a_result_may_name_no_weights(fal):
    submitted = fal.train()
    fal.result(submitted)
    fal.rules({"route": "result", "fault": "no_lora"})

    assert set(fal.result(submitted).json()) == {"config_file"}


def test_a_stuck_run_stands_still_until_the_rule_is_gone(fal):
    fal.rules({"fault": "stuck", "only": f"{TRAINER}:"})
    submitted = fal.train()
    fal.started(submitted)
    fal.pass_time(600)
    stuck = fal.status(submitted, logs="1").json()

    fal.clear()

    assert stuck["status"] == "IN_PROGRESS"
    assert "Saving the weights" not in str(stuck["logs"])
    assert fal.result(submitted).status_code == 200


def test_a_process_that_a_fault_ended_is_started_again_with_the_run(own_fal):
    fal = own_fal()
    url = fal.upload(dataset())
    fal.rules({"route": "create", "fault": "restart"})
    with pytest.raises(httpx.TransportError):
        fal.http.post(f"/{TRAINER}", json={"image_data_url": url, "steps": 10})
    fal.process.wait(20)

    fal.process.start()

    assert len(fal.ledger()["creations"][url]) == 1
    wait_until(lambda: fal.history()["items"])


def test_every_surface_says_that_it_is_an_emulator(fal):
    answers = [
        fal.http.get("/healthz"),
        fal.http.get("/nothing/at/all"),
        fal.http.get("/v1/models"),
        fal.http.get("/ledger"),
        fal.http.get(fal.upload(b"a")),
    ]

    assert {answer.headers["X-Trainer-Engine"] for answer in answers} == {"simulated"}
    assert "THIS IS AN EMULATOR of fal" in fal.process.log


def test_no_key_is_in_the_log(fal):
    fal.result(fal.train())

    assert "secret" not in fal.process.log
