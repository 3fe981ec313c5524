"""What may be spent in a month: refused before anything is paid, for one person and for all."""

from __future__ import annotations

import logging
from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone

from accounts.limit_texts import problem
from accounts.limits import LimitReachedError
from jobs import services
from jobs.budgets import InstallationBudgetReachedError, installation_allowance, usage_of
from jobs.models import JobQueue, PaidCall
from jobs.paid_calls import Outcome
from models_app.models import UserModel
from tests.factories import JobFactory, PaidCallFactory, UserModelFactory
from tests.presses import at_once

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("machine_clock")]


def press(model: UserModel, price: str, key: str = "") -> JobQueue:
    """One click on a button that costs this much."""
    return services.enqueue(
        kind="generation",
        model=model,
        provider="together",
        idempotency_key=key or f"{model.pk}-{price}-{timezone.now().timestamp()}",
        payload={},
        deadline_in=timedelta(hours=1),
        budget_usd=Decimal(price),
    )


@pytest.fixture
def mine(owner) -> UserModel:
    return UserModelFactory(owner=owner, ready=True)


@pytest.fixture
def theirs(stranger) -> UserModel:
    return UserModelFactory(owner=stranger, ready=True)


# --- one person -----------------------------------------------------------------------------


def test_a_person_spends_their_budget_and_no_more(mine, settings):
    settings.BUDGET_PER_PERSON_USD = Decimal(10)
    press(mine, "6")
    press(mine, "4")
    with pytest.raises(LimitReachedError, match=r"Your \$10.00 for this month are spent"):
        press(mine, "0.0001")
    assert JobQueue.objects.count() == 2


def test_what_does_not_fit_says_what_it_costs_and_what_is_left(mine, settings):
    settings.BUDGET_PER_PERSON_USD = Decimal(10)
    press(mine, "7.50")
    with time_machine.travel("2026-11-26T12:00:00Z"), pytest.raises(LimitReachedError) as reached:
        press(mine, "2.51")
    assert str(reached.value) == (
        "This costs about $2.51. $2.50 of your $10.00 for this month left. "
        "The month begins anew on 1 December. The operator can allow you more."
    )


def test_what_costs_more_than_a_whole_month_never_fits(mine, settings):
    settings.BUDGET_PER_PERSON_USD = Decimal(10)
    with pytest.raises(LimitReachedError) as reached:
        press(mine, "10.01")
    assert reached.value.room_at is None
    assert "begins anew" not in str(reached.value)


def test_a_persons_own_budget_counts_before_everybodys(mine, theirs, owner, settings):
    settings.BUDGET_PER_PERSON_USD = Decimal(1)
    owner.limit_budget_usd = Decimal("7.50")
    owner.save()
    press(mine, "7.50")
    with pytest.raises(LimitReachedError):
        press(theirs, "7.50")


def test_zero_allows_what_is_free_and_nothing_else(mine, settings):
    settings.BUDGET_PER_PERSON_USD = settings.BUDGET_USD = Decimal(0)
    with pytest.raises(LimitReachedError, match="may not start anything here that costs money"):
        press(mine, "0.01")
    press(mine, "0")


def test_without_budgets_nothing_is_counted(mine, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert installation_allowance() is None
    press(mine, "50000")


def test_what_others_spend_is_nobody_elses(mine, theirs, settings):
    settings.BUDGET_PER_PERSON_USD = Decimal(10)
    press(theirs, "10")
    press(mine, "10")


@pytest.mark.parametrize(
    ("outcome", "actual", "counts"),
    [
        (Outcome.SENT, None, "2"),
        (Outcome.ACCEPTED, None, "2"),
        (Outcome.UNCLEAR, None, "2"),
        (Outcome.ACCEPTED, "3.1234", "3.1234"),
        (Outcome.REFUSED, None, "0"),
        (Outcome.NOT_SENT, None, "0"),
        (Outcome.NOTHING_CHARGED, "0", "0"),
    ],
)
def test_what_may_have_cost_something_counts_and_nothing_else(owner, outcome, actual, counts):
    PaidCallFactory(owner=owner, outcome=outcome, estimate_usd=2, actual_usd=actual)
    assert usage_of(owner).used == int(Decimal(counts) * 10_000)


def test_a_cancelled_job_gives_back_what_was_kept_for_it(mine, settings):
    settings.BUDGET_PER_PERSON_USD = Decimal(10)
    services.cancel(press(mine, "10"), by="ann")
    press(mine, "10")


def test_a_new_month_begins_with_nothing_spent(mine, owner, settings):
    settings.BUDGET_PER_PERSON_USD = Decimal(10)
    with time_machine.travel("2026-11-30T23:59:59Z", tick=False):
        PaidCallFactory(owner=owner, estimate_usd=10)
        with pytest.raises(LimitReachedError) as reached:
            press(mine, "1")
        assert reached.value.retry_after == 1
    with time_machine.travel("2026-12-01T00:00:00Z", tick=False):
        press(mine, "10")


def test_many_small_amounts_are_added_up_exactly(mine, owner, settings):
    settings.BUDGET_PER_PERSON_USD = Decimal("1.00")
    PaidCallFactory.create_batch(999, owner=owner, estimate_usd=Decimal("0.0010"))
    press(mine, "0.0010")
    with pytest.raises(LimitReachedError):
        press(mine, "0.0001")


def test_sending_a_lost_call_again_needs_room_for_both(owner, settings):
    settings.BUDGET_PER_PERSON_USD = Decimal(10)
    model = UserModelFactory(owner=owner, ready=True)
    job = JobFactory(unknown=True, kind="generation", model=model, budget_usd=6)
    PaidCallFactory(owner=owner, job=job, outcome=Outcome.UNCLEAR, estimate_usd=6)
    with pytest.raises(LimitReachedError):
        services.declare_not_started(job, by="ann")
    job.refresh_from_db()
    assert job.status == "unknown"
    settings.BUDGET_PER_PERSON_USD = Decimal(12)
    services.declare_not_started(job, by="ann")


# --- everybody ------------------------------------------------------------------------------


def test_everybody_together_spends_the_installations_budget_and_no_more(mine, theirs, settings):
    settings.BUDGET_USD = Decimal(10)
    press(mine, "6")
    with pytest.raises(InstallationBudgetReachedError, match="has no room for it") as reached:
        press(theirs, "4.01")
    assert "$" not in str(reached.value)  # what others spent is nobody's business
    press(theirs, "4")


def test_rows_of_deleted_people_count_for_the_installation(mine, settings):
    settings.BUDGET_USD = Decimal(10)
    PaidCallFactory(owner=None, estimate_usd=10)
    with pytest.raises(InstallationBudgetReachedError):
        press(mine, "1")


def test_programs_are_told_which_budget_it_is(mine, settings):
    settings.BUDGET_PER_PERSON_USD = Decimal("7.50")
    with pytest.raises(LimitReachedError) as reached:
        press(mine, "8")
    told = problem(reached.value)
    assert (told["code"], told["limit"], told["allowed"]) == ("budget_reached", "budget_usd", 7.5)
    assert reached.value.status == 402
    settings.BUDGET_PER_PERSON_USD, settings.BUDGET_USD = None, Decimal(7)
    with pytest.raises(LimitReachedError) as reached:
        press(mine, "8")
    told = problem(reached.value)
    assert (told["code"], told["allowed"]) == ("installation_budget_reached", None)


def test_a_reached_budget_is_a_line_in_the_security_log(mine, owner, settings, caplog):
    caplog.set_level(logging.INFO, "theway.security")
    settings.BUDGET_USD = Decimal(1)
    with pytest.raises(LimitReachedError):
        press(mine, "8")
    assert f"limit reached account={owner.pk} limit=BUDGET_USD" in caplog.text


@pytest.mark.parametrize(
    ("person", "everybody", "more"), [(None, None, 1), (9, None, 2), (9, 9, 3)]
)
def test_a_budget_costs_a_start_one_query_each(
    mine, settings, person, everybody, more, django_assert_max_num_queries
):
    """The person's row is locked for either; PostgreSQL has a statement for the common lock."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as free:
        press(mine, "0", "free")
    settings.BUDGET_PER_PERSON_USD, settings.BUDGET_USD = person, everybody
    lock = 1 if everybody and connection.vendor == "postgresql" else 0
    with django_assert_max_num_queries(len(free) + more + lock):
        press(mine, "1", "paid")


# --- at the same moment ---------------------------------------------------------------------


def tried(found: list) -> tuple[int, int]:
    """How many started, how many were refused; nothing else may happen."""
    refused = sum(isinstance(one, LimitReachedError) for one in found)
    started = sum(isinstance(one, JobQueue) for one in found)
    assert started + refused == len(found), found
    return started, refused


@pytest.mark.django_db(transaction=True)
def test_two_tabs_cannot_pass_a_persons_budget_together(settings):
    settings.BUDGET_PER_PERSON_USD = Decimal(10)
    model = UserModelFactory(ready=True)
    found = at_once(6, lambda number: press(model, "5", str(number)))
    assert tried(found) == (2, 4)


@pytest.mark.django_db(transaction=True)
def test_two_people_cannot_pass_the_installations_budget_together(settings):
    settings.BUDGET_USD = Decimal(10)
    models = [UserModelFactory(ready=True) for _ in range(6)]
    found = at_once(6, lambda number: press(models[number], "5", str(number)))
    assert tried(found) == (2, 4)
    assert installation_allowance().left == 0


@pytest.mark.django_db(transaction=True)
def test_a_start_that_comes_to_nothing_gives_its_place_back(settings):
    settings.BUDGET_USD = Decimal(5)
    model = UserModelFactory(ready=True)
    with pytest.raises(RuntimeError), transaction.atomic():
        press(model, "5")
        raise RuntimeError
    press(model, "5")


@pytest.mark.django_db(transaction=True)
def test_while_jobs_are_sent_nobody_gets_past_the_budget(settings):
    """A job that is marked as sent between two readings is still counted, and once."""
    settings.BUDGET_USD = Decimal(10)
    waiting = press(UserModelFactory(ready=True), "10", "first")
    others = [UserModelFactory(ready=True) for _ in range(4)]

    def go(number: int) -> object:
        if number == 0:
            with transaction.atomic():
                JobQueue.objects.filter(pk=waiting.pk).update(sent_at=timezone.now())
                PaidCallFactory(job=waiting, owner=waiting.owner, estimate_usd=10)
            return waiting
        return press(others[number - 1], "0.01", str(number))

    assert tried(at_once(5, go)) == (1, 4)
    assert PaidCall.objects.count() == 1
