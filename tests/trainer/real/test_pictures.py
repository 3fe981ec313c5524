"""Pictures of the real engine: who draws them, when, and who goes first."""

from __future__ import annotations

import os
import signal
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.trainer.process import wait_until
from tests.trainer.real.calls import begun
from tests.trainer.real.workshop import KLEIN, SDXL, is_alive

pytestmark = pytest.mark.service

FLUX = "black-forest-labs/FLUX.1-dev"


def asked(client, **more: object):
    body = {"model": KLEIN, "prompt": "a zorbik", "seed": 7, "response_format": "base64"}
    return client.http.post("/v1/images/generations", json=body | more)


def test_a_picture_is_drawn_as_it_was_asked_for(begin, client_of, workshop, tmp_path):
    client = client_of(begin())
    run_id = begun(client, tmp_path)
    job = client.wait(run_id)

    answer = asked(
        client,
        image_loras=[{"path": job["model_output_path"], "scale": 0.7}],
        steps=9,
        guidance=2.5,
        negative_prompt="blur",
        width=512,
        height=768,
    )

    assert answer.status_code == 200, answer.text
    picture = workshop.starts[-1]["order"]["picture"]
    ((path, scale),) = picture.pop("loras")
    assert (path.endswith(f"{run_id}/adapter.safetensors"), scale) == (True, 0.7)
    assert picture == {
        "prompt": "a zorbik",
        "width": 512,
        "height": 768,
        "seed": 7,
        "file_format": "jpeg",
        "steps": 9,
        "guidance": 2.5,
        "negative_prompt": "blur",
    }


def test_while_every_card_trains_one_is_asked_to_come_again(begin, client_of, workshop, tmp_path):
    goal = tmp_path / "goal"
    workshop.plays({"what": "hold", "at": 12, "until": str(goal)}, {})
    client = client_of(begin())
    run_id = begun(client, tmp_path)
    wait_until(lambda: client.job(run_id)["step"] == 11)

    refused = asked(client)

    assert refused.status_code == 503
    assert int(refused.headers["Retry-After"]) == 14  # seconds, as the training says
    goal.touch()
    client.wait(run_id)
    assert asked(client).status_code == 200


def test_a_second_card_draws_while_the_first_trains(begin, client_of, workshop, tmp_path):
    workshop.has_cards((24_564, 300), (24_564, 300))
    workshop.plays({"what": "hold", "at": 3}, {})
    client = client_of(begin())
    run_id = begun(client, tmp_path)
    wait_until(lambda: client.job(run_id)["step"] == 2)

    assert asked(client).status_code == 200

    assert workshop.starts[1]["environment"]["CUDA_VISIBLE_DEVICES"] == "1"


def test_pictures_take_turns_on_one_card(begin, client_of, workshop):
    client = client_of(begin())

    with ThreadPoolExecutor() as pool:
        answers = list(pool.map(lambda seed: asked(client, seed=seed), range(4)))

    assert {answer.status_code for answer in answers} == {200}
    drawn = {answer.json()["data"][0]["b64_json"] for answer in answers}
    assert len(drawn) == 4


def test_a_picture_that_is_not_drawn_is_an_error_in_words(begin, client_of, workshop):
    ends = {
        "ask for a smaller picture": {"what": "fail", "code": "card_memory"},
        "empty picture": {"what": "fail", "code": "blank_picture"},
        "ended the drawing": {"what": "be_killed"},
        "drawing process crashed": {"what": "exit", "status": 1},
    }
    workshop.plays(*ends.values())
    client = client_of(begin())

    for words in ends:
        answer = asked(client)
        assert answer.status_code == 500
        assert words in answer.json()["error"]["message"]


def test_a_lora_that_was_only_simulated_is_not_drawn_with(
    begin, own_trainer, client_of, workshop, tmp_path
):
    simulating = begin(module="trainer", TRAINER_ENGINE="simulated")
    client = client_of(simulating)
    job = client.wait(begun(client, tmp_path, model=FLUX))
    workshop.has_model(FLUX)
    simulating.stop()
    simulating.env = {**simulating.env, "TRAINER_ENGINE": "auto"}
    simulating.start()
    assert client.http.get("/healthz").json() == {"status": "ok", "engine": "diffusers"}

    loras = [{"path": job["model_output_path"], "scale": 1.0}]
    answer = asked(client, model=FLUX, image_loras=loras)

    assert answer.status_code == 400
    assert "was made by the engine simulated" in answer.json()["error"]["message"]
    assert client.job(job["id"])["engine"] == "simulated"


# --- one is kept for the next picture ------------------------------------------------------


def test_one_child_draws_one_picture_after_another(begin, client_of, workshop):
    client = client_of(begin())

    answers = [asked(client, seed=seed) for seed in (1, 2, 1)]

    first, second, third = (one.json()["data"][0]["b64_json"] for one in answers)
    assert (first == third, first == second) == (True, False)
    assert len(workshop.starts) == 1


def test_another_base_model_takes_its_place(begin, client_of, workshop):
    workshop.has_model(SDXL)
    client = client_of(begin())

    for model in (KLEIN, SDXL):
        assert asked(client, model=model).status_code == 200

    first, second = (start["pid"] for start in workshop.starts)
    assert (is_alive(first), is_alive(second)) == (False, True)


def test_a_training_that_wants_the_card_ends_it_first(begin, client_of, workshop, tmp_path):
    workshop.plays({}, {"what": "hold", "at": 3})
    client = client_of(begin())
    assert asked(client).status_code == 200
    (drawer,) = workshop.starts
    assert is_alive(drawer["pid"])

    run_id = begun(client, tmp_path)

    wait_until(lambda: client.job(run_id)["step"] == 2)
    assert not is_alive(drawer["pid"])


def test_its_memory_does_not_count_when_one_asks_what_fits(begin, client_of, workshop):
    client = client_of(begin())
    path = f"/v1/fine-tunes/models/limits?model_name={KLEIN}"
    before = client.http.get(path).json()["fit"]
    assert asked(client).status_code == 200

    workshop.has_cards((24_564, 20_000))

    assert client.http.get(path).json()["fit"] == before


@pytest.mark.parametrize("keep", [0, 0.05])
def test_it_ends_by_itself_when_nobody_asks_any_more(begin, client_of, workshop, keep):
    client = client_of(begin(keep_seconds=keep))

    assert asked(client).status_code == 200

    wait_until(lambda: not is_alive(workshop.starts[0]["pid"]))
    assert asked(client).status_code == 200


def test_where_it_was_killed_meanwhile_another_one_draws(begin, client_of, workshop):
    client = client_of(begin())
    assert asked(client).status_code == 200
    os.kill(workshop.starts[0]["pid"], signal.SIGKILL)
    wait_until(lambda: not is_alive(workshop.starts[0]["pid"]))

    assert asked(client).status_code == 200
    assert len(workshop.starts) == 2


def test_one_that_fails_is_not_asked_again(begin, client_of, workshop):
    workshop.plays({"what": "fail", "code": "card_memory", "at": 1}, {})
    client = client_of(begin())

    assert [asked(client).status_code for _ in range(3)] == [200, 500, 200]

    assert len(workshop.starts) == 2
    assert not is_alive(workshop.starts[0]["pid"])


@pytest.mark.parametrize("how", ["kill", "stop"])
def test_it_ends_with_the_service(begin, client_of, workshop, how):
    trainer = begin()
    assert asked(client_of(trainer)).status_code == 200

    getattr(trainer, how)()

    wait_until(lambda: not is_alive(workshop.starts[0]["pid"]))
    assert "Traceback" not in trainer.log and "Warning" not in trainer.log
