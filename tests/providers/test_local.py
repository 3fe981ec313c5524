"""The bundled trainer's client, against answers recorded from it."""

from __future__ import annotations

import json
from datetime import datetime

import pytest
import responses
from responses import matchers

from providers import errors
from providers.catalog import FLUX1_DEV, FLUX1_SCHNELL, FLUX2_DEV, FLUX2_KLEIN_4B
from providers.fit import Fit
from providers.local.offers import TRAINING
from providers.local.provider import Local
from providers.together.provider import Together
from providers.types import RunRef, RunStatus, Sample, WorkKind
from tests.providers.contract import REPLIES, ProviderContract
from tests.providers.samples import CORRELATION, KEY, training_request
from trainer.engines.diffusers.known import KNOWN

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


@pytest.mark.parametrize("wish", [True, False])
def test_training_call_says_whether_the_prior_is_kept(local, wish):
    request = training_request(base_model=FLUX1_DEV, keep_prior=wish)
    assert local.training_call(request).payload["image_params"]["keep_prior"] is wish


def test_what_is_offered_keeps_the_prior_where_the_trainer_itself_does():
    for offer in TRAINING.values():
        usual = {one.keeps_prior for one in offer.defaults.values()}
        assert usual == {KNOWN[offer.remote_model].keeps_prior}


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


# --- what only its real engine says -------------------------------------------------------------

DIFFUSERS = {"X-Trainer-Engine": "diffusers"}
FIT = {
    "fits": True,
    "words": "At 768 pixels in 4 bits: needs 9.8 of 11.2 GB that are free.",
    "precision": "nf4",
    "resolution": 768,
    "seconds_per_step": 0.7,
}


def limits_of(*, status: int = 200, **said: object) -> None:
    for name, fit in said.items():
        key = {"dev": FLUX1_DEV, "klein": FLUX2_KLEIN_4B}[name]
        responses.get(
            f"{API}/fine-tunes/models/limits",
            json={**reply("limits"), "engine": "diffusers", "fit": fit},
            headers=DIFFUSERS,
            match=[matchers.query_param_matcher({"model_name": key})],
            status=status,
        )


def names(*models: str) -> None:
    responses.get(
        f"{API}/fine-tunes/models/supported", json={"models": list(models)}, headers=DIFFUSERS
    )


@responses.activate
def test_real_engine_says_of_each_base_model_whether_it_fits(local):
    names(FLUX1_DEV, FLUX2_KLEIN_4B, "somebody/unheard-of")
    limits_of(
        dev=FIT, klein={**FIT, "fits": False, "words": "Too large.", "seconds_per_step": None}
    )
    described = local.describe()
    assert described.engine == "diffusers"
    assert set(described.can_train) == {FLUX1_DEV, FLUX2_KLEIN_4B}
    assert described.can_generate == described.can_train
    assert described.training_seconds is None  # a usual one says nothing about this machine
    assert described.fits[FLUX1_DEV] == Fit(True, FIT["words"], 0.7)
    assert described.fits[FLUX2_KLEIN_4B] == Fit(False, "Too large.", None)


@responses.activate
@pytest.mark.parametrize(
    "fit",
    [None, [], "yes", {}, {"fits": "yes"}, {"fits": None, "words": "x"}],
)
def test_odd_word_about_memory_is_none(local, fit):
    names(FLUX1_DEV)
    limits_of(dev=fit)
    assert local.describe().fits == {}


@responses.activate
@pytest.mark.parametrize("seconds", [None, True, "1", -1, 0, 1e9, float("nan")])
def test_odd_step_time_was_not_measured(local, seconds):
    names(FLUX1_DEV)
    limits_of(dev={"fits": True, "words": 7, "seconds_per_step": seconds})
    assert local.describe().fits == {FLUX1_DEV: Fit(True, "", None)}


@responses.activate
def test_base_model_that_was_just_removed_hides_no_other(local):
    names(FLUX1_DEV, FLUX2_KLEIN_4B)
    limits_of(dev=FIT)
    responses.get(f"{API}/fine-tunes/models/limits", json={"message": "not here"}, status=404)
    assert set(local.describe().fits) == {FLUX1_DEV}


@pytest.mark.parametrize(
    ("wishes", "epochs"),
    [
        ({"steps": 500, "photo_count": 5}, 100),
        ({"steps": 1000, "photo_count": 20}, 50),
        ({"steps": 250, "photo_count": 5, "batch_size": 2}, 100),
        ({"steps": 10_000, "photo_count": 4}, 1000),
        ({"steps": 1, "photo_count": 50}, 1),
    ],
)
def test_wanted_steps_are_asked_for_as_passes_over_the_photos(local, wishes, epochs):
    payload = local.training_call(training_request(base_model=FLUX1_DEV, **wishes)).payload
    assert payload["n_epochs"] == epochs


SAMPLE = {
    "step": 250,
    "prompt": "photo of zorbik person",
    "has_trigger": True,
    "url": f"{API}/fine-tunes/ft-1/samples/250-0.jpg",
}


@responses.activate
def test_samples_come_in_order_of_step_with_those_of_one_step_numbered(local):
    plain = {**SAMPLE, "has_trigger": False, "url": SAMPLE["url"].replace("-0", "-1")}
    start = {**SAMPLE, "step": 0}
    responses.get(f"{API}/fine-tunes/ft-1/samples", json={"data": [SAMPLE, plain, start]})
    found = local.samples(RunRef("ft-1"))
    assert [(one.step, one.number, one.has_trigger) for one in found] == [
        (0, 0, True),
        (250, 0, True),
        (250, 1, False),
    ]


@responses.activate
def test_odd_samples_are_left_out_and_there_is_an_end_to_them(local):
    odd = [
        None,
        {},
        {**SAMPLE, "step": True},
        {**SAMPLE, "step": -1},
        {**SAMPLE, "step": 10**12},
        {**SAMPLE, "url": None},
        {**SAMPLE, "url": "file:///etc/passwd"},
    ]
    many = [{**SAMPLE, "step": step} for step in range(50)]
    responses.get(f"{API}/fine-tunes/ft-1/samples", json={"data": [*odd, *many]})
    assert len(local.samples(RunRef("ft-1"))) == 20


@responses.activate
def test_trainer_without_samples_has_none(local):
    body = {"error": {"message": "No such page", "type": "not_found", "code": "x", "param": None}}
    responses.get(f"{API}/fine-tunes/ft-1/samples", json=body, status=404)
    assert local.samples(RunRef("ft-1")) == ()


@responses.activate
def test_sample_that_is_too_large_is_not_downloaded(local):
    responses.get(SAMPLE["url"], body=b"x" * (2 * 1024**2 + 1))
    sample = Sample(step=250, number=0, prompt="", has_trigger=True, url=SAMPLE["url"])
    with (
        pytest.raises(errors.UnexpectedReplyError),
        local.download_sample(sample) as download,
    ):
        b"".join(download.chunks)


def test_provider_that_makes_no_samples_is_not_asked_for_any():
    together = Together(api_key=KEY, base_url="https://api.together.ai/v1")
    assert together.samples(RunRef("ft-1")) == ()
