"""The service dies in the middle and goes on where it was."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from tests.trainer.photos import write_dataset
from tests.trainer.process import TrainerProcess, wait_until

pytestmark = pytest.mark.service


def kinds(job: dict) -> list[str]:
    return [event["type"] for event in job["events"]]


def at_step(client, run_id: str, step: int) -> bool:
    return client.job(run_id)["step"] >= step


@pytest.mark.parametrize("how", ["kill", "stop"])
def test_a_running_training_goes_on_after_a_restart(own_trainer, client_of, tmp_path, how):
    trainer: TrainerProcess = own_trainer(seconds=2)
    client = client_of(trainer)
    run_id = client.start(write_dataset(tmp_path / "set.jsonl"))
    wait_until(lambda: at_step(client, run_id, 16))

    getattr(trainer, how)()
    trainer.start()

    resumed = client.job(run_id)
    assert resumed["status"] in {"running", "compressing", "uploading"}
    assert resumed["step"] >= 12  # not from the beginning: at worst the last event's step
    job = client.wait(run_id)
    assert job["status"] == "completed"
    assert len(client.http.get("/v1/fine-tunes").json()["data"]) == 1
    assert kinds(job).count("job_restarted") == kinds(job).count("job_complete") == 1
    once = [kind for kind in kinds(job) if kind not in {"job_restarted", "epoch_complete"}]
    assert len(once) == len(set(once))  # nothing is reported twice
    assert kinds(job).count("epoch_complete") == 10
    steps = [
        point["train/global_step"]
        for point in client.http.get(f"/v1/fine-tunes/{run_id}/metrics").json()["metrics"]
    ]
    assert steps == list(range(1, 41))


def test_an_accepted_training_survives_a_kill_right_after_the_answer(
    own_trainer, client_of, tmp_path
):
    trainer = own_trainer(seconds=0.5)
    client = client_of(trainer)
    run_id = client.start(write_dataset(tmp_path / "set.jsonl"), suffix="tw-once")

    trainer.kill()
    trainer.start()

    listed = client.http.get("/v1/fine-tunes").json()["data"]
    assert [job["suffix"] for job in listed] == ["tw-once"]
    assert client.wait(run_id)["status"] == "completed"


def test_waiting_trainings_keep_their_order_over_a_restart(own_trainer, client_of, tmp_path):
    trainer = own_trainer(seconds=60, slots=1)
    client = client_of(trainer)
    dataset = write_dataset(tmp_path / "set.jsonl")
    first, second, third = (client.start(dataset) for _ in range(3))
    client.wait(first, "running")

    trainer.kill()
    trainer.start()

    assert client.wait(first, "running")["status"] == "running"
    depths = {run_id: client.job(run_id)["queue_depth"] for run_id in (second, third)}
    assert depths == {second: 0, third: 1}


def test_a_cancel_that_was_asked_for_is_done_after_a_restart(own_trainer, client_of, tmp_path):
    trainer = own_trainer(seconds=60)
    client = client_of(trainer)
    run_id = client.start(write_dataset(tmp_path / "set.jsonl"))
    client.wait(run_id, "running")
    trainer.kill()
    # As if the process had died between the request and its end.
    with closing(sqlite3.connect(trainer.folder / "trainer.db")) as database, database:
        database.execute("UPDATE runs SET status = 'cancel_requested' WHERE id = ?", [run_id])

    trainer.start()

    assert client.job(run_id)["status"] == "cancelled"


def test_a_training_whose_photos_were_lost_fails_and_says_so(own_trainer, client_of, tmp_path):
    trainer = own_trainer(seconds=60, slots=1)
    client = client_of(trainer)
    dataset = write_dataset(tmp_path / "set.jsonl")
    first, waiting = client.start(dataset), client.start(dataset)
    client.wait(waiting, "queued")
    trainer.kill()
    (trainer.folder / "runs" / waiting / "dataset.jsonl").unlink()

    trainer.start()
    client.together.fine_tuning.cancel(first)

    job = client.wait(waiting)
    assert job["status"] == "error"
    assert "missing" in job["events"][-1]["message"]


def test_a_half_written_last_change_does_not_stop_a_run(own_trainer, client_of, tmp_path):
    trainer = own_trainer(seconds=2)
    client = client_of(trainer)
    run_id = client.start(write_dataset(tmp_path / "set.jsonl"))
    wait_until(lambda: at_step(client, run_id, 8))
    trainer.kill()
    with (trainer.folder / "trainer.db-wal").open("ab") as log:
        log.write(b"the beginning of a change")

    trainer.start()

    assert client.wait(run_id)["status"] == "completed"


def test_deleting_the_file_does_not_disturb_the_run(own_trainer, client_of, tmp_path):
    trainer = own_trainer(seconds=0.5, slots=1)
    client = client_of(trainer)
    dataset = write_dataset(tmp_path / "set.jsonl")
    first, second = client.start(dataset), client.start(dataset)

    client.together.files.delete(client.job(second)["training_file"])

    assert client.wait(first)["status"] == "completed"
    assert client.wait(second)["status"] == "completed"


def test_the_photos_go_when_the_run_is_over(own_trainer, client_of, tmp_path):
    trainer = own_trainer(seconds=0.3)
    client = client_of(trainer)
    run_id = client.start(write_dataset(tmp_path / "set.jsonl"))
    client.wait(run_id)

    wait_until(lambda: not (trainer.folder / "runs" / run_id / "dataset.jsonl").exists())


def test_files_survive_a_restart(own_trainer, client_of, tmp_path):
    trainer = own_trainer()
    client = client_of(trainer)
    dataset = write_dataset(tmp_path / "set.jsonl")
    file = client.together.files.upload(dataset)

    trainer.kill()
    trainer.start()

    assert client.together.files.content(file.id).read() == dataset.read_bytes()
    assert client.together.files.upload(dataset).id == file.id


def test_what_lies_on_the_disk_is_for_this_account_only(own_trainer, client_of, tmp_path):
    trainer = own_trainer(seconds=0.3)
    client = client_of(trainer)
    client.wait(client.start(write_dataset(tmp_path / "set.jsonl")))

    readable = [path for path in trainer.folder.rglob("*") if path.stat().st_mode & 0o077]

    assert readable == []
