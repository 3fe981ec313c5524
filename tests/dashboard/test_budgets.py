"""What people see of their money: what is left, what does not fit, and what it really cost."""

from __future__ import annotations

from decimal import Decimal

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.limits import LimitReachedError
from jobs.models import JobQueue, PaidCall
from models_app.models import UserModel
from tests.dashboard.test_limits import words
from tests.dashboard.wizard_drafts import TRAINING, address, complete_draft
from tests.factories import JobFactory, PaidCallFactory, TrainingImageFactory, UserModelFactory
from training.selectors import next_idempotency_key
from training.services import start

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("machine_clock")]
ASKED = {
    "prompt": "under the old oak",
    "ratio": "1:1",
    "count": "2",
    "strength": "1.0",
    "provider": "local",
    "idempotency_key": "a",
}


@pytest.fixture(autouse=True)
def november():
    with time_machine.travel("2026-11-20T12:00:00Z", tick=False):
        yield


@pytest.fixture
def drafted(owner) -> UserModel:
    return complete_draft(owner)


@pytest.fixture
def ready(owner) -> UserModel:
    return UserModelFactory(owner=owner, ready=True)


# --- “What you may use” ---------------------------------------------------------------------


def test_your_data_shows_what_is_spent_and_when_the_month_begins_anew(
    owner, owner_client, stranger, stranger_client, anonymous_client, settings
):
    settings.BUDGET_PER_PERSON_USD = Decimal(10)
    PaidCallFactory(owner=owner, actual_usd="1.23")
    PaidCallFactory(owner=stranger, estimate_usd=9)
    page = reverse("dashboard:data")
    assert "Spending this month $1.23 of $10.00 on 1 December" in words(owner_client.get(page))
    assert "Spending this month $9.00 of $10.00" in words(stranger_client.get(page))
    assert anonymous_client.get(page).status_code == 302


def test_a_program_reads_the_same(owner, owner_client, anonymous_client, settings):
    settings.BUDGET_PER_PERSON_USD = Decimal("7.50")
    PaidCallFactory(owner=owner, actual_usd="1.2345")
    [told] = owner_client.get("/api/quotas").json()
    assert (told["limit"], told["allowed"], told["used"]) == ("budget_usd", 7.5, 1.2345)
    assert anonymous_client.get("/api/quotas").status_code == 401


def test_an_operator_sees_it_and_sets_it_for_one_person(owner, operator_client, settings):
    settings.BUDGET_PER_PERSON_USD = Decimal(10)
    PaidCallFactory(owner=owner, actual_usd="1.23")
    page = operator_client.get(reverse("admin:accounts_user_change", args=[owner.pk]))
    assert "Spending this month: $1.23 / $10.00" in page.text
    assert 'name="limit_budget_usd"' in page.text


# --- the wizard -----------------------------------------------------------------------------


@pytest.mark.usefixtures("paid_trainer")
def test_the_wizard_shows_what_is_left_beside_the_price(drafted, owner_client, settings):
    settings.BUDGET_PER_PERSON_USD = Decimal(12)
    for step in ("training", "review"):
        text = words(owner_client.get(address(drafted, step)))
        assert "$12.00 of your $12.00 for this month left." in text, step
        assert "$5.00" in text
    assert "Start training" in owner_client.get(address(drafted, "review")).text


@pytest.mark.usefixtures("paid_trainer")
def test_what_does_not_fit_is_said_before_the_button_is_pressed(
    owner, drafted, owner_client, stranger_client, settings
):
    settings.BUDGET_PER_PERSON_USD = Decimal(10)
    PaidCallFactory(owner=owner, actual_usd="5.01")
    page = owner_client.get(address(drafted, "review"))
    assert (
        "This costs about $5.00. $4.99 of your $10.00 for this month left. "
        "The month begins anew on 1 December. The operator can allow you more."
    ) in words(page)
    assert 'value="start"' not in page.text
    assert "$4.99 of your $10.00" in words(owner_client.get(address(drafted, "training")))
    assert stranger_client.get(address(drafted, "review")).status_code == 404


@pytest.mark.usefixtures("paid_trainer")
def test_what_everybody_has_spent_is_not_told(stranger, drafted, owner_client, settings):
    settings.BUDGET_USD = Decimal(77)
    PaidCallFactory(owner=stranger, actual_usd="72.34")
    page = words(owner_client.get(address(drafted, "review")))
    assert "This installation's budget for this month has no room for it." in page
    assert "The month begins anew on 1 December. The operator can raise the budget." in page
    assert "$72" not in page and "$77" not in page


@pytest.mark.usefixtures("paid_trainer")
def test_a_press_on_an_old_page_starts_nothing_and_loses_nothing(
    owner, drafted, owner_client, settings
):
    settings.BUDGET_PER_PERSON_USD = Decimal(4)
    answers = {"go": "start", "idempotency_key": next_idempotency_key(drafted)}
    reply = owner_client.post(address(drafted, "review"), answers)
    assert reply.status_code == 409
    assert "Training did not start, and nothing was paid for" in reply.text
    assert "This costs about $5.00." in reply.text
    before = {name: getattr(drafted, name) for name in ("name", "trigger_word", "options", "kind")}
    drafted.refresh_from_db()
    assert before == {name: getattr(drafted, name) for name in before}
    assert drafted.is_editable and drafted.photos.count() > 0
    assert not JobQueue.objects.exists() and not PaidCall.objects.exists()


@pytest.mark.usefixtures("trainer_without_price")
def test_a_price_that_nobody_publishes_counts_with_what_is_assumed(drafted, owner_client, settings):
    settings.BUDGET_PER_PERSON_USD = Decimal(5)
    text = words(owner_client.get(address(drafted, "review")))
    assert "Price not published" in text
    assert "As no price is published, budgets count it as $4.00." in text
    job = start(drafted, idempotency_key=next_idempotency_key(drafted))
    assert (job.cost_estimate, job.budget_usd) == (None, 4)
    with pytest.raises(LimitReachedError):
        other = complete_draft(drafted.owner)
        start(other, idempotency_key=next_idempotency_key(other))


def test_what_is_free_needs_no_budget(drafted, owner_client, settings):
    settings.BUDGET_PER_PERSON_USD = settings.BUDGET_USD = Decimal(0)
    page = owner_client.get(address(drafted, "review"))
    assert "for this month" not in page.text
    answers = {"go": "start", "idempotency_key": next_idempotency_key(drafted)}
    assert owner_client.post(address(drafted, "review"), answers).status_code == 302
    assert JobQueue.objects.get().budget_usd == 0


@pytest.mark.usefixtures("paid_trainer")
def test_saving_while_typing_says_what_is_left(drafted, owner_client, settings):
    settings.BUDGET_PER_PERSON_USD = Decimal(4)
    reply = owner_client.post(
        address(drafted, "training"), TRAINING | {"go": "next"}, headers={"x-autosave": "1"}
    )
    assert "$4.00 of your $4.00" in reply.json()["fragments"]["estimate"]


# --- pictures and second tries --------------------------------------------------------------


@pytest.mark.usefixtures("paid_trainer")
def test_the_studio_shows_what_is_left_and_keeps_the_prompt(ready, owner_client, settings):
    settings.BUDGET_PER_PERSON_USD = Decimal("0.99")
    page = reverse("dashboard:model", args=[ready.pk])
    assert "$0.99 of your $0.99 for this month left." in words(owner_client.get(page))
    reply = owner_client.post(reverse("dashboard:generate", args=[ready.pk]), ASKED)
    assert reply.status_code == 422
    assert "under the old oak" in reply.text
    assert "This costs about $1.00." in reply.text
    assert not JobQueue.objects.exists()
    owner_client.post(reverse("dashboard:generate", args=[ready.pk]), ASKED | {"count": "1"})
    assert JobQueue.objects.get().budget_usd == Decimal("0.5")


def test_the_studio_of_a_free_trainer_says_nothing_of_money(ready, owner_client, settings):
    settings.BUDGET_PER_PERSON_USD = Decimal(1)
    page = owner_client.get(reverse("dashboard:model", args=[ready.pk]))
    assert "for this month" not in page.text


@pytest.mark.usefixtures("paid_trainer")
def test_a_second_try_that_does_not_fit_is_refused_with_words(owner, owner_client, settings):
    settings.BUDGET_PER_PERSON_USD = Decimal(4)
    model = UserModelFactory(owner=owner, failed=True)
    TrainingImageFactory.create_batch(4, model=model)
    job = JobFactory(failed=True, model=model)
    page = owner_client.get(reverse("dashboard:model", args=[model.pk]))
    assert "$4.00 of your $4.00 for this month left." in words(page)
    assert "Try again with the same photos" in page.text  # another trainer may be free
    retry = reverse("dashboard:job_retry", args=[job.pk])
    asked = {"idempotency_key": next_idempotency_key(model)}
    assert "This costs about $5.00." in words(owner_client.post(retry, asked, follow=True))
    assert JobQueue.objects.count() == 1


def test_what_is_paid_for_is_fetched_whatever_is_spent(owner, owner_client, settings):
    settings.BUDGET_PER_PERSON_USD = settings.BUDGET_USD = Decimal(0)
    model = UserModelFactory(owner=owner, failed=True)
    job = JobFactory(failed=True, run_id="ft-1", error_code="disk_full", model=model)
    PaidCallFactory(owner=owner, job=job, estimate_usd=5)
    retry = reverse("dashboard:job_retry", args=[job.pk])
    owner_client.post(retry, {"idempotency_key": next_idempotency_key(model)})
    again = JobQueue.objects.exclude(pk=job.pk).get()
    assert (again.payload["adopt_run"], again.budget_usd) == ("ft-1", 0)


def test_sending_a_lost_call_again_beyond_the_budget_is_refused_with_words(
    owner, owner_client, stranger_client, settings
):
    settings.BUDGET_PER_PERSON_USD = Decimal(10)
    job = JobFactory(
        unknown=True,
        kind="generation",
        budget_usd=6,
        model=UserModelFactory(owner=owner, ready=True),
    )
    PaidCallFactory(owner=owner, job=job, outcome="unclear", estimate_usd=6)
    again = reverse("dashboard:job_not_started", args=[job.pk])
    assert stranger_client.post(again).status_code == 404
    reply = owner_client.post(again, follow=True)
    assert "This costs about $6.00. $4.00 of your $10.00" in words(reply)
    job.refresh_from_db()
    assert job.status == "unknown"


# --- afterwards -----------------------------------------------------------------------------


def test_the_model_says_what_its_training_really_cost(ready, owner_client, stranger_client):
    job = JobFactory(succeeded=True, model=ready, provider="together", cost_usd="1.2300")
    PaidCallFactory(job=job, owner=ready.owner, actual_usd="1.23", billed="812.4 s")
    page = reverse("dashboard:model", args=[ready.pk])
    assert "Cost $1.23 (812.4 s)" in words(owner_client.get(page))
    assert stranger_client.get(page).status_code == 404
    assert "It cost $1.23." in words(owner_client.get(reverse("dashboard:activity")))


def test_a_failed_training_says_what_it_really_cost(owner, owner_client):
    model = UserModelFactory(owner=owner, failed=True)
    job = JobFactory(
        failed=True,
        error_code="run_failed",
        run_id="r",
        model=model,
        provider="together",
        cost_usd="0.0000",
    )
    page = reverse("dashboard:model", args=[model.pk])
    assert "It cost nothing." in words(owner_client.get(page))
    JobQueue.objects.filter(pk=job.pk).update(cost_usd="0.4000")
    assert "It cost $0.40." in words(owner_client.get(page))


def test_a_job_of_the_api_says_what_it_cost(ready, owner_client, stranger_client):
    job = JobFactory(succeeded=True, model=ready, provider="together", cost_usd="1.2300")
    told = owner_client.get(f"/api/jobs/{job.pk}").json()
    assert (told["cost"], Decimal(told["costUsd"])) == ("It cost $1.23.", Decimal("1.23"))
    assert stranger_client.get(f"/api/jobs/{job.pk}").status_code == 404


# --- programs, and what it costs a page -----------------------------------------------------


@pytest.mark.usefixtures("paid_trainer")
def test_a_program_is_answered_402_with_a_code(drafted, owner_client, settings):
    settings.BUDGET_PER_PERSON_USD = Decimal(4)
    answer = owner_client.post(f"/api/models/{drafted.pk}/start")
    assert (answer.status_code, answer.json()["code"]) == (402, "budget_reached")
    settings.BUDGET_PER_PERSON_USD, settings.LIMIT_TRAININGS_PER_DAY = None, 0
    answer = owner_client.post(f"/api/models/{drafted.pk}/start")
    assert (answer.status_code, answer.json()["code"]) == (429, "limit_reached")


@pytest.mark.usefixtures("paid_trainer")
@pytest.mark.parametrize("step", ["training", "review"])
def test_a_budget_costs_a_page_one_query(
    step, owner_client, drafted, settings, django_assert_num_queries
):
    with CaptureQueriesContext(connection) as without:
        owner_client.get(address(drafted, step))
    settings.BUDGET_PER_PERSON_USD = settings.BUDGET_USD = Decimal(50)
    PaidCallFactory.create_batch(20, owner=drafted.owner)
    with django_assert_num_queries(len(without) + 2):
        owner_client.get(address(drafted, step))


def test_a_list_of_jobs_asks_the_ledger_nothing(ready, owner_client, django_assert_num_queries):
    page = reverse("dashboard:activity")
    JobFactory(succeeded=True, model=ready, provider="together", cost_usd="1.23")
    with CaptureQueriesContext(connection) as one:
        owner_client.get(page)
    for _ in range(9):
        JobFactory(succeeded=True, model=ready, provider="together", cost_usd="1.23")
    with django_assert_num_queries(len(one)):
        owner_client.get(page)
