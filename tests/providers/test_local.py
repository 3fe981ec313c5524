"""The bundled trainer's client, against answers recorded from it."""

from __future__ import annotations

import json
from datetime import datetime

import pytest
import responses

from providers import errors
from providers.catalog import FLUX1_DEV, FLUX1_SCHNELL, FLUX2_DEV
from providers.local.provider import Local
from providers.types import RunRef, RunStatus, WorkKind
from tests.providers.contract import REPLIES, ProviderContract
from tests.providers.samples import CORRELATION, KEY, training_request

TRAINER = "http://127.0.0.1:8100"
API = f"{TRAINER}/v1"
ENGINE = {"X-Trainer-Engine": "simulated"}


@pytest.fixture
def local() -> Local:
    return Local(api_key=KEY, base_url=TRAINER)


def reply(name: str) -> dict:
    return json.loads((REPLIES / "local" / f"{name}.json").read_text())


class TestLocalContract(ProviderContract):
    provider_class = Local
    base_url = TRAINER
    unrecorded = frozenset({"pending", "cancel_requested", "user_error"})


def test_every_run_says_which_engine_made_it(local):
    for path in (REPLIES / "local").glob("training_*.json"):
        assert local.parse_training(reply(path.stem)).engine == "simulated", path
    assert local.parse_generation(reply("generation_succeeded_url")).engine == "simulated"


def test_list_alone_tells_step_stage_and_token(local):
    runs = local.parse_list(reply("list_training"), WorkKind.TRAINING).runs
    [run] = [run for run in runs if run.correlation == CORRELATION]
    assert run.status is RunStatus.SUCCEEDED
    assert (run.step, run.total_steps, run.progress) == (20, 20, 1.0)
    assert run.stage == "Finished"


def test_stage_is_in_a_persons_words_even_without_events(local):
    job = {**reply("training_running"), "events": [], "stage": "model_uploading"}
    assert local.parse_training(job).stage == "Uploading the weights"


def test_weights_have_an_address_only_once_they_are_there(local):
    assert local.parse_training(reply("training_running")).remote_ref == ""
    done = local.parse_training(reply("training_succeeded"))
    assert done.remote_ref.startswith(f"{API}/finetune/download?ft_id=")


def test_failed_run_says_which_photo_was_bad(local):
    run = local.parse_training(reply("training_failed_error"))
    assert "2" in run.error  # the line of the dataset


@responses.activate
def test_lost_pictures_are_found_by_our_token(local):
    responses.get(f"{API}/images/generations", json=reply("list_generation"))
    run = local.find_run(CORRELATION, WorkKind.GENERATION)
    assert run is not None
    assert (run.status, len(run.outputs)) == (RunStatus.SUCCEEDED, 2)
    kept_since = datetime.fromisoformat(reply("list_generation")["complete_since"])
    assert local.find_run("tw-absent", WorkKind.GENERATION, since=kept_since) is None


@responses.activate
def test_pictures_that_may_be_kept_no_longer_are_not_called_absent(local):
    responses.get(f"{API}/images/generations", json=reply("list_generation"))
    with pytest.raises(errors.OutcomeUnknownError):
        local.find_run("tw-absent", WorkKind.GENERATION)


@responses.activate
def test_pictures_no_longer_kept_are_not_found(local):
    responses.get(f"{API}/images/generations", json=reply("list_generation"))
    kept = reply("list_generation")["data"][0]["id"]
    assert local.get_run(RunRef(kept, WorkKind.GENERATION)).id == kept
    with pytest.raises(errors.RunNotFoundError):
        local.get_run(RunRef("img-gone", WorkKind.GENERATION))


def test_training_call_carries_what_an_image_trainer_needs(local):
    payload = local.training_call(training_request(base_model=FLUX1_DEV)).payload
    assert payload["image_params"] == {
        "resolution": 1024,
        "trigger_word": "ann_k7",
        "subject": "person",
    }
    assert payload["model"] == "black-forest-labs/FLUX.1-dev"
    assert payload["suffix"] == CORRELATION


@responses.activate
def test_description_tells_engine_and_usual_time(local):
    responses.get(f"{API}/fine-tunes/models/supported", json=reply("supported"), headers=ENGINE)
    responses.get(f"{API}/fine-tunes/models/limits", json=reply("limits"), headers=ENGINE)
    described = local.describe()
    assert described.can_train == (FLUX1_DEV, FLUX1_SCHNELL, FLUX2_DEV)
    assert described.can_generate == described.can_train
    assert (described.engine, described.training_seconds) == ("simulated", 4.0)


@responses.activate
@pytest.mark.parametrize("seconds", [None, True, "30", -1, 0])
def test_odd_usual_time_is_no_time(local, seconds):
    limits = {**reply("limits"), "training_seconds": seconds}
    responses.get(f"{API}/fine-tunes/models/supported", json=reply("supported"))
    responses.get(f"{API}/fine-tunes/models/limits", json=limits)
    described = local.describe()
    assert described.training_seconds is None
    assert described.engine == "simulated"  # from the body where the header is missing


@responses.activate
def test_trainer_that_is_down_is_unavailable_not_described(local):
    responses.get(f"{API}/fine-tunes/models/supported", status=502)
    with pytest.raises(errors.ProviderUnavailableError):
        local.describe()


def test_absence_is_proved_sooner_than_at_a_hosted_service(local):
    assert local.absence_after.total_seconds() == 20


def test_trainer_on_this_machine_is_reached_without_a_proxy(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    assert not Local(api_key=KEY, base_url=TRAINER).client.trusts_environment
    assert Local(api_key=KEY, base_url="http://gpu-box:8100").client.trusts_environment
