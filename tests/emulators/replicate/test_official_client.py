"""Replicate's Python client 1.0.7, unchanged, against the running emulator."""

from __future__ import annotations

import io
import tarfile
import uuid

import pytest
import requests
import safetensors
from PIL import Image
from replicate.exceptions import ReplicateError
from replicate.webhook import Webhooks

from tests.emulators.replicate.process import FLUX_LORA, KLEIN, OSTRIS, Replicate, dataset
from tests.trainer.process import wait_until

pytestmark = pytest.mark.service


def zip_file(data: bytes = b"") -> io.BytesIO:
    file = io.BytesIO(data or dataset())
    file.name = "set.zip"
    return file


@pytest.fixture
def destination(client) -> str:
    name = f"test-{uuid.uuid4().hex[:12]}"
    model = client.models.create("emulated", name, visibility="private", hardware="gpu-t4")
    return f"{model.owner}/{model.name}"


def train(client, destination, **values):
    version = client.models.get(OSTRIS).latest_version.id
    training = client.trainings.create(
        model=OSTRIS,
        version=version,
        input={"input_images": zip_file(), "steps": 40, **values},
        destination=destination,
    )
    wait_until(lambda: training.reload() or training.status in {"succeeded", "failed"})
    return training


def test_the_account_says_that_it_is_emulated(client):
    account = client.accounts.current()

    assert (account.type, account.username, account.name) == ("user", "emulated", "emulated")


def test_the_hardware_is_a_bare_list(client):
    assert "gpu-t4" in {hardware.sku for hardware in client.hardware.list()}


def test_a_model_is_made_found_and_deleted(client, destination):
    model = client.models.get(destination)

    assert (model.visibility, model.run_count, model.latest_version) == ("private", 0, None)
    assert client.models.delete(destination) is True
    with pytest.raises(ReplicateError) as refusal:
        client.models.get(destination)
    assert refusal.value.status == 404


def test_a_name_stays_taken_after_its_model_was_deleted(client, destination):
    owner, name = destination.split("/")
    client.models.delete(destination)

    with pytest.raises(ReplicateError) as refusal:
        client.models.create(owner, name, visibility="private", hardware="cpu")

    assert refusal.value.status == 409


def test_a_file_comes_back_with_its_metadata_and_goes(client):
    file = client.files.create(zip_file(b"zip"), metadata={"job": "1"})

    assert (file.name, file.size, file.metadata) == ("set.zip", 3, {"job": "1"})
    assert file.content_type == "application/zip"
    assert client.files.get(file.id).checksums == file.checksums
    assert file.id in {one.id for one in client.files.list()}
    client.files.delete(file.id)
    with pytest.raises(ReplicateError) as refusal:
        client.files.get(file.id)
    assert refusal.value.status == 404


def test_a_training_goes_from_photos_to_weights_and_pictures(client, destination):
    training = train(client, destination)

    assert training.status == "succeeded"
    assert training.destination == f"{destination}"
    owner_and_name, version = training.output["version"].split(":")
    assert owner_and_name == destination
    assert client.models.get(destination).versions.get(version).id == version
    archive = requests.get(training.output["weights"], timeout=5).content
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        member = tar.extractfile("output/flux_train_replicate/lora.safetensors")
        assert member and dict(safetensors.deserialize(member.read()))
    [picture] = client.run(training.output["version"], input={"prompt": "TOK at the beach"})
    with Image.open(io.BytesIO(requests.get(picture, timeout=5).content)) as image:
        assert (image.format, image.size) == ("WEBP", (1024, 1024))


def test_an_open_file_in_the_input_is_uploaded_first_and_its_address_works(client, destination):
    training = train(client, destination)

    assert "/v1/files/" in training.input["input_images"]
    assert "Extracted 8 files from zip to input_images" in training.logs


def test_the_version_goes_before_the_model(client, destination):
    training = train(client, destination)
    version = training.output["version"].split(":")[1]
    versions = client.models.get(destination).versions
    with pytest.raises(ReplicateError):
        client.models.delete(destination)

    # The API answers 202: it is done later, which this client calls False.
    assert versions.delete(version) is False

    wait_until(lambda: versions.list().results == [])
    assert client.models.delete(destination) is True


def test_a_training_is_found_in_the_list_by_its_dataset(client, destination):
    training = train(client, destination)

    listed = {one.id: one for one in client.trainings.list().results}

    assert listed[training.id].input["input_images"] == training.input["input_images"]


def test_a_finished_training_stays_finished_when_it_is_cancelled(client, destination):
    training = train(client, destination)

    assert client.trainings.cancel(training.id).status == "succeeded"


def test_a_prediction_can_be_waited_for(client):
    prediction = client.models.predictions.create(FLUX_LORA, input={"prompt": "a boat"}, wait=5)

    assert prediction.status == "succeeded"
    assert client.predictions.get(prediction.id).output == prediction.output
    assert prediction.id in {one.id for one in client.predictions.list().results}


def test_a_prediction_is_made_by_a_version_too(client):
    version = client.models.get(KLEIN).latest_version.id

    prediction = client.predictions.create(version=version, input={"prompt": "a boat"})
    prediction.wait()

    assert prediction.status == "succeeded"
    assert prediction.progress is None or prediction.progress.percentage <= 1


def test_a_prediction_can_be_cancelled(client, replicate: Replicate):
    replicate.rules({"fault": "stuck"})
    prediction = client.models.predictions.create(FLUX_LORA, input={"prompt": "a boat"})

    client.predictions.cancel(prediction.id)

    wait_until(lambda: client.predictions.get(prediction.id).status == "canceled")


def test_the_client_accepts_the_signature_of_a_webhook(client, receiver, destination):
    version = client.models.get(FLUX_LORA).latest_version.id
    client.predictions.create(
        version=version,
        input={"prompt": "größer"},
        webhook=receiver.url,
        webhook_events_filter=["completed"],
    )

    [webhook] = receiver.wait_for(1)

    secret = client.webhooks.default.secret()
    Webhooks.validate(headers=webhook.headers, body=webhook.body.decode(), secret=secret)


def test_pages_are_a_hundred_long_and_followed_by_the_client(client, replicate: Replicate):
    replicate.rules({"fault": "interrupted"})  # so that nothing is drawn
    made = {replicate.draw().json()["id"] for _ in range(101)}

    first = client.predictions.list()
    second = client.predictions.list(first.next)

    assert len(first.results) == 100
    assert first.next.startswith(replicate.process.url)
    assert made <= {one.id for page in (first, second) for one in page.results}
    created = [one.created_at for one in first.results]
    assert created == sorted(created, reverse=True)
