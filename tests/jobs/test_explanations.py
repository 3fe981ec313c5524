"""What the pages say about state and cost is true, also where little is known."""

import pytest
from django.utils import timezone

from jobs import services
from jobs.messages import FREE_HERE, MAYBE_PAID, NOT_PAID, PAID, explain
from jobs.recovery import run_to_fetch
from jobs.states import Status
from providers.errors import RUN_ERROR_CODES
from tests.factories import JobFactory

pytestmark = pytest.mark.django_db
# Failures while fetching a result: the training itself is done and charged.
FETCHING = [
    "account_locked",
    "authentication_failed",
    "out_of_credit",
    "rejected",
    "unexpected_reply",
    "internal",
]


@pytest.mark.parametrize("code", FETCHING)
def test_a_result_that_could_not_be_fetched_is_never_called_free(code):
    said = explain(JobFactory(failed=True, provider="together", run_id="ft-1", error_code=code))
    assert said.cost == PAID
    assert "training finished" in said.sentence
    assert "no new training, no new charge" in said.advice


def test_a_forgotten_job_is_not_called_free():
    job = JobFactory(cancelled=True, provider="together", sent_at=timezone.now())
    assert explain(job).cost == MAYBE_PAID


def test_a_forgotten_job_is_not_said_to_have_been_stopped():
    job = JobFactory(unknown=True)
    services.abandon(job, by="ann@example.org")
    assert "was stopped" not in explain(job).sentence
    assert "abandoned" in explain(job).sentence


def test_a_job_on_its_way_is_not_called_free():
    job = JobFactory(submitting=True, provider="together", sent_at=timezone.now())
    assert explain(job).cost == MAYBE_PAID


def test_ones_own_trainer_is_free_also_where_the_answer_was_lost():
    assert explain(JobFactory(unknown=True)).cost == FREE_HERE


def test_a_job_cancelled_before_it_was_sent_is_free():
    assert explain(JobFactory(cancelled=True, provider="together")).cost == NOT_PAID


@pytest.mark.parametrize("code", ["deadline", "lost_contact", "run_failed", "run_not_found"])
def test_an_end_without_a_result_does_not_claim_to_know_the_bill(code):
    job = JobFactory(failed=True, provider="together", run_id="ft-1", error_code=code)
    assert explain(job).cost == MAYBE_PAID


@pytest.mark.parametrize("kind", ["training", "generation"])
@pytest.mark.parametrize("code", sorted(RUN_ERROR_CODES - {"out_of_credit"}))
def test_a_run_that_failed_at_its_trainer_left_nothing_to_download(code, kind):
    job = JobFactory(kind=kind, failed=True, provider="fal", run_id="764cab", error_code=code)
    said = explain(job)
    assert "downloaded" not in said.sentence
    assert "download is repeated" not in said.advice
    assert said.cost == MAYBE_PAID
    assert run_to_fetch(job) == ""


def test_pictures_that_the_safety_check_refused_are_not_to_be_asked_for_again_unchanged():
    job = JobFactory(
        kind="generation", failed=True, provider="fal", run_id="764cab", error_code="moderation"
    )
    assert "the same request would fail again" in explain(job).advice


@pytest.mark.parametrize("code", ["bad_image", "disk_full", "fetch_deadline", "internal"])
def test_pictures_that_could_not_be_fetched_are_not_promised_for_free(code):
    job = JobFactory(
        kind="generation", failed=True, provider="together", run_id="img-1", error_code=code
    )
    said = explain(job)
    assert "New pictures" in said.advice
    assert "training" not in said.sentence


def test_weights_that_arrived_bad_twice_are_not_promised_a_third_time():
    job = JobFactory(
        failed=True, run_id="ft-1", error_code="bad_weights", payload={"adopt_run": "ft-1"}
    )
    assert "trained again" in explain(job).advice


@pytest.mark.parametrize("kind", ["training", "generation"])
def test_nobody_claims_to_ask_a_trainer_that_has_no_list(kind, settings):
    settings.PROVIDERS = {"together": {"base_url": "https://api.together.ai/v1", "api_key": "k"}}
    said = explain(JobFactory(kind=kind, unknown=True, provider="together"))
    assert ("We are checking" in said.sentence) == (kind == "training")
    assert ("Wait a little" in said.advice) == (kind == "training")


@pytest.mark.parametrize("trait", ["running", "finishing", "unknown"])
def test_a_trainer_that_is_no_longer_set_up_is_named_as_the_reason(trait):
    said = explain(JobFactory(**{trait: True}, provider="together"))
    assert "no longer set up" in said.sentence
    assert "operator" in said.advice


def test_a_waiting_job_advises_nothing_that_the_page_does_not_offer():
    assert "Try again" not in explain(JobFactory(error_code="unavailable")).advice


@pytest.mark.parametrize("status", list(Status))
def test_nothing_is_called_done_before_it_is_stored_here(status):
    job = JobFactory(status=status, run_id="ft-1", progress=1.0)
    assert (explain(job).title == "Done") == (status == Status.SUCCEEDED)
