"""The emulator dies in the middle and goes on where it was."""

from __future__ import annotations

import subprocess

import httpx
import pytest

from tests.emulators.fal.process import TRAINER, FalProcess, dataset
from tests.trainer.process import wait_until

pytestmark = pytest.mark.service


def test_a_running_training_goes_on_after_a_kill(own_fal):
    fal = own_fal(training=3)
    submitted = fal.train()
    wait_until(lambda: len(fal.status(submitted, logs="1").json().get("logs") or []) > 5)
    before = fal.status(submitted, logs="1").json()["logs"]

    fal.process.kill()
    fal.process.start()

    after = fal.status(submitted, logs="1").json()
    assert after["status"] == "IN_PROGRESS"
    assert after["logs"][: len(before)] == before
    assert fal.result(submitted).json()["diffusers_lora_file"]["url"]


@pytest.mark.parametrize("how", ["kill", "stop"])
def test_what_waits_starts_in_the_next_process(own_fal, how):
    fal = own_fal(queue=60)
    submitted = fal.draw()

    getattr(fal.process, how)()
    fal.process.start()

    assert fal.status(submitted).json()["status"] == "IN_QUEUE"
    fal.pass_time(61)
    assert fal.result(submitted).status_code == 200


def test_a_training_whose_time_passed_meanwhile_has_ended(own_fal):
    fal = own_fal(training=600)
    submitted = fal.train()
    fal.started(submitted)
    fal.process.kill()
    fal.process.start()

    fal.pass_time(700)

    assert fal.result(submitted).status_code == 200


def test_a_dataset_that_expired_during_the_restart_fails_the_job_honestly(own_fal):
    fal = own_fal(queue=100)
    lifecycle = {"X-Fal-Object-Lifecycle": '{"expiration_duration_seconds": 60}'}
    url = fal.upload(dataset(), lifecycle)
    submitted = fal.submit(TRAINER, {"image_data_url": url, "steps": 100})

    fal.process.kill()
    fal.process.start()
    fal.pass_time(101)

    failed = fal.result(submitted)
    assert failed.status_code == 422
    assert failed.json()["detail"][0]["type"] == "file_download_error"


def test_an_accepted_call_whose_answer_was_lost_is_one_run_and_one_line(own_fal):
    fal = own_fal()
    url = fal.upload(dataset())
    fal.rules({"route": "create", "fault": "answer_lost"})
    with pytest.raises(httpx.TransportError):
        fal.submit(TRAINER, {"image_data_url": url, "steps": 100})

    fal.process.kill()
    fal.process.start()

    wait_until(lambda: fal.history()["items"])
    [item] = fal.history(expand="payloads")["items"]
    assert item["json_input"]["image_data_url"] == url
    assert fal.ledger()["creations"] == {url: [item["request_id"]]}


def test_a_line_that_a_kill_left_out_of_the_ledger_is_made_up_for(own_fal):
    fal = own_fal()
    ids = {fal.draw()["request_id"], fal.draw()["request_id"]}
    fal.process.kill()
    ledger = fal.process.folder / "ledger.jsonl"
    ledger.write_bytes(ledger.read_bytes()[:-10])

    fal.process.start()

    assert set(fal.ledger()["generations"]['{"prompt": "a boat"}']) == ids


def test_keys_files_and_upload_tokens_are_the_same_after_a_restart(own_fal):
    fal = own_fal()
    url = fal.upload(b"content")
    token = fal.http.post("/storage/auth/token", json={}).json()["token"]
    keys = fal.http.get("/.well-known/jwks.json").json()

    fal.process.kill()
    fal.process.start()

    assert fal.http.get(url).content == b"content"
    assert fal.http.get("/.well-known/jwks.json").json() == keys
    bearer = {"Authorization": f"Bearer {token}"}
    assert fal.http.post("/files/upload", content=b"x", headers=bearer).status_code == 200


def test_a_process_that_belongs_to_another_ends_with_it(tmp_path):
    command = FalProcess(tmp_path / "fal").command
    with subprocess.Popen([*command, "--with-parent"], stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        process.stdin.close()
        try:
            assert process.wait(30) is not None
        finally:
            process.kill()
