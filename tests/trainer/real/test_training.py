"""A whole training on the real engine, over HTTP; only the child is a stand-in."""

from __future__ import annotations

import hashlib

import pytest

from tests.trainer.process import wait_until
from tests.trainer.real.calls import PARAMS, STEPS, begun, kinds, loss_steps
from tests.trainer.real.workshop import KLEIN, is_alive
from trainer.engines.diffusers.known import SHIPPED_MODEL

pytestmark = pytest.mark.service


def test_a_training_tells_all_on_the_way_and_its_weights_are_served(
    begin, client_of, workshop, tmp_path
):
    client = client_of(begin())

    run_id = begun(client, tmp_path, n_checkpoints=2)

    job = client.wait(run_id)
    assert (job["status"], job["engine"], job["step"]) == ("completed", "diffusers", STEPS)
    told = kinds(job)
    assert told[:2] == ["job_pending", "job_start"]
    assert told[-2:] == ["model_compressing", "job_complete"]
    assert told.count("eval_complete") == 5
    assert told.count("checkpoint_save") == 1
    assert loss_steps(client, run_id) == list(range(1, STEPS + 1))
    weights = client.http.get(f"/v1/finetune/download?ft_id={run_id}")
    assert (
        weights.content == (tmp_path / f"trainer-0/runs/{run_id}/adapter.safetensors").read_bytes()
    )
    assert weights.headers["X-Trainer-Engine"] == "diffusers"
    (start,) = workshop.starts
    assert start["order"]["recipe"]["learning_rate"] == 1e-4  # the family's own
    assert (start["order"]["base"]["precision"], start["order"]["base"]["device"]) == (
        "bfloat16",
        "cuda",
    )


@pytest.mark.parametrize(
    ("model", "asked", "is_kept"),
    [
        (KLEIN, {}, False),
        (KLEIN, {"keep_prior": True}, True),
        (SHIPPED_MODEL, {}, True),
        (SHIPPED_MODEL, {"keep_prior": False}, False),
        (SHIPPED_MODEL, {"trigger_word": "", "keep_prior": True}, False),
    ],
)
def test_the_prior_is_kept_as_is_asked_else_as_is_usual(
    begin, client_of, workshop, tmp_path, model, asked, is_kept
):
    client = client_of(begin())

    client.wait(begun(client, tmp_path, model, image_params=PARAMS | asked))

    assert workshop.starts[0]["order"]["recipe"]["keep_prior"] is is_kept


def test_progress_is_shown_while_it_trains(begin, client_of, workshop, tmp_path):
    workshop.plays({"what": "hold", "at": 12})
    client = client_of(begin())

    run_id = begun(client, tmp_path)

    wait_until(lambda: client.job(run_id)["step"] == 11)
    job = client.job(run_id)
    assert job["status"] == "running"
    assert job["progress"] == {"estimate_available": True, "seconds_remaining": 15}


def test_before_the_first_step_nobody_knows_how_long_it_takes(begin, client_of, workshop, tmp_path):
    workshop.plays({"what": "hold", "at": 0})
    client = client_of(begin())

    run_id = begun(client, tmp_path)

    wait_until(lambda: "training_start" in kinds(client.job(run_id)))
    assert client.job(run_id)["progress"]["estimate_available"] is False


def test_the_child_is_told_no_key_and_which_card_is_its_own(begin, client_of, workshop, tmp_path):
    client = client_of(begin(key="s3cret", HF_TOKEN="hf_s3cret", AWS_SECRET_ACCESS_KEY="s3cret"))

    client.wait(begun(client, tmp_path))

    (start,) = workshop.starts
    told = start["environment"]
    assert "s3cret" not in str(start)
    assert told["CUDA_VISIBLE_DEVICES"] == "0"
    assert told["CUDA_DEVICE_ORDER"] == "PCI_BUS_ID"
    assert told["HF_HUB_OFFLINE"] == "1"
    allowed = {"PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "LD_LIBRARY_PATH", "CUDA_HOME"}
    mine = {"PYTHONPATH", "PWD", "OLDPWD", "SHLVL", "_"}  # of the stand-in's own shell
    assert {name for name in told if not name.startswith(("HF_", "CUDA_", "OMP_"))} <= (
        allowed
        | mine
        | {"TRANSFORMERS_VERBOSITY", "PYTORCH_CUDA_ALLOC_CONF"}
        | {"PYTHONDONTWRITEBYTECODE", "TQDM_DISABLE"}
    )


def test_the_log_of_a_talkative_child_stays_small(begin, client_of, workshop, tmp_path):
    workshop.plays({"prints": 100_000})
    client = client_of(begin())

    run_id = begun(client, tmp_path)

    client.wait(run_id)
    kept = (tmp_path / f"trainer-0/runs/{run_id}/log.txt").read_bytes()
    assert len(kept) <= 200_000
    assert kept.endswith(b"a library prints what it likes \n")


def test_what_is_kept_on_the_way_goes_with_the_end(begin, client_of, workshop, tmp_path):
    client = client_of(begin())

    run_id = begun(client, tmp_path)

    client.wait(run_id)
    folder = tmp_path / f"trainer-0/runs/{run_id}"
    wait_until(
        lambda: not (folder / "scratch").exists() and not (folder / "dataset.jsonl").exists()
    )
    assert (folder / "samples").is_dir()


def test_each_card_trains_one_run_and_the_others_wait_in_turn(begin, client_of, workshop, tmp_path):
    goals = [tmp_path / "goal-0", tmp_path / "goal-1"]
    workshop.has_cards((24_564, 0), (24_564, 0))
    workshop.plays(*({"what": "hold", "at": 3, "until": str(goal)} for goal in goals), {})
    client = client_of(begin())

    # One after the other: what two children do at once they write down in any order.
    first = begun(client, tmp_path)
    wait_until(lambda: len(workshop.starts) == 1)
    second, third, fourth = (begun(client, tmp_path) for _ in range(3))
    wait_until(lambda: len(workshop.starts) == 2)

    cards = {start["environment"]["CUDA_VISIBLE_DEVICES"] for start in workshop.starts}
    assert cards == {"0", "1"}
    assert [client.job(one)["queue_depth"] for one in (third, fourth)] == [0, 1]
    goals[0].touch()
    wait_until(lambda: len(workshop.starts) == 4)
    goals[1].touch()
    for run_id in (first, second, third, fourth):
        assert client.wait(run_id)["status"] == "completed"
    order = [start["order"]["run_id"] for start in workshop.starts]
    assert (set(order[:2]), order[2:]) == ({first, second}, [third, fourth])
    assert not any(is_alive(start["pid"]) for start in workshop.starts)


def test_the_same_weights_are_served_under_other_names_where_there_are_such(
    begin, client_of, tmp_path
):
    client = client_of(begin())
    run_id = begun(client, tmp_path)
    client.wait(run_id)
    address = f"/v1/finetune/download?ft_id={run_id}&checkpoint=kohya"

    missing = client.http.get(address)
    folder = tmp_path / f"trainer-0/runs/{run_id}"
    (folder / "adapter.kohya.safetensors").write_bytes(b"other names")
    found = client.http.get(address)

    assert (missing.status_code, found.status_code) == (404, 200)
    assert found.content == b"other names"
    assert found.headers["X-Checksum-Sha256"] == hashlib.sha256(b"other names").hexdigest()
