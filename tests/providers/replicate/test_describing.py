"""What it can do now, as the operator reads it."""

from __future__ import annotations

import responses

from providers.catalog import (
    FLUX1_DEV,
    FLUX2_KLEIN_4B,
    FLUX2_KLEIN_9B,
    QWEN_IMAGE,
)
from providers.replicate.provider import Replicate
from tests.providers.replicate.samples import (
    API,
    ROOT,
    change,
    changed_inputs,
    reply,
)
from tests.providers.samples import KEY


def test_description_names_account_trainers_and_versions(replicate, wire):
    described = replicate.describe()
    assert described.key_is_valid
    assert described.can_train == (FLUX1_DEV, QWEN_IMAGE)
    assert described.can_generate == (FLUX1_DEV, FLUX2_KLEIN_9B, FLUX2_KLEIN_4B, QWEN_IMAGE)
    notes = " ".join(described.notes)
    assert "Account: acme." in notes
    assert "ostris/flux-dev-lora-trainer: version 26dce37a0000." in notes
    assert described.engine == ""


def test_trainer_whose_inputs_changed_is_not_offered_and_the_operator_reads_why(replicate, wire):
    change(wire, "model_qwen", **changed_inputs("model_qwen", {"zip": {}}, []))
    described = replicate.describe()
    assert described.can_train == (FLUX1_DEV,)
    assert any("qwen-image-lora-trainer" in note and "“" in note for note in described.notes)


def test_trainer_and_runner_that_are_gone_are_not_offered(replicate, wire):
    for name in ("ostris/flux-dev-lora-trainer", "black-forest-labs/flux-2-klein-9b-base-lora"):
        wire.replace(responses.GET, f"{API}/models/{name}", json={"detail": "x"}, status=404)
    described = replicate.describe()
    assert described.can_train == (QWEN_IMAGE,)
    assert described.can_generate == (FLUX1_DEV, FLUX2_KLEIN_4B, QWEN_IMAGE)


def test_trained_versions_are_drawn_with_where_no_runner_is(replicate, wire):
    path = f"{API}/models/black-forest-labs/flux-dev-lora"
    wire.replace(responses.GET, path, json={"detail": "x"}, status=404)
    assert FLUX1_DEV in replicate.describe().can_generate


def test_fast_trainer_is_described_alone(fast, wire):
    described = fast.describe()
    assert (described.can_train, described.can_generate) == ((FLUX1_DEV,), ())


@responses.activate
def test_refused_key_is_described_not_raised(replicate):
    responses.get(f"{API}/account", json={"title": "Unauthenticated"}, status=401)
    described = replicate.describe()
    assert not described.key_is_valid
    assert described.can_train == ()


def test_emulated_service_is_described_as_simulated(replicate, wire):
    headers = {"X-Trainer-Engine": "simulated"}
    wire.replace(responses.GET, f"{API}/account", json=reply("account"), headers=headers)
    assert replicate.describe().engine == "simulated"


def test_address_may_carry_the_version_of_the_api_or_not():
    for address in (ROOT, f"{ROOT}/", API, f"{API}/"):
        assert Replicate(api_key=KEY, base_url=address).client.base_url == API
