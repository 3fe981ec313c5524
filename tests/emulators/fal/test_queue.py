"""Submit, status, result and cancel with plain requests."""

from __future__ import annotations

import pytest

from tests.emulators.fal.process import RUNNER, TRAINER, dataset
from tests.trainer.process import wait_until

pytestmark = pytest.mark.service


def test_a_submit_names_the_addresses_and_the_place_in_the_queue(own_fal):
    fal = own_fal(queue=60)
    first, second = fal.draw(), fal.draw()

    assert (first["status"], first["queue_position"], second["queue_position"]) == (
        "IN_QUEUE",
        0,
        1,
    )
    url = f"{fal.process.url}/fal-ai/flux-2/requests/{first['request_id']}"
    assert first["response_url"] == url
    assert first["status_url"] == f"{url}/status"
    assert first["cancel_url"] == f"{url}/cancel"


def test_a_status_is_202_until_the_end_and_a_result_400_before_it(fal):
    fal.rules({"fault": "stuck", "only": f"{TRAINER}:"})
    submitted = fal.train()
    fal.started(submitted)

    open_status = fal.status(submitted)
    early = fal.http.get(submitted["response_url"])
    fal.clear()

    assert (open_status.status_code, open_status.json()["status"]) == (202, "IN_PROGRESS")
    assert early.status_code == 400
    assert fal.result(submitted).status_code == 200
    assert fal.status(submitted).json()["metrics"]["inference_time"] > 0


@pytest.mark.parametrize(("asked", "has_logs"), [("1", True), ("true", True), ("false", False)])
def test_logs_come_only_where_they_are_asked_for(fal, asked, has_logs):
    submitted = fal.draw()
    fal.result(submitted)

    logs = fal.status(submitted, logs=asked).json()["logs"]

    assert bool(logs) is has_logs
    if has_logs:
        assert logs[0]["message"].startswith("SIMULATED")
        assert set(logs[0]) == {"timestamp", "level", "source", "message"}


def test_some_trainers_label_their_lines_in_another_way(fal):
    values = {"images_data_url": fal.upload(dataset()), "steps": 100}
    submitted = fal.submit("fal-ai/krea-2-trainer", values)
    fal.result(submitted)

    [first, *_] = fal.status(submitted, logs="1").json()["logs"]

    assert set(first) == {"timestamp", "labels", "message"}


def test_a_status_can_be_streamed_to_the_end(fal):
    submitted = fal.draw()

    stream = fal.http.get(f"{submitted['status_url']}/stream")

    assert stream.headers["Content-Type"].startswith("text/event-stream")
    assert '"status": "COMPLETED"' in stream.text.strip().splitlines()[-1]


def test_a_cancel_in_the_queue_removes_and_a_second_one_is_refused(own_fal):
    fal = own_fal(queue=60)
    submitted = fal.draw()

    first = fal.http.put(submitted["cancel_url"])
    second = fal.http.put(submitted["cancel_url"])

    assert (first.status_code, first.json()) == (202, {"status": "CANCELLATION_REQUESTED"})
    assert (second.status_code, second.json()) == (400, {"status": "ALREADY_COMPLETED"})
    assert fal.status(submitted).json()["error_type"] == "client_cancelled"
    assert fal.http.get(submitted["response_url"]).status_code == 499


def test_a_cancel_of_what_is_not_there_is_not_found(fal):
    answer = fal.http.put("/fal-ai/flux-2/requests/none/cancel")

    assert (answer.status_code, answer.json()) == (404, {"status": "NOT_FOUND"})


def test_a_run_may_ignore_a_cancel_and_then_costs(fal):
    fal.rules({"fault": "ignores_cancel"})
    submitted = fal.train()
    fal.started(submitted)

    cancelled = fal.http.put(submitted["cancel_url"])

    assert cancelled.status_code == 202
    result = fal.result(submitted)
    assert (result.status_code, result.headers["x-fal-billable-units"]) == (200, "100")


def test_a_cancelled_request_may_be_forgotten(fal):
    fal.rules({"fault": "forgets_cancelled"}, {"fault": "stuck"})
    submitted = fal.draw()

    fal.http.put(submitted["cancel_url"])

    assert fal.status(submitted).status_code == 404


def test_a_queue_that_is_too_long_for_the_client_is_a_429(own_fal):
    fal = own_fal(queue=60)
    for _ in range(3):
        fal.draw()

    answer = fal.http.post(f"/{RUNNER}", json={"prompt": "a"}, params={"fal_max_queue_length": "2"})

    assert answer.status_code == 429


def test_a_request_is_found_under_its_own_application_only(fal):
    submitted = fal.draw()

    other = fal.http.get(f"/fal-ai/flux-lora/requests/{submitted['request_id']}")
    whole = fal.http.get(f"/{RUNNER}/requests/{submitted['request_id']}")

    assert (other.status_code, whole.status_code) == (404, 405)


def test_an_unknown_endpoint_is_not_found(fal):
    assert fal.http.post("/fal-ai/nothing", json={}).status_code == 404


@pytest.mark.parametrize(
    ("values", "kind", "loc"),
    [
        ({}, "missing", ["body", "image_data_url"]),
        ({"images_data_url": "https://x/a.zip"}, "missing", ["body", "image_data_url"]),
        ({"image_data_url": 5}, "string_type", ["body", "image_data_url"]),
        ({"image_data_url": "a", "steps": "9"}, "integer_type", ["body", "steps"]),
        ({"image_data_url": "a", "steps": True}, "integer_type", ["body", "steps"]),
        ({"image_data_url": "a", "steps": 0}, "greater_than_equal", ["body", "steps"]),
        ({"image_data_url": "a", "steps": 10**6}, "less_than_equal", ["body", "steps"]),
        (
            {"image_data_url": "a", "output_lora_format": "kohya"},
            "literal_error",
            ["body", "output_lora_format"],
        ),
    ],
)
def test_an_input_against_the_schema_is_refused_with_its_place(fal, values, kind, loc):
    before = fal.ledger()["count"]

    refused = fal.http.post(f"/{TRAINER}", json=values)

    [found] = refused.json()["detail"]
    assert (refused.status_code, found["type"], found["loc"]) == (422, kind, loc)
    assert set(found) >= {"loc", "msg", "type", "url", "input"}
    assert fal.ledger()["count"] == before


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"a": NaN}'])
def test_a_body_that_is_no_object_is_refused(fal, body):
    assert fal.http.post(f"/{TRAINER}", content=body).status_code == 422


@pytest.mark.parametrize(
    "values",
    [
        {"loras": [{"scale": 1}]},
        {"loras": [{"path": "a"}] * 4},
        {"image_size": "huge"},
        {"image_size": {"width": 10_000, "height": 512}},
        {"image_size": 5},
        {"num_images": 5},
    ],
)
def test_pictures_out_of_bounds_are_refused(fal, values):
    answer = fal.http.post(f"/{RUNNER}", json={"prompt": "a", **values})

    assert answer.status_code == 422


def test_a_picture_is_what_was_asked_for_and_says_that_it_is_simulated(fal):
    size = {"width": 512, "height": 640}
    values = {"prompt": "a boat", "image_size": size, "output_format": "jpeg", "seed": 3}
    result = fal.result(fal.submit(RUNNER, values))

    [image] = result.json()["images"]
    assert (image["width"], image["height"]) == (512, 640)
    assert b"SIMULATED" in fal.http.get(image["url"]).content
    assert result.json()["has_nsfw_concepts"] == [False]


def test_a_picture_that_is_not_kept_is_in_the_answer(fal):
    submitted = fal.submit(RUNNER, {"prompt": "a boat", "sync_mode": True})

    [image] = fal.result(submitted).json()["images"]

    assert image["url"].startswith("data:image/png;base64,")


def test_a_withheld_picture_says_so(fal):
    fal.rules({"fault": "withheld_picture"})

    assert fal.result(fal.draw()).json()["has_nsfw_concepts"] == [True]


def test_outputs_expire_as_the_submit_said(fal):
    lifecycle = '{"expiration_duration_seconds": 120}'
    submitted = fal.draw(headers={"X-Fal-Object-Lifecycle-Preference": lifecycle})
    [image] = fal.result(submitted).json()["images"]
    before = fal.http.get(image["url"]).status_code

    fal.pass_time(121)

    assert (before, fal.http.get(image["url"]).status_code) == (200, 404)


def test_a_result_without_a_stored_input_is_kept_for_an_hour(fal):
    submitted = fal.draw(headers={"X-Fal-Store-IO": "0"})
    before = fal.result(submitted).status_code

    fal.pass_time(3700)

    assert (before, fal.http.get(submitted["response_url"]).status_code) == (200, 404)


def test_a_direct_call_answers_with_the_result_and_is_counted(fal):
    before = fal.ledger()["count"]

    answer = fal.http.post(f"/run/{RUNNER}", json={"prompt": "directly"})

    assert answer.status_code == 200
    assert answer.headers["x-fal-request-id"]
    assert list(answer.json()) == ["images", "timings", "seed", "has_nsfw_concepts", "prompt"]
    assert fal.ledger()["direct"]['{"prompt": "directly"}'] == [answer.headers["x-fal-request-id"]]
    assert fal.ledger()["count"] == before + 1


def test_a_direct_call_by_the_name_of_its_host_needs_no_prefix(fal):
    answer = fal.http.post(f"/{RUNNER}", json={"prompt": "a"}, headers={"Host": "fal.run"})

    assert answer.json()["images"]


def test_a_lora_of_this_service_brings_the_colours_of_its_photos(fal):
    weights = fal.result(fal.train()).json()["diffusers_lora_file"]["url"]
    values = {"prompt": "a", "seed": 1}

    plain = fal.result(fal.submit(RUNNER, values)).json()
    trained = fal.result(fal.submit(RUNNER, {**values, "loras": [{"path": weights}]})).json()

    contents = {fal.http.get(found["images"][0]["url"]).content for found in (plain, trained)}
    assert len(contents) == 2


def test_a_lora_of_another_family_does_not_fit(fal):
    weights = fal.result(fal.train()).json()["diffusers_lora_file"]["url"]
    submitted = fal.submit("fal-ai/flux-lora", {"prompt": "a", "loras": [{"path": weights}]})

    failed = fal.result(submitted)

    assert failed.status_code == 422
    assert "does not fit" in failed.json()["detail"][0]["msg"]


def test_a_lora_that_cannot_be_read_or_is_none_fails_the_picture(fal):
    none = fal.upload(b"no safetensors at all")
    kinds = []
    for path in (none, f"{fal.process.url}/files/b/none/a.safetensors"):
        failed = fal.result(fal.submit(RUNNER, {"prompt": "a", "loras": [{"path": path}]}))
        kinds.append(failed.json()["detail"][0]["type"])

    assert kinds == ["value_error", "file_download_error"]


def test_many_trainings_are_followed_side_by_side(fal):
    submitted = [fal.train() for _ in range(5)]

    wait_until(lambda: all(fal.status(one).status_code == 200 for one in submitted))

    assert len({one["request_id"] for one in submitted}) == 5
