"""What the service answers about the real engine: whether a model fits, samples, pictures."""

from __future__ import annotations

import json

import pytest

from tests.trainer.process import wait_until
from tests.trainer.real.calls import STEPS, begun
from tests.trainer.real.stand_in_child import PICTURE
from tests.trainer.real.workshop import KLEIN, SDXL

pytestmark = pytest.mark.service

FLUX = "black-forest-labs/FLUX.1-dev"
LIMITS = "/v1/fine-tunes/models/limits"


def limits(client, model: str) -> dict:
    return client.http.get(LIMITS, params={"model_name": model}).json()


# --- what is here, and what fits -----------------------------------------------------------


def test_what_is_offered_is_what_is_here(begin, client_of, workshop):
    client = client_of(begin())
    before = client.http.get("/v1/fine-tunes/models/supported").json()["models"]

    workshop.has_model(SDXL)

    after = client.http.get("/v1/fine-tunes/models/supported").json()["models"]
    assert KLEIN in before
    assert set(after) - set(before) == {SDXL}


def test_the_limits_say_whether_and_how_a_model_fits_the_card(begin, client_of, workshop):
    client = client_of(begin())

    for memory, used, words in (
        (8_188, 450, "At 512 pixels in 4 bits on NVIDIA Made-up: needs 5.7 of the 7.6 GB that"),
        (12_282, 450, "At 768 pixels in 8 bits on NVIDIA Made-up: needs 9.6 of the 11.6 GB that"),
        (24_564, 450, "At 1024 pixels in 16 bits on NVIDIA Made-up: needs 17.1 of the 23.5 GB"),
        (49_140, 450, "At 1024 pixels in 16 bits on NVIDIA Made-up: needs 17.1 of the 47.5 GB"),
        (8_188, 4_000, f"{KLEIN} needs 6.0 GB on the card at the least (512 pixels in 4 bits); "),
    ):
        workshop.has_cards((memory, used))  # asked anew each time
        fit = limits(client, KLEIN)["fit"]
        assert fit["words"].startswith(words)
        assert fit["fits"] is (used < 1_000)
        assert fit["free_bytes"] == (memory - used) * 1024**2


def test_the_limits_are_those_of_as_many_photos_at_a_time_as_are_asked_about(begin, client_of):
    client = client_of(begin())

    def asked(batch: str) -> dict:
        return client.http.get(LIMITS, params={"model_name": KLEIN, "batch_size": batch})

    one, four = (asked(batch).json()["fit"] for batch in ("1", "4"))
    assert one["needs_bytes"] == limits(client, KLEIN)["fit"]["needs_bytes"]
    assert (one["resolution"], four["resolution"]) == (1024, 768)
    for wrong in ("0", "9", "-1", "1.5", "", "two", "10000000000"):
        answer = asked(wrong)
        assert answer.status_code == 400
        assert answer.json()["error"]["param"] == "batch_size"


def test_a_refused_start_says_what_the_limits_say(begin, client_of, workshop, tmp_path):
    workshop.has_model(FLUX)
    workshop.has_cards((8_188, 450))
    client = client_of(begin())
    words = limits(client, FLUX)["fit"]["words"]

    job = client.wait(begun(client, tmp_path, model=FLUX))

    assert job["status"] == "error"
    assert job["events"][-1]["message"] == words
    assert f"Train {KLEIN} instead" in words


def test_a_model_that_is_not_here_is_answered_with_what_to_do(begin, client_of, workshop):
    client = client_of(begin())

    for model, memory, words in (
        (
            FLUX,
            24_564,
            f"{FLUX} is not on this machine. Get it: .venv/bin/python -m trainer models get",
        ),
        (FLUX, 8_188, f"{FLUX} needs 9.7 GB on the card at the least"),
        ("black-forest-labs/FLUX.2-dev", 24_564, "black-forest-labs/FLUX.2-dev needs 30.0 GB"),
        ("black-forest-labs/FLUX.2-dev", 81_559, "black-forest-labs/FLUX.2-dev cannot be"),
        ("nobody/nothing", 24_564, "Model 'nobody/nothing' cannot be trained."),
    ):
        workshop.has_cards((memory, 450))
        answer = client.http.get(LIMITS, params={"model_name": model})
        assert answer.status_code == 404
        assert answer.json()["message"].startswith(words)


def test_a_card_that_trains_counts_as_it_was_before(begin, client_of, workshop, tmp_path):
    workshop.plays({"what": "hold", "at": 3})
    client = client_of(begin())
    before = limits(client, KLEIN)["fit"]
    run_id = begun(client, tmp_path)
    wait_until(lambda: client.job(run_id)["step"] == 2)

    workshop.has_cards((24_564, 20_000))

    assert limits(client, KLEIN)["fit"] == before


def test_the_next_estimate_is_what_this_machine_has_measured(begin, client_of, workshop, tmp_path):
    workshop.plays({"peak": 9 * 1024**3})
    trainer = begin()
    client = client_of(trainer)

    client.wait(begun(client, tmp_path))

    fit = limits(client, KLEIN)["fit"]
    assert (fit["seconds_per_step"], fit["needs_bytes"]) == (0.5, 9 * 1024**3 + 800 * 1024**2)
    trainer.kill()
    trainer.start()
    assert limits(client, KLEIN)["fit"] == fit
    (kept,) = json.loads((trainer.folder / "measured.json").read_text())
    assert (kept["card"], kept["model"], kept["precision"]) == (
        "NVIDIA Made-up",
        KLEIN,
        "bfloat16",
    )


# --- samples -------------------------------------------------------------------------------


def test_the_samples_of_a_training_are_listed_and_served(begin, client_of, tmp_path):
    trainer = begin()
    client = client_of(trainer)
    run_id = begun(client, tmp_path)
    client.wait(run_id)

    listed = client.http.get(f"/v1/fine-tunes/{run_id}/samples").json()["data"]

    assert [(one["step"], one["has_trigger"]) for one in listed] == [
        (step, has) for step in (0, 10, 20, 30, STEPS) for has in (True, False)
    ]
    assert [one["prompt"] for one in listed[:2]] == [
        "photo of zorbik person",
        "photo of a person",
    ]
    assert listed[0]["url"] == f"{trainer.url}/v1/fine-tunes/{run_id}/samples/0-0.jpg"
    answer = client.http.get(listed[0]["url"])
    assert (answer.content, answer.headers["Content-Type"]) == (PICTURE, "image/jpeg")


def test_only_a_samples_own_name_is_answered(begin, client_of, tmp_path):
    client = client_of(begin())
    run_id = begun(client, tmp_path)
    client.wait(run_id)

    for name in (
        *("0-2.jpg", "1-0.jpg", "0-0.png", "0-0.jpg.part", "٠-0.jpg", "..%2Fadapter.safetensors"),
        *("..%2f..%2f..%2ftrainer.db", "0-0.jpg%00", "0-0.jpg%0a", "%2e%2e", "-1-0.jpg"),
    ):
        answer = client.http.get(f"/v1/fine-tunes/{run_id}/samples/{name}")
        assert answer.status_code == 404, name


def test_samples_need_the_key_and_go_with_their_run(begin, client_of, tmp_path):
    client = client_of(begin())
    run_id = begun(client, tmp_path)
    client.wait(run_id)
    path = f"/v1/fine-tunes/{run_id}/samples"
    for one in (path, f"{path}/0-0.jpg"):
        assert client.http.get(one).status_code == 200
        assert client.http.get(one, headers={"Authorization": "Bearer x"}).status_code == 401

    client.http.delete(f"/v1/fine-tunes/{run_id}").raise_for_status()

    for one in (path, f"{path}/0-0.jpg"):
        assert client.http.get(one).status_code == 404
