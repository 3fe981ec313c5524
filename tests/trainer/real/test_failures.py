"""Every way in which a child can end, over HTTP: one run, told in a person's words."""

from __future__ import annotations

import pytest

from tests.trainer.process import wait_until
from tests.trainer.real.calls import STEPS, begun, kinds, loss_steps
from tests.trainer.real.workshop import KLEIN, is_alive

pytestmark = pytest.mark.service

LIMITS = "/v1/fine-tunes/models/limits"
OUT_OF_MEMORY = {"what": "fail", "code": "card_memory", "at": 1}


def message(job: dict) -> str:
    return str(job["events"][-1]["message"])


@pytest.mark.parametrize("what", ["be_killed", "be_killed_in_a_word", "leave_somebody_behind"])
def test_a_killed_training_goes_on_once_from_its_last_state(
    begin, client_of, workshop, tmp_path, what
):
    left = tmp_path / "left"
    workshop.plays({"what": what, "at": 23, "file": str(left)}, {})
    client = client_of(begin())

    run_id = begun(client, tmp_path)

    job = client.wait(run_id)
    assert job["status"] == "completed"
    (again,) = [event for event in job["events"] if event["type"] == "job_restarted"]
    assert "memory ran out" in again["message"]
    assert "Going on after step 20" in str(job["events"])
    assert loss_steps(client, run_id) == list(range(1, STEPS + 1))
    first, second = workshop.starts
    assert first["order"] == second["order"]
    if left.exists():
        wait_until(lambda: not is_alive(int(left.read_text())))


@pytest.mark.parametrize(
    ("play", "words"),
    [
        ({"what": "be_killed", "at": 7}, "memory ran out"),
        ({"what": "exit", "status": 0, "at": 7}, "Somebody ended"),
        ({"what": "exit", "status": 1, "at": 7}, "crashed"),
        ({"what": "say", "line": "Traceback (most recent call last):", "at": 7}, "crashed"),
        ({"what": "say_without_end", "at": 7}, "crashed"),
        ({"what": "stand_still", "at": 7}, "stood still"),
        ({"what": "be_silent", "at": 7}, "stood still"),
    ],
    ids=lambda value: None if isinstance(value, str) else value["what"],
)
def test_what_ends_a_training_twice_fails_it(begin, client_of, workshop, tmp_path, play, words):
    workshop.plays(play)
    client = client_of(begin())

    run_id = begun(client, tmp_path)

    job = client.wait(run_id)
    assert job["status"] == "error"
    assert words in message(job)
    assert kinds(job).count("job_restarted") == 1
    assert len(workshop.starts) == 2
    assert not any(is_alive(start["pid"]) for start in workshop.starts)
    assert loss_steps(client, run_id) == list(range(1, 7))


def test_a_failure_that_would_come_again_is_not_tried_again(begin, client_of, workshop, tmp_path):
    codes = {
        "lower learning rate": "not_a_number",
        "disk is full": "disk",
        "machine's memory": "memory",
        "make setup-training": "packages",
        "do not change a picture": "no_effect",
        "crashed": "never heard of",
    }
    workshop.plays(*({"what": "fail", "code": code, "at": 7} for code in codes.values()))
    client = client_of(begin())

    for number, words in enumerate(codes, 1):
        job = client.wait(begun(client, tmp_path))
        assert job["status"] == "error"
        assert words in message(job)
        assert len(workshop.starts) == number


def test_a_photo_that_cannot_be_read_is_named(begin, client_of, workshop, tmp_path):
    workshop.plays({"what": "fail", "code": "photo", "text": "Line 3: too small", "at": 0})
    client = client_of(begin())

    job = client.wait(begun(client, tmp_path))

    assert message(job) == "Invalid dataset. Line 3: too small"


def test_where_the_cards_memory_runs_out_a_smaller_way_is_tried_once(
    begin, client_of, workshop, tmp_path
):
    workshop.plays(OUT_OF_MEMORY, {})
    client = client_of(begin())

    run_id = begun(client, tmp_path)

    job = client.wait(run_id)
    assert job["status"] == "completed"
    (told,) = [event for event in job["events"] if event["type"] == "warning"]
    words = "The card's memory ran out. Beginning again at 1024 pixels in 8 bits."
    assert (told["level"], told["message"]) == ("warning", words)
    ways = [start["order"]["base"]["precision"] for start in workshop.starts]
    assert ways == ["bfloat16", "int8"]
    assert loss_steps(client, run_id) == list(range(1, STEPS + 1))

    again = client.wait(begun(client, tmp_path))

    assert again["status"] == "completed"  # it has learned what does not fit
    assert [start["order"]["base"]["precision"] for start in workshop.starts[2:]] == ["int8"]


def test_where_the_cards_memory_runs_out_twice_the_training_fails(
    begin, client_of, workshop, tmp_path
):
    workshop.plays(OUT_OF_MEMORY)
    client = client_of(begin())

    job = client.wait(begun(client, tmp_path))

    assert job["status"] == "error"
    assert "Close what else uses the card" in message(job)
    assert len(workshop.starts) == 2


def test_a_python_that_went_away_is_told_of(begin, client_of, workshop, tmp_path):
    client = client_of(begin())
    workshop.python.unlink()

    job = client.wait(begun(client, tmp_path))

    assert job["status"] == "error"
    assert "make setup-training" in message(job)


def test_a_base_model_that_went_away_is_told_of(begin, client_of, workshop, tmp_path):
    workshop.plays({"what": "hold", "at": 3, "until": str(tmp_path / "goal")})
    client = client_of(begin())
    begun(client, tmp_path)
    waiting = begun(client, tmp_path)
    (workshop.models / KLEIN.replace("/", "--") / "model_index.json").unlink()

    (tmp_path / "goal").touch()

    job = client.wait(waiting)
    assert job["status"] == "error"
    assert "not on this machine" in message(job)


def test_photos_at_a_time_that_do_not_fit_are_refused_in_words(
    begin, client_of, workshop, tmp_path
):
    workshop.has_cards((8_188, 100))
    client = client_of(begin())

    job = client.wait(begun(client, tmp_path, batch_size=8))

    assert job["status"] == "error"
    fit = client.http.get(LIMITS, params={"model_name": KLEIN, "batch_size": "8"}).json()["fit"]
    assert message(job) == fit["words"]
    assert fit["words"] == (
        f"{KLEIN} with 8 photos at a time needs 20.0 GB on NVIDIA Made-up at the least (512 pixels "
        "in 4 bits), which has 7.9 GB free. Train with a batch size of 1."
    )
    assert not workshop.starts


# --- somebody ends it ----------------------------------------------------------------------


def test_a_cancelled_training_ends_politely_and_its_card_is_free(
    begin, client_of, workshop, tmp_path
):
    workshop.plays({"what": "hold", "at": 12}, {})
    client = client_of(begin())
    run_id, following = begun(client, tmp_path), begun(client, tmp_path)
    wait_until(lambda: client.job(run_id)["step"] == 11)

    client.together.fine_tuning.cancel(run_id)

    assert client.wait(run_id)["status"] == "cancelled"
    assert client.wait(following)["status"] == "completed"
    assert not is_alive(workshop.starts[0]["pid"])


def test_a_cancelled_training_that_does_not_end_is_killed_before_the_next_one(
    begin, client_of, workshop, tmp_path
):
    workshop.plays({"what": "stand_still", "at": 12}, {})
    client = client_of(begin())
    run_id, following = begun(client, tmp_path), begun(client, tmp_path)
    wait_until(lambda: client.job(run_id)["step"] == 11)

    client.together.fine_tuning.cancel(run_id)

    assert client.wait(run_id)["status"] == "cancelled"
    assert client.wait(following)["status"] == "completed"
    assert not is_alive(workshop.starts[0]["pid"])


def test_a_deleted_training_leaves_nothing(begin, client_of, workshop, tmp_path):
    workshop.plays({"what": "hold", "at": 12})
    client = client_of(begin())
    run_id = begun(client, tmp_path)
    wait_until(lambda: client.job(run_id)["step"] == 11)

    client.http.delete(f"/v1/fine-tunes/{run_id}").raise_for_status()

    assert client.http.get(f"/v1/fine-tunes/{run_id}").status_code == 404
    assert not (tmp_path / f"trainer-0/runs/{run_id}").exists()
    assert not is_alive(workshop.starts[0]["pid"])


def test_a_training_is_cancelled_while_its_child_is_being_started(
    begin, client_of, workshop, tmp_path
):
    client = client_of(begin())
    run_id = begun(client, tmp_path)

    client.together.fine_tuning.cancel(run_id)

    assert client.wait(run_id)["status"] in {"cancelled", "completed"}
    wait_until(lambda: not any(is_alive(start["pid"]) for start in workshop.starts))


@pytest.mark.parametrize("how", ["kill", "stop"])
def test_the_child_ends_with_the_service_and_the_next_one_goes_on(
    begin, client_of, workshop, tmp_path, how
):
    workshop.plays({"what": "hold", "at": 23}, {})
    trainer = begin()
    client = client_of(trainer)
    run_id = begun(client, tmp_path)
    wait_until(lambda: client.job(run_id)["step"] == 22)

    getattr(trainer, how)()
    wait_until(lambda: not is_alive(workshop.starts[0]["pid"]))
    workshop.has_cards((24_564, 23_000))  # its memory is not free yet
    trainer.start()

    job = client.wait(run_id)
    assert job["status"] == "completed"
    assert "Going on after step 20" in str(job["events"])
    first, second = workshop.starts
    assert first["order"] == second["order"]
    steps = loss_steps(client, run_id)
    assert len(steps) == len(set(steps)) and steps[-1] == STEPS


@pytest.mark.parametrize("is_cancelled", [False, True])
def test_a_stuck_child_ends_with_a_stopped_service(
    begin, client_of, workshop, tmp_path, is_cancelled
):
    workshop.plays({"what": "stand_still", "at": 12})
    trainer = begin()
    client = client_of(trainer)
    run_id = begun(client, tmp_path)
    wait_until(lambda: client.job(run_id)["step"] == 11)
    if is_cancelled:  # and so asked to end twice
        client.together.fine_tuning.cancel(run_id)

    trainer.stop()

    assert not is_alive(workshop.starts[0]["pid"])


def test_a_real_training_is_never_ended_by_a_simulation(begin, client_of, workshop, tmp_path):
    workshop.plays({"what": "hold", "at": 12})
    trainer = begin()
    client = client_of(trainer)
    run_id = begun(client, tmp_path)
    wait_until(lambda: client.job(run_id)["step"] == 11)
    trainer.kill()
    trainer.env = {**trainer.env, "TRAINER_ENGINE": "auto"}
    trainer.command = [*trainer.command[:-1], "trainer"]
    (workshop.folder / "bin" / "nvidia-smi").unlink()

    trainer.start()

    job = client.wait(run_id)
    assert (job["status"], job["engine"]) == ("error", "diffusers")
    assert "simulated is at work now" in message(job)
    health = client.http.get("/healthz").json()
    assert (health["engine"], "no graphics card" in health["why"]) == ("simulated", True)
