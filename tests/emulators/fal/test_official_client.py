"""fal-client, unchanged, against the emulator."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of its own imports
    import fal_client
    import fal_client.client as fal_module

from fal_client import StorageACL, StorageSettings

from tests.emulators.fal.process import ACCOUNT, KEY, RUNNER, TRAINER, Fal, FalProcess, dataset
from tests.trainer.process import wait_until

pytestmark = pytest.mark.service

FLUX_3 = "blackforestlabs/flux-3/klein/base/trainer"


@pytest.fixture
def client(
    process: FalProcess, fal: Fal, monkeypatch: pytest.MonkeyPatch
) -> Iterator[fal_client.SyncClient]:
    monkeypatch.setattr(fal_module, "QUEUE_URL_FORMAT", f"{process.url}/")
    monkeypatch.setattr(fal_module, "RUN_URL_FORMAT", f"{process.url}/run/")
    monkeypatch.setattr(fal_module, "REST_URL", process.url)
    monkeypatch.setattr(fal_module, "CDN_URL", process.url)
    closing = ExitStack()  # of connections that the client leaves to the garbage collector
    make = fal_client.SyncClient._get_cdn_client
    monkeypatch.setattr(
        fal_client.SyncClient,
        "_get_cdn_client",
        lambda self: closing.enter_context(make(self)),
    )
    client = fal_client.SyncClient(key=KEY)
    closing.enter_context(client._client)
    with closing:
        yield client


def training(client: fal_client.SyncClient) -> dict:
    url = client.upload(dataset(), "application/zip", file_name="set.zip")
    return {"image_data_url": url, "steps": 100, "learning_rate": 0.00005}


def test_a_training_is_submitted_followed_with_logs_and_brought_home(client):
    handle = client.submit(TRAINER, training(client))
    seen = list(handle.iter_events(with_logs=True, interval=0.05))
    result = handle.get()

    assert isinstance(seen[-1], fal_client.Completed)
    assert "SIMULATED" in seen[-1].logs[0]["message"]
    assert any(entry["message"].startswith("step 100/100") for entry in seen[-1].logs)
    assert seen[-1].metrics["inference_time"] > 0
    weights = httpx.get(result["diffusers_lora_file"]["url"], trust_env=False)
    assert len(weights.content) == result["diffusers_lora_file"]["file_size"]
    assert set(result) == {"diffusers_lora_file", "config_file"}


def test_subscribe_reports_the_queue_and_returns_the_result(client):
    updates: list[object] = []
    result = client.subscribe(
        FLUX_3,
        {"images_data_url": client.upload(dataset(), "application/zip"), "steps": 100},
        with_logs=True,
        on_queue_update=updates.append,
        interval=0.02,
    )

    assert isinstance(updates[0], fal_client.Queued | fal_client.InProgress)
    assert isinstance(updates[-1], fal_client.Completed)
    assert set(result) == {"lora_file", "config_file"}


def test_a_sub_path_is_cut_to_two_segments(client):
    values = {"images_data_url": client.upload(dataset(), "application/zip"), "steps": 100}
    handle = client.submit(FLUX_3, values)

    assert f"/blackforestlabs/flux-3/requests/{handle.request_id}" in handle.response_url
    assert client.result(FLUX_3, handle.request_id)["lora_file"]["url"]


def test_the_direct_form_waits_for_its_pictures(client):
    result = client.run(RUNNER, {"prompt": "a boat", "num_images": 2, "seed": 5})

    assert [image["content_type"] for image in result["images"]] == ["image/png"] * 2
    assert result["seed"] == 5


def test_priority_deadline_and_webhook_are_sent_as_the_client_sends_them(client, receiver):
    handle = client.submit(
        RUNNER,
        {"prompt": "a boat"},
        webhook_url=receiver.url,
        priority="low",
        start_timeout=30,
    )
    handle.get()

    [delivery] = receiver.wait_for(1)
    assert delivery.path == "/hook?job=a%3Ab"


def test_a_deadline_that_passes_in_the_queue_is_an_error_of_the_request(client, own_fal):
    own = own_fal(queue=60)
    submitted = own.draw(headers={"X-Fal-Request-Timeout": "2.0"})

    own.pass_time(3)

    refused = own.result(submitted)
    assert (refused.status_code, refused.json()["error_type"]) == (504, "request_timeout")
    assert refused.headers["X-Fal-Error-Type"] == "request_timeout"
    assert refused.headers["X-Fal-Request-Timeout-Type"] == "user"


def test_a_cancel_succeeds_before_the_end_and_is_refused_after_it(client, fal):
    fal.rules({"fault": "stuck", "only": f"{TRAINER}:"})
    stuck = client.submit(TRAINER, training(client))
    client.cancel(TRAINER, stuck.request_id)
    cancelled = client.status(TRAINER, stuck.request_id)
    done = client.submit(RUNNER, {"prompt": "a boat"})
    done.get()

    assert (cancelled.error_type, cancelled.logs) == ("client_cancelled", None)
    with pytest.raises(fal_client.FalClientHTTPError) as refused:
        done.cancel()
    assert refused.value.status_code == 400


def test_a_failure_raises_with_the_detail_of_the_model(client):
    url = client.upload(dataset(captions=False), "application/zip")
    handle = client.submit(TRAINER, {"image_data_url": url, "steps": 100})

    with pytest.raises(fal_client.FalClientHTTPError) as failed:
        handle.get()

    assert failed.value.status_code == 422
    assert "No caption for" in failed.value.response.text


def test_a_failure_of_the_runner_is_in_the_status(client, fal):
    fal.rules({"fault": "runner_disconnected", "only": f"{RUNNER}:"})
    handle = client.submit(RUNNER, {"prompt": "a boat"})

    with pytest.raises(fal_client.FalClientHTTPError) as failed:
        handle.get()

    assert (failed.value.status_code, failed.value.error_type) == (503, "runner_disconnected")
    assert handle.status().error_type == "runner_disconnected"


def test_a_lifetime_and_an_acl_are_honoured(client, fal):
    settings = StorageSettings(expires_in="1d", initial_acl=StorageACL(default="forbid"))
    url = client.upload(b"private", "text/plain", file_name="a.txt", lifecycle=settings)

    assert httpx.get(url, trust_env=False).status_code == 403
    assert fal.http.get(url).content == b"private"
    fal.pass_time(86_401)
    assert fal.http.get(url).status_code == 404


def test_the_other_repository_initiates_and_puts(client):
    url = client.upload(b"content", "text/plain", file_name="b.txt", repository="fal")

    assert httpx.get(url, trust_env=False).content == b"content"


def test_a_large_file_is_sent_in_parts(client, tmp_path: Path, monkeypatch):
    path = tmp_path / "large.zip"
    path.write_bytes(bytes(range(256)) * 4096 * 11)  # 11 MiB: two parts
    monkeypatch.setattr(fal_module, "MULTIPART_THRESHOLD", 1024 * 1024)

    url = client.upload_file(path)

    assert httpx.get(url, trust_env=False).content == path.read_bytes()


def test_a_lost_answer_makes_the_client_submit_again_and_the_ledger_counts_both(client, fal):
    values = training(client)
    fal.rules({"route": "create", "fault": "answer_lost", "script": [True]})

    client.submit(TRAINER, values)

    assert len(fal.ledger()["creations"][values["image_data_url"]]) == 2


def test_every_answer_to_the_client_names_the_request_and_the_emulator(client, fal):
    handle = client.submit(RUNNER, {"prompt": "a boat"})
    wait_until(lambda: fal.http.get(handle.status_url).status_code == 200)
    answers = [fal.http.get(handle.status_url), fal.http.get(handle.response_url)]

    for answer in answers:
        assert answer.headers["X-Fal-Request-Id"] == handle.request_id
        assert answer.headers["X-Trainer-Engine"] == "simulated"
    assert answers[1].headers["x-fal-billable-units"] == "1"
    assert ACCOUNT not in answers[1].text
