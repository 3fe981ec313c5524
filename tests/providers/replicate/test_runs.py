"""What Replicate says of a training and of pictures, and what it does not document."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from providers import errors
from providers.replicate.causes import code_of
from providers.types import (
    RunStatus,
)
from tests.providers.replicate.samples import (
    API,
    DATASET,
    OWN,
    reply,
)


def test_running_training_tells_steps_from_its_log(replicate):
    run = replicate.parse_training(reply("training_running"))
    assert (run.step, run.total_steps, run.progress, run.stage) == (310, 1000, 0.31, "Training")
    assert run.correlation == DATASET
    assert run.created_at == datetime(2026, 11, 1, 10, tzinfo=UTC)


def test_bars_of_loading_are_not_taken_for_the_training(replicate):
    data = reply("training_running")
    early = {**data, "logs": data["logs"].partition("flux_train")[0]}
    run = replicate.parse_training(early)
    assert (run.step, run.progress, run.stage) == (None, None, "Describing the photos")
    assert replicate.parse_training({**data, "logs": ""}).stage == "Training"


def test_other_trainers_bars_are_read_too(replicate):
    run = replicate.parse_training(reply("training_running_qwen"))
    assert (run.step, run.total_steps, run.correlation) == (250, 1000, f"{API}/files/UXdl")


def test_bar_that_is_drawn_over_itself_is_read(replicate):
    bars = "\r".join(f"{n / 10:.0f}%|#| {n}/1000 [x, loss: 1e-1]" for n in (10, 20, 30))
    run = replicate.parse_training({**reply("training_running"), "logs": bars})
    assert run.step == 30


def test_succeeded_training_names_version_weights_and_what_it_cost(replicate):
    run = replicate.parse_training(reply("training_succeeded"))
    assert run.remote_ref == OWN
    assert [output.url for output in run.outputs] == [
        "https://replicate.delivery/xezq/abc/trained_model.tar"
    ]
    assert run.billed == "812.4 s"
    assert run.cost_usd == pytest.approx(812.4 * 0.001525)


def test_failed_training_costs_the_time_it_took(replicate):
    run = replicate.parse_training(reply("training_failed"))
    assert (run.error, run.error_code) == ("input_images must be a zip file", "bad_dataset")
    assert run.cost_usd == pytest.approx(3.1 * 0.001525)


def test_aborted_training_was_never_started_and_costs_nothing(replicate):
    run = replicate.parse_training(reply("training_cancelled_aborted"))
    assert (run.status, run.cost_usd, run.billed) == (RunStatus.CANCELLED, 0.0, "")


def test_cost_of_a_trainer_that_has_no_known_price_is_told_in_seconds_only(replicate):
    data = {**reply("training_succeeded"), "model": "somebody/else"}
    run = replicate.parse_training(data)
    assert (run.cost_usd, run.billed) == (None, "812.4 s")


@pytest.mark.parametrize("metrics", [None, [], {"predict_time": "1"}, {"predict_time": -1}])
def test_odd_metrics_cost_nothing_that_we_know_of(replicate, metrics):
    run = replicate.parse_training({**reply("training_succeeded"), "metrics": metrics})
    assert (run.cost_usd, run.billed) == (None, "")


@pytest.mark.parametrize("created_at", [None, "yesterday", [], True, 17])
def test_odd_times_are_no_times(replicate, created_at):
    data = {**reply("training_running"), "created_at": created_at}
    assert replicate.parse_training(data).created_at is None


@pytest.mark.parametrize("output", [None, "x", [], {"version": 3}, {"version": "not a version"}])
def test_odd_output_is_no_result(replicate, output):
    run = replicate.parse_training({**reply("training_succeeded"), "output": output})
    assert (run.remote_ref, run.outputs) == ("", ())


def test_pictures_are_their_addresses_in_order(replicate):
    run = replicate.parse_generation(reply("generation_succeeded"))
    assert [output.url[-9:] for output in run.outputs] == ["out-0.jpg", "out-1.jpg"]
    assert run.cost_usd == pytest.approx(8.2 * 0.001525)


def test_picture_of_an_official_model_comes_alone_and_at_an_unpublished_price(replicate):
    run = replicate.parse_generation(reply("generation_succeeded_official"))
    assert len(run.outputs) == 1
    assert (run.cost_usd, run.billed) == (None, "1 images")


def test_removed_pictures_are_no_pictures(replicate):
    gone = {**reply("generation_succeeded"), "output": None, "data_removed": True}
    assert replicate.parse_generation(gone).outputs == ()


@pytest.mark.parametrize(
    ("is_removed", "words"), [(True, "an hour after"), (False, "without pictures")]
)
def test_prediction_that_ended_without_pictures_has_failed_and_says_why(
    replicate, is_removed, words
):
    gone = {**reply("generation_succeeded"), "output": None, "data_removed": is_removed}
    run = replicate.parse_generation(gone)
    assert run.status is RunStatus.FAILED
    assert words in run.error
    assert run.cost_usd is not None


def test_unfinished_prediction_shows_no_output_yet(replicate):
    early = {**reply("generation_running"), "output": ["https://replicate.delivery/x"]}
    assert replicate.parse_generation(early).outputs == ()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("The input or output was flagged as sensitive. (E005)", "moderation"),
        ("NSFW content detected. Try running it again", "moderation"),
        ("CUDA out of memory. Tried to allocate 2.00 GiB", "out_of_memory"),
        ("input_images must be a zip file", "bad_dataset"),
        ("File is not a zip file", "bad_dataset"),
        (f"404 Client Error: Not Found for url: {DATASET}", "input_expired"),
        ("Prediction timed out", "timed_out"),
        ("The specified version does not exist", "trainer_gone"),
        ("You have insufficient credit to run this model.", "out_of_credit"),
        ("KeyError: 'x'", ""),
    ],
)
def test_cause_is_read_from_the_words_of_a_failure(replicate, text, code):
    assert code_of(text) == code
    failed = {**reply("training_failed"), "error": text, "logs": ""}
    assert replicate.parse_training(failed).error_code == code
    assert not code or code in errors.RUN_ERROR_CODES


def test_cause_is_read_from_the_log_where_the_error_says_nothing(replicate):
    failed = {**reply("training_failed"), "error": "", "logs": "torch.OutOfMemoryError: CUDA"}
    assert replicate.parse_training(failed).error_code == "out_of_memory"


LOG = """Extracted 12 files from zip to input_images
Caption for 001.jpg: photo of word_k, a man in a zip-up jacket, nsfw, time limit sign
"""


@pytest.mark.parametrize(
    ("log", "code"),
    [
        (LOG, ""),
        (f"{LOG}Traceback (most recent call last):\n  unzip(zip)\nKeyError: 'x'\n", ""),
        (f"{LOG}Traceback (most recent call last):\n  run()\nBadZipFile: Error", "bad_dataset"),
    ],
)
def test_what_a_log_tells_of_photos_and_files_is_no_cause(replicate, log, code):
    error = "Prediction interrupted; please retry (code: PA)"
    failed = {**reply("training_failed"), "error": error, "logs": log}
    assert replicate.parse_training(failed).error_code == code
