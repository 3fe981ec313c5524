"""The trainer keeps no photo of a run that is over, and nothing that was deleted."""

from __future__ import annotations

import asyncio
import base64
import time

import pytest

from tests.trainer.photos import photo, write_dataset
from tests.trainer.process import MODEL, TrainerProcess, wait_until
from tests.trainer.test_runner import Workshop, never, over, write_weights
from trainer.engines.base import TrainingError
from trainer.files import store
from trainer.runs.work import Work

SMALL = {"width": 320, "height": 256}


def bytes_below(trainer: TrainerProcess) -> bytes:
    """All that lies in the trainer's folder, its database and log included."""
    return b"\0".join(path.read_bytes() for path in trainer.folder.rglob("*") if path.is_file())


async def give_up(work: Work) -> None:
    raise TrainingError("no")


def files_of(workshop: Workshop) -> list[str]:
    return [path.name for path in workshop.files._folder.iterdir()]


@pytest.mark.parametrize("train", [write_weights, give_up])
async def test_the_uploaded_file_goes_with_the_only_run_that_used_it(tmp_path, train):
    workshop = Workshop(tmp_path, train)
    run = await workshop.accept()
    await over(run)
    await workshop.database.committed()
    assert (files_of(workshop), workshop.files.all()) == ([], [])
    assert workshop.database.all_rows("files") == []


async def test_the_uploaded_file_of_a_cancelled_run_goes(tmp_path):
    workshop = Workshop(tmp_path, never)
    run = await workshop.accept()
    workshop.runner.cancel(run)
    await over(run)
    await workshop.database.committed()
    assert files_of(workshop) == []


async def test_a_file_stays_as_long_as_any_run_trains_on_it(tmp_path):
    gates = [asyncio.Event(), asyncio.Event()]
    started = iter(gates)

    async def wait(work: Work) -> None:
        await next(started).wait()
        await write_weights(work)

    workshop = Workshop(tmp_path, wait, slots=2)
    first = await workshop.accept()
    second = await workshop.runs.create(first.request, "", 1.0)
    workshop.runner.accept(second)
    for _ in range(3):
        await asyncio.sleep(0)
    gates[0].set()
    await over(first)
    await workshop.database.committed()
    assert files_of(workshop) == [first.request.training_file]
    gates[1].set()
    await over(second)
    await workshop.database.committed()
    assert files_of(workshop) == []


async def test_a_crash_right_after_the_end_leaves_no_photo_behind(tmp_path, monkeypatch):
    workshop = Workshop(tmp_path, write_weights)
    monkeypatch.setattr("trainer.runs.store._unlink", lambda paths, written: None)
    run = await workshop.accept()
    await over(run)
    await workshop.database.committed()
    assert files_of(workshop) != []
    again = Workshop(tmp_path, never)
    assert files_of(again) == []
    assert not (again.runs.folder(run) / "dataset.jsonl").exists()


async def test_a_file_nobody_trains_on_goes_after_a_day(tmp_path, monkeypatch):
    workshop = Workshop(tmp_path, never)
    run = await workshop.accept()
    unused = workshop.files.announce("later.jsonl", "fine-tune", "")
    workshop.runs.remove_expired_files()
    assert len(workshop.files.all()) == 2
    tomorrow = time.time() + store.UNUSED_FOR + 1
    monkeypatch.setattr(store.time, "time", lambda: tomorrow)
    workshop.runs.remove_expired_files()
    assert [file.id for file in workshop.files.all()] == [run.request.training_file]
    assert unused.id not in {row["id"] for row in workshop.database.all_rows("files")}


@pytest.mark.service
def test_no_file_of_a_finished_run_is_a_photo(own_trainer, client_of, tmp_path):
    trainer = own_trainer(seconds=0.3)
    client = client_of(trainer)
    run_id = client.start(write_dataset(tmp_path / "set.jsonl"))
    assert client.wait(run_id)["status"] == "completed"
    folder = trainer.folder / "runs" / run_id
    wait_until(lambda: not (folder / "dataset.jsonl").exists())
    kept = {path.relative_to(folder).parts[0] for path in folder.rglob("*")}
    assert kept == {"adapter.safetensors", "colours.json"}
    assert client.http.get("/v1/files").json()["data"] == []
    sent = base64.b64encode(photo(0))[:60]
    wait_until(lambda: sent not in bytes_below(trainer))


@pytest.mark.service
def test_a_deleted_run_leaves_no_word_in_the_database(own_trainer, client_of, tmp_path):
    trainer = own_trainer(seconds=0.3)
    client = client_of(trainer)
    word = "zanzibarine_k7"
    dataset = write_dataset(tmp_path / "set.jsonl")
    run_id = client.start(dataset, suffix="tw-first")
    body = {"model": MODEL, "training_file": "", "n_epochs": 10, "learning_rate": 1e-4}
    body["training_file"] = client.together.files.upload(dataset).id
    second = client.http.post(
        "/v1/fine-tunes", json=body | {"image_params": {"trigger_word": word}}
    ).json()["id"]
    client.wait(run_id)
    client.wait(second)
    assert word.encode() in bytes_below(trainer)
    assert client.http.delete(f"/v1/fine-tunes/{second}").status_code == 200
    assert word.encode() not in bytes_below(trainer)


@pytest.mark.service
def test_deleted_images_are_gone(own_trainer, client_of):
    client = client_of(own_trainer())
    body = {"model": MODEL, "prompt": "x", **SMALL}
    made = client.http.post("/v1/images/generations", json=body).json()
    address = f"/v1/images/generations/{made['id']}"
    assert client.http.delete(address).json() == {"id": made["id"], "deleted": True}
    assert client.http.get(made["data"][0]["url"]).status_code == 404
    assert client.http.get("/v1/images/generations").json()["data"] == []
    assert client.http.delete(address).status_code == 404
