import pytest

from jobs.messages import ERRORS, MAYBE_PAID, NOT_PAID, explain
from jobs.states import Status
from providers import errors
from tests.factories import JobFactory

pytestmark = pytest.mark.django_db
RUN = {Status.RUNNING, Status.FINISHING, Status.SUCCEEDED}


@pytest.mark.parametrize("status", list(Status))
@pytest.mark.parametrize("kind", ["training", "generation"])
def test_every_state_has_words(status, kind):
    job = JobFactory(kind=kind, status=status, run_id="ft-1" if status in RUN else "")
    said = explain(job)
    assert said.title and said.sentence and said.cost


@pytest.mark.parametrize(
    "error",
    [one for one in vars(errors).values() if isinstance(one, type) and hasattr(one, "code")],
)
def test_every_error_of_a_provider_has_words(error):
    happened, advice = ERRORS[error.code]
    assert happened.endswith(".") and advice.endswith(".")


def test_a_refused_job_says_that_it_cost_nothing():
    assert explain(JobFactory(failed=True, error_code="rejected")).cost == NOT_PAID


def test_an_unclear_job_never_claims_to_be_free():
    assert explain(JobFactory(unknown=True, provider="together")).cost == MAYBE_PAID


def test_a_waiting_job_says_why_it_waits():
    said = explain(JobFactory(error_code="unavailable"))
    assert "could not be reached" in said.sentence and "by itself" in said.sentence
