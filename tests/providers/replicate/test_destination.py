"""The private model that all trained versions go to."""

from __future__ import annotations

import json

import pytest
import responses

from providers import errors
from tests.providers.replicate.samples import (
    API,
    reply,
    training_request,
)


def no_models(wire: responses.RequestsMock) -> None:
    wire.replace(
        responses.GET, f"{API}/models/acme/theway-loras", json={"detail": "Not found."}, status=404
    )


def test_destination_is_made_private_where_there_is_none(replicate, wire):
    no_models(wire)
    made = wire.post(f"{API}/models", json=reply("destination"), status=201)
    assert (
        replicate.prepare_training(training_request()).target["destination"] == "acme/theway-loras"
    )
    sent = json.loads(made.calls[0].request.body)
    assert (sent["owner"], sent["name"]) == ("acme", "theway-loras")
    assert (sent["visibility"], sent["hardware"]) == ("private", "gpu-t4")


def test_destination_that_another_process_made_meanwhile_is_used(replicate, wire):
    no_models(wire)
    wire.get(f"{API}/models/acme/theway-loras", json=reply("destination"))
    wire.post(f"{API}/models", json={"detail": "A model with that name exists"}, status=409)
    assert (
        replicate.prepare_training(training_request()).target["destination"] == "acme/theway-loras"
    )


def test_name_that_was_deleted_stays_taken_so_the_next_one_is_used(replicate, wire):
    no_models(wire)
    wire.get(f"{API}/models/acme/theway-loras-2", json={"detail": "Not found."}, status=404)
    wire.post(f"{API}/models", json={"detail": "A model with that name exists"}, status=409)
    wire.post(f"{API}/models", json=reply("destination"), status=201)
    found = replicate.prepare_training(training_request()).target["destination"]
    assert found == "acme/theway-loras-2"


def test_public_model_of_that_name_never_gets_a_person(replicate, wire):
    public = {**reply("destination"), "visibility": "public"}
    wire.replace(responses.GET, f"{API}/models/acme/theway-loras", json=public)
    wire.get(f"{API}/models/acme/theway-loras-2", json=reply("destination"))
    wire.post(f"{API}/models", json={"detail": "A model with that name exists"}, status=409)
    found = replicate.prepare_training(training_request()).target["destination"]
    assert found == "acme/theway-loras-2"


def test_account_without_room_for_a_destination_says_so(replicate, wire):
    no_models(wire)
    wire.post(f"{API}/models", json={"detail": "You may have 1000 models"}, status=422)
    with pytest.raises(errors.RequestRejectedError, match="1000 models"):
        replicate.prepare_training(training_request())
