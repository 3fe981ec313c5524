"""Together's Python client, unchanged, against the running service."""

from __future__ import annotations

import httpx
import pytest
import safetensors
import together
from together.lib.resources.files import FileAlreadyExistsError

from tests.trainer.conftest import MODEL
from tests.trainer.photos import write_dataset

pytestmark = pytest.mark.service


def test_the_upload_with_the_clients_own_check_passes(client, tmp_path):
    dataset = write_dataset(tmp_path / "set.jsonl", photos=3, seed=1)

    file = client.together.files.upload(dataset, check=True)

    assert file.id.startswith("file-")
    assert (file.filename, file.bytes) == ("set.jsonl", dataset.stat().st_size)
    assert (file.file_type, file.processing_status) == ("jsonl", "COMPLETED")
    assert client.together.files.content(file.id).read() == dataset.read_bytes()
    assert client.together.files.retrieve(file.id).validation_report.nlines == 3


def test_the_same_content_is_stored_once(client, tmp_path):
    dataset = write_dataset(tmp_path / "set.jsonl", seed=2)
    first = client.together.files.upload(dataset)

    assert client.together.files.upload(dataset).id == first.id
    with pytest.raises(FileAlreadyExistsError):
        client.together.files.upload(dataset, raise_if_already_exists=True)


def test_a_deleted_file_is_gone(client, tmp_path):
    file = client.together.files.upload(write_dataset(tmp_path / "set.jsonl", seed=3))

    assert client.together.files.delete(file.id).deleted is True

    with pytest.raises(together.NotFoundError):
        client.together.files.retrieve(file.id)
    assert file.id not in {other.id for other in client.together.files.list().data}


def test_a_training_goes_from_photos_to_weights(client, tmp_path):
    dataset = write_dataset(tmp_path / "set.jsonl", photos=5, seed=4)
    run_id = client.start(dataset, suffix="tw-whole", n_epochs=6, batch_size=2)

    client.wait(run_id)

    job = client.together.fine_tuning.retrieve(run_id)
    assert (job.status, job.suffix, job.model) == ("completed", "tw-whole", MODEL)
    assert job.total_steps == job.step == 15  # ceil(6 epochs * 5 photos / 2)
    assert job.epochs_completed == 6
    weights = client.together.fine_tuning.content(ft_id=run_id, checkpoint="adapter").read()
    assert dict(safetensors.deserialize(weights))


def test_the_events_tell_the_documented_story_in_order(client, tmp_path):
    run_id = client.start(write_dataset(tmp_path / "set.jsonl", seed=5), n_epochs=3)
    client.wait(run_id)

    events = client.together.fine_tuning.list_events(run_id).data

    assert [event.type for event in events] == [
        "job_pending",
        "job_start",
        "training_data_downloading",
        "training_data_download_complete",
        "model_downloading",
        "model_download_complete",
        "training_start",
        "epoch_complete",
        "epoch_complete",
        "epoch_complete",
        "training_complete",
        "model_compressing",
        "model_compression_complete",
        "model_uploading",
        "model_upload_complete",
        "job_complete",
    ]
    assert [event.created_at for event in events] == sorted(event.created_at for event in events)
    assert [event.step for event in events if event.type == "epoch_complete"] == [4, 8, 12]


def test_a_run_is_found_in_the_list_by_its_suffix(client, tmp_path):
    token = "tw-" + "0123456789abcdef" * 2
    run_id = client.start(write_dataset(tmp_path / "set.jsonl", seed=6), suffix=token)

    found = [job for job in client.together.fine_tuning.list().data if job.suffix == token]

    assert [job.id for job in found] == [run_id]
    assert found[0].events == []


def test_the_loss_falls_and_has_at_most_500_points(client, tmp_path):
    run_id = client.start(write_dataset(tmp_path / "set.jsonl", seed=7), n_epochs=400)
    client.wait(run_id)

    metrics = client.together.fine_tuning.list_metrics(run_id).metrics
    steps = [point["train/global_step"] for point in metrics]
    losses = [point["train/loss"] for point in metrics]

    assert 400 <= len(metrics) <= 500
    assert steps == sorted(set(steps)) and steps[-1] == 1600
    assert sum(losses[:50]) / 50 > sum(losses[-50:]) / 50 + 0.05
    few = client.together.fine_tuning.list_metrics(
        run_id, global_step_from=100, global_step_to=900, resolution=5
    ).metrics
    assert len(few) == 5
    assert all(100 <= point["train/global_step"] <= 900 for point in few)


def test_a_cancelled_run_stops_and_cancelling_again_is_safe(own_trainer, client_of, tmp_path):
    client = client_of(own_trainer(seconds=60))
    run_id = client.start(write_dataset(tmp_path / "set.jsonl"))
    client.wait(run_id, "running")

    first = client.together.fine_tuning.cancel(run_id)
    job = client.wait(run_id)
    second = client.together.fine_tuning.cancel(run_id)

    assert first.status == "cancel_requested"
    assert job["status"] == second.status == "cancelled"
    kinds = [event["type"] for event in job["events"]]
    assert kinds.count("cancel_requested") == kinds.count("job_stopped") == 1
    assert kinds[-1] == "job_stopped"


def test_a_completed_run_cannot_be_cancelled_away(client, tmp_path):
    run_id = client.start(write_dataset(tmp_path / "set.jsonl", seed=8))
    client.wait(run_id)

    assert client.together.fine_tuning.cancel(run_id).status == "completed"


def test_the_rest_wait_while_the_slots_are_taken(own_trainer, client_of, tmp_path):
    client = client_of(own_trainer(seconds=60, slots=1))
    dataset = write_dataset(tmp_path / "set.jsonl")
    first, second, third = (client.start(dataset) for _ in range(3))
    client.wait(first, "running")

    assert (client.job(second)["status"], client.job(second)["queue_depth"]) == ("queued", 0)
    assert (client.job(third)["status"], client.job(third)["queue_depth"]) == ("queued", 1)
    assert client.together.fine_tuning.cancel(second).status == "cancelled"
    client.together.fine_tuning.cancel(first)
    assert client.wait(third, "running")["status"] == "running"


def test_a_deleted_run_leaves_nothing_behind(own_trainer, client_of, tmp_path):
    trainer = own_trainer(seconds=60)
    client = client_of(trainer)
    run_id = client.start(write_dataset(tmp_path / "set.jsonl"))
    client.wait(run_id, "running")

    assert run_id in client.together.fine_tuning.delete(run_id).message

    with pytest.raises(together.NotFoundError):
        client.together.fine_tuning.retrieve(run_id)
    assert list((trainer.folder / "runs").iterdir()) == []


def test_intermediate_checkpoints_can_be_downloaded(client, tmp_path):
    run_id = client.start(write_dataset(tmp_path / "set.jsonl", seed=9), n_checkpoints=3)
    client.wait(run_id)

    points = client.together.fine_tuning.list_checkpoints(run_id).data

    assert [point.step for point in points] == [13, 26, 40]
    files = [
        client.together.fine_tuning.content(ft_id=run_id, checkpoint_step=point.step).read()
        for point in points
    ]
    assert len(set(files)) == 3


def test_training_costs_nothing(client, tmp_path):
    file = client.together.files.upload(write_dataset(tmp_path / "set.jsonl", seed=10))

    estimate = client.together.fine_tuning.estimate_price(training_file=file.id, model=MODEL)

    assert (estimate.estimated_total_price, estimate.allowed_to_proceed) == (0, True)


def test_limits_are_known_for_every_supported_model(client):
    models = client.http.get("/v1/fine-tunes/models/supported").json()["models"]

    assert len(models) == 3
    for model in models:
        limits = client.together.fine_tuning.model_limits(model_name=model)
        assert limits.lora_training.max_rank >= 16
        assert limits.engine == "simulated"
        assert limits.training_seconds == 1


def test_a_model_that_cannot_be_trained_has_the_flat_404(client):
    with pytest.raises(together.NotFoundError) as refused:
        client.together.fine_tuning.model_limits(model_name="meta-llama/Llama-3-8b")

    assert set(refused.value.response.json()) == {"message"}


def test_weights_stream_with_length_range_and_checksum(client, tmp_path):
    run_id = client.start(write_dataset(tmp_path / "set.jsonl", seed=11))
    url = client.wait(run_id)["model_output_path"]

    whole = client.http.get(url)
    part = client.http.get(url, headers={"Range": "bytes=100-199"})

    assert int(whole.headers["Content-Length"]) == len(whole.content)
    assert len(whole.headers["X-Checksum-Sha256"]) == 64
    assert part.status_code == 206
    assert part.content == whole.content[100:200]
    assert client.http.head(url).headers["Content-Length"] == whole.headers["Content-Length"]
    beyond = client.http.get(url, headers={"Range": f"bytes={len(whole.content)}-"})
    assert beyond.status_code == 416
    same = {"Range": "bytes=100-", "If-Range": whole.headers["ETag"]}
    assert client.http.get(url, headers=same).content == whole.content[100:]
    other = client.http.get(url, headers={**same, "If-Range": '"other"'})
    assert other.content == whole.content


def test_every_answer_says_that_it_is_simulated(client, trainer, tmp_path):
    run_id = client.start(write_dataset(tmp_path / "set.jsonl", seed=12))
    client.wait(run_id)
    refused = httpx.get(f"{trainer.url}/v1/fine-tunes", trust_env=False)
    listed = client.http.get("/v1/fine-tunes")
    missing = client.http.get("/v1/nothing")
    weights = client.http.get(f"/v1/finetune/download?ft_id={run_id}")

    for answer in (refused, listed, missing, weights):
        assert answer.headers["X-Trainer-Engine"] == "simulated"
    assert {job["engine"] for job in listed.json()["data"]} == {"simulated"}
    assert client.http.get("/healthz").json() == {"status": "ok", "engine": "simulated"}


def test_our_own_fields_travel_beside_the_documented_ones(client, tmp_path):
    file = client.together.files.upload(write_dataset(tmp_path / "set.jsonl", seed=13))
    body = {
        "model": MODEL,
        "training_file": file.id,
        "image_params": {"resolution": 768, "trigger_word": "ann_k7", "subject": "person"},
    }

    created = client.http.post("/v1/fine-tunes", json=body, headers={"X-Correlation-Id": "tok-1"})

    job = client.job(created.json()["id"])
    assert job["correlation"] == "tok-1"
    assert job["image_params"] == {**body["image_params"], "keep_prior": None}
