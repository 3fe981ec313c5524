"""Each fault, as a client with plain requests meets it."""

from __future__ import annotations

import time
from datetime import datetime

import pytest
import requests

from tests.emulators.faulty import new_token
from tests.trainer.process import MODEL, wait_until

pytestmark = pytest.mark.service


# --- the service and the way to it -------------------------------------------------------------


@pytest.mark.parametrize("route", ["create", "*"])
def test_a_lost_answer_leaves_a_training_behind(faulty, route):
    token = new_token()
    faulty.rules({"route": route, "fault": "answer_lost"})

    with pytest.raises(requests.ConnectionError, match="without response"):
        faulty.create(token)

    faulty.clear()
    assert faulty.tokens().count(token) == 1


def test_a_lost_answer_leaves_images_that_can_be_found(faulty):
    token = new_token()
    body = {"model": MODEL, "prompt": "a portrait", "width": 256, "height": 256}
    faulty.rules({"route": "generate", "fault": "answer_lost"})

    with pytest.raises(requests.ConnectionError):
        faulty.request(
            "POST", "/v1/images/generations", json=body, headers={"X-Correlation-Id": token}
        )

    calls = faulty.request("GET", "/v1/images/generations").json()["data"]
    assert [call["id"] for call in calls if call["correlation"] == token] == (
        faulty.ledger()["generations"][token]
    )


def test_a_reset_connection_leaves_nothing_behind(faulty):
    token = new_token()
    faulty.rules({"route": "create", "fault": "reset_before"})

    # With a body still on its way the client may see a reset or an end, as in real life.
    with pytest.raises(requests.ConnectionError, match="Connection aborted"):
        faulty.create(token)

    assert token not in faulty.tokens()


def test_a_reset_is_a_reset_and_no_orderly_end(faulty):
    faulty.rules({"route": "list", "fault": "reset_before"})

    with pytest.raises(requests.ConnectionError, match="reset by peer"):
        faulty.request("GET", "/v1/fine-tunes")


@pytest.mark.parametrize("retry_after", [None, 0, 3])
def test_a_rate_limit_says_when_to_come_back_or_does_not(faulty, retry_after):
    token = new_token()
    faulty.rules({"route": "create", "fault": "rate_limited", "retry_after": retry_after})

    answer = faulty.create(token)

    assert answer.status_code == 429
    assert answer.json()["error"]["type"] == "rate_limit_error"
    expected = None if retry_after is None else str(retry_after)
    assert answer.headers.get("Retry-After") == expected
    assert token not in faulty.tokens()


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_an_error_before_does_nothing_and_an_error_after_did_everything(faulty, status):
    before, after = new_token(), new_token()

    faulty.rules({"route": "create", "fault": "error", "status": status})
    refused = faulty.create(before)
    faulty.rules({"route": "create", "fault": "error_after", "status": status})
    accepted = faulty.create(after)

    assert (refused.status_code, accepted.status_code) == (status, status)
    assert refused.json()["error"]["type"] == "server_error"
    # Only the service itself may say "overloaded": it means that nothing was accepted.
    assert "overloaded" not in accepted.text
    assert ("overloaded" in refused.text) == (status == 503)
    tokens = faulty.tokens()
    assert (tokens.count(before), tokens.count(after)) == (0, 1)


def test_slow_answers_come_late_and_whole(faulty):
    faulty.rules({"route": "supported", "fault": "slow", "seconds": 0.3})
    begun = time.monotonic()

    answer = faulty.request("GET", "/v1/fine-tunes/models/supported")

    assert time.monotonic() - begun >= 0.3
    assert MODEL in answer.json()["models"]


def test_a_hanging_service_outlasts_the_clients_patience_and_does_nothing(faulty):
    token = new_token()
    faulty.rules({"route": "create", "fault": "hang", "seconds": 60})

    with pytest.raises(requests.ReadTimeout):
        faulty.create(token, timeout=0.3)

    assert token not in faulty.tokens()


def test_a_hanging_service_hangs_up_in_the_end(faulty):
    faulty.rules({"route": "list", "fault": "hang", "seconds": 0.2})

    with pytest.raises(requests.ConnectionError, match="without response"):
        faulty.request("GET", "/v1/fine-tunes")


def test_a_connection_cut_in_the_middle_of_the_answer_leaves_a_training_behind(faulty):
    token = new_token()
    faulty.rules({"route": "create", "fault": "cut"})

    # The reset may overtake the half of the answer that was sent.
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        faulty.create(token)

    faulty.clear()
    assert faulty.tokens().count(token) == 1


def test_a_service_can_accept_and_never_answer(faulty):
    token = new_token()
    faulty.rules({"route": "create", "fault": "silent", "seconds": 60})

    with pytest.raises(requests.ReadTimeout):
        faulty.create(token, timeout=1.0)

    faulty.clear()
    assert faulty.tokens().count(token) == 1


def test_a_result_can_be_missing_at_first(faulty):
    run_id = faulty.start()
    faulty.finish(run_id)
    path = f"/v1/finetune/download?ft_id={run_id}"
    faulty.rules({"route": "download", "fault": "missing", "script": [True, False]})

    early, late = faulty.request("GET", path), faulty.request("GET", path)

    assert (early.status_code, late.status_code) == (404, 200)


@pytest.mark.parametrize("route", ["create", "*"])
def test_a_malformed_answer_is_a_200_that_is_no_json(faulty, route):
    token = new_token()
    faulty.rules({"route": route, "fault": "malformed"})

    answer = faulty.create(token)

    assert answer.status_code == 200
    with pytest.raises(requests.JSONDecodeError):
        answer.json()
    faulty.clear()
    assert faulty.tokens().count(token) == 1


@pytest.mark.parametrize("agreeing", [True, False])
def test_weights_are_cut_short_with_a_length_that_agrees_or_does_not(faulty, agreeing):
    run_id = faulty.start()
    faulty.finish(run_id)
    path = f"/v1/finetune/download?ft_id={run_id}"
    whole = faulty.request("GET", path)
    faulty.rules({"route": "download", "fault": "truncated", "agreeing": agreeing})

    if agreeing:
        cut = faulty.request("GET", path)
        assert cut.content == whole.content[: len(whole.content) // 2]
        assert cut.headers["Content-Length"] == str(len(cut.content))
        assert cut.headers["X-Checksum-Sha256"] == whole.headers["X-Checksum-Sha256"]
    else:
        with pytest.raises(requests.exceptions.ChunkedEncodingError, match="IncompleteRead"):
            faulty.request("GET", path)


def test_a_process_that_ends_while_accepting_has_accepted(own_faulty):
    faulty = own_faulty()
    token = new_token()
    faulty.rules({"route": "create", "fault": "restart"})

    with pytest.raises(requests.ConnectionError):
        faulty.create(token)

    assert faulty.process.wait_for_end() == 70
    faulty.process.start()
    assert faulty.tokens() == [token]
    assert faulty.request("GET", "/faults").json()["rules"] == []  # it starts without faults


def unix(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


# --- what is answered --------------------------------------------------------------------------


def test_a_run_can_be_in_a_state_nobody_has_heard_of(faulty):
    run_id = faulty.start()
    faulty.rules({"route": "*", "fault": "unknown_status"})

    assert faulty.job(run_id)["status"] == "hibernating"
    assert {job["status"] for job in faulty.listed()["data"]} == {"hibernating"}
    assert faulty.request("GET", f"/v1/fine-tunes/{run_id}/events").json()["data"]


def test_a_run_can_go_backwards_and_is_right_again_when_the_rule_is_gone(faulty):
    run_id = faulty.start()
    done = faulty.finish(run_id)
    faulty.rules({"route": "*", "fault": "backwards"})

    shown = faulty.job(run_id)
    log = faulty.request("GET", f"/v1/fine-tunes/{run_id}/events").json()["data"]

    assert shown["step"] < done["step"]
    assert shown["progress"]["seconds_remaining"] > done["progress"]["seconds_remaining"]
    assert log == done["events"][: len(log)]
    faulty.clear()
    assert faulty.job(run_id) == done


def test_an_incomplete_list_says_that_there_is_more(faulty):
    for _ in range(6):
        faulty.start()
    everything = {job["id"] for job in faulty.listed()["data"]}
    faulty.rules({"route": "list", "fault": "incomplete_list"})

    listed = faulty.listed()

    assert listed["has_more"] is True
    assert {job["id"] for job in listed["data"]} < everything


def test_a_list_can_lack_entries_without_saying_so(faulty):
    for _ in range(6):
        faulty.start()
    everything = {job["id"] for job in faulty.listed()["data"]}
    faulty.rules({"route": "list", "fault": "silently_incomplete_list"})

    listed = [faulty.listed() for _ in range(6)]

    assert not any(one.get("has_more") for one in listed)
    assert any({job["id"] for job in one["data"]} < everything for one in listed)


def test_a_list_can_admit_nothing(faulty):
    faulty.start()
    faulty.rules({"route": "list", "fault": "empty_list"})

    listed = faulty.listed()

    assert listed["data"] == []
    assert not listed.get("has_more")


def test_a_list_can_lack_the_tokens(faulty):
    run_id = faulty.start()
    faulty.rules({"route": "list", "fault": "list_without_tokens"})

    shown = next(job for job in faulty.listed()["data"] if job["id"] == run_id)

    assert not shown.keys() & {"suffix", "correlation"}


def test_a_stale_list_shows_the_past_and_does_not_say_so(faulty):
    run_id = faulty.start()
    done = faulty.finish(run_id)
    faulty.rules({"route": "list", "fault": "stale_list", "seconds": 600})
    long_ago = faulty.listed()

    started, ended = unix(done["started_at"]), unix(done["events"][-1]["created_at"])
    before_its_end, took = {}, [0.0]

    def is_seen_while_it_ran():
        """Ask for a list of the middle of the run, as far back as asking took the last time."""
        begun = time.time()
        seconds = begun + took[-1] - (started + ended) / 2
        faulty.rules({"route": "list", "fault": "stale_list", "seconds": seconds})
        jobs = [job for job in faulty.listed()["data"] if job["id"] == run_id]
        took.append(time.time() - begun)
        before_its_end.update(jobs[0] if jobs else {})
        return bool(jobs) and jobs[0]["status"] not in {"pending", "completed"}

    wait_until(is_seen_while_it_ran)

    assert long_ago == {"data": []}
    assert before_its_end["model_output_path"] is None
