"""A process that is killed goes on where it was."""

from __future__ import annotations

import pytest
import requests

from tests.emulators.replicate.process import Replicate, dataset
from tests.trainer.process import wait_until

pytestmark = pytest.mark.service


def kill_and_start(replicate: Replicate) -> None:
    replicate.process.kill()
    replicate.process.start()


def test_a_training_goes_on_and_its_log_with_it(own_replicate):
    replicate: Replicate = own_replicate(training=2.0)
    run_id = replicate.train()
    wait_until(lambda: "flux_train_replicate:" in replicate.training(run_id)["logs"])
    before = replicate.training(run_id)

    kill_and_start(replicate)

    assert replicate.training(run_id)["logs"].startswith(before["logs"])
    run = replicate.finish(run_id)
    assert run["status"] == "succeeded"
    assert run["started_at"] == before["started_at"]
    assert requests.get(run["output"]["weights"], timeout=5).status_code == 200


def test_a_training_that_was_to_start_starts(own_replicate):
    replicate: Replicate = own_replicate(queue=1.0)
    run_id = replicate.train()

    kill_and_start(replicate)

    assert replicate.finish(run_id)["status"] == "succeeded"


def test_a_training_that_was_being_cancelled_ends_cancelled(own_replicate):
    replicate: Replicate = own_replicate(training=60)
    run_id = replicate.train()
    replicate.started(run_id)
    replicate.request("POST", f"/trainings/{run_id}/cancel").raise_for_status()

    kill_and_start(replicate)

    assert replicate.finish(run_id)["status"] == "canceled"


def test_everything_is_still_there(own_replicate):
    replicate: Replicate = own_replicate()
    training = replicate.finish(replicate.train())
    picture = replicate.draw().json()["id"]
    address = replicate.upload(dataset())
    replicate.pass_time(100)
    replicate.finish(picture, "predictions")
    ledger = replicate.ledger()

    kill_and_start(replicate)

    assert replicate.training(training["id"]) == training
    assert replicate.finish(picture, "predictions")["status"] == "succeeded"
    assert replicate.request("GET", f"/files/{address.rpartition('/')[2]}").status_code == 200
    model, version = training["output"]["version"].split(":")
    assert replicate.get(f"/models/{model}")["latest_version"]["id"] == version
    assert replicate.ledger() == ledger
    assert ledger["count"] == 2
    assert replicate.get("//clock")["ahead"] == 100


def test_an_answer_lost_in_a_kill_leaves_one_training_to_be_found(own_replicate):
    replicate: Replicate = own_replicate()
    address = replicate.upload(dataset())
    version, destination = (
        replicate.version("ostris/flux-dev-lora-trainer"),
        replicate.destination(),
    )
    replicate.rules({"route": "create", "fault": "restart"})

    with pytest.raises(requests.ConnectionError):
        replicate.create(values={"input_images": address}, version=version, destination=destination)
    replicate.process.wait(10)
    replicate.process.start()

    [found] = replicate.get("/trainings")["results"]
    assert found["input"]["input_images"] == address
    assert replicate.ledger()["creations"] == {address: [found["id"]]}
    assert replicate.finish(found["id"])["status"] == "succeeded"
