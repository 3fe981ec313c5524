"""What the operator sees of what is spent: a plot, amounts, and the same as CSV."""

from __future__ import annotations

import csv
import io
from datetime import date
from decimal import Decimal

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.contrib.auth.models import Permission
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from jobs.models import PaidCall
from jobs.paid_calls import Outcome
from tests.conftest import client_of
from tests.factories import JobFactory, PaidCallFactory, UserFactory, UserModelFactory
from theway.spending_csv import cell

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("machine_clock")]
PAGE, CSV = "/admin/jobs/spending/", "/admin/jobs/spending/csv"
NOW = "2026-11-20T12:00:00Z"


@pytest.fixture(autouse=True)
def november():
    with time_machine.travel(NOW, tick=False):
        yield


def on(day: int, month: int = 11, **columns) -> PaidCall:
    at = timezone.now().replace(month=month, day=day)
    return PaidCallFactory(sent_at=at, **columns)


def words(response) -> str:
    return " ".join(BeautifulSoup(response.text, "html.parser").get_text(" ").split())


def rows_of(response) -> list[dict[str, str]]:
    text = b"".join(response.streaming_content).decode()
    return list(csv.DictReader(io.StringIO(text)))


# --- who ------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", [PAGE, CSV])
def test_owners_and_visitors_see_nothing(address, owner_client, anonymous_client):
    on(3)
    for client in (owner_client, anonymous_client):
        assert client.get(address).status_code in {302, 403}


@pytest.mark.parametrize("address", [PAGE, CSV])
def test_staff_see_it_who_may_see_the_ledger(address, operator_client):
    helper = UserFactory(is_staff=True)
    assert client_of(helper).get(address).status_code == 403
    helper.user_permissions.add(Permission.objects.get(codename="view_paidcall"))
    assert client_of(User.objects.get(pk=helper.pk)).get(address).status_code == 200
    assert operator_client.get(address).status_code == 200


@pytest.mark.parametrize("address", [PAGE, CSV])
def test_nothing_can_be_sent_there(address, operator_client):
    assert operator_client.post(address).status_code == 405


def test_the_ledger_is_listed_and_cannot_be_changed(operator_client, owner):
    call = on(3, owner=owner)
    page = operator_client.get(reverse("admin:jobs_paidcall_changelist"))
    assert owner.email in page.text
    for action in ("change", "delete"):
        address = reverse(f"admin:jobs_paidcall_{action}", args=[call.pk])
        assert operator_client.post(address, {"post": "yes"}).status_code in {302, 403}
    assert PaidCall.objects.filter(pk=call.pk).exists()


# --- the page -------------------------------------------------------------------------------


def test_the_page_adds_up_days_providers_and_people(operator_client, owner, stranger):
    on(3, owner=owner, provider="together", actual_usd="1.23", estimate_usd=2)
    on(3, owner=stranger, provider="together", estimate_usd=2)
    on(5, owner=owner, provider="local", estimate_usd=0)
    on(5, owner=owner, provider="together", outcome=Outcome.REFUSED, estimate_usd=9)
    on(31, month=10, owner=owner, estimate_usd=50)
    page = operator_client.get(PAGE)
    assert page.context["total"].spent.usd == Decimal("3.23")
    assert page.context["total"].spent.estimated == 2
    text = words(page)
    assert "$3.23 spent in 4 calls" in text
    assert f"{stranger.email} 1 $2.00 $2.00" in text
    assert f"{owner.email} 3 $1.23 –" in text
    assert "Together AI 3 $3.23 $2.00" in text
    assert "3 November Together AI 2 $3.23 $2.00" in text


def test_the_plot_has_a_bar_for_every_day_and_a_table_says_the_same(operator_client):
    on(3, estimate_usd=2)
    on(4, estimate_usd=4, provider="local")
    page = operator_client.get(PAGE)
    plot = page.context["plot"]
    assert [bar.day for bar in plot.bars] == [date(2026, 11, day) for day in range(1, 31)]
    heights = {bar.day.day: sum(part.height for part in bar.parts) for bar in plot.bars}
    assert heights[4] == plot.height == 2 * heights[3]
    drawn = BeautifulSoup(page.text, "html.parser").select_one("svg.spending")
    assert drawn["role"] == "img"
    for name in drawn["aria-labelledby"].split():
        assert drawn.find(id=name).get_text(strip=True)
    assert len(drawn.select("rect")) == 2
    assert {rect["class"][0] for rect in drawn.select("rect")} == {"provider-0", "provider-1"}


def test_providers_of_one_day_are_parts_of_one_bar(operator_client):
    on(3, estimate_usd=1, provider="a")
    on(3, estimate_usd=3, provider="b")
    bar = operator_client.get(PAGE).context["plot"].bars[2]
    first, second = bar.parts
    assert (first.height, second.height) == (35.0, 105.0)
    assert (first.y, second.y) == (105.0, 0.0)


def test_the_page_shows_what_is_left_of_the_budget(operator_client, settings):
    assert "There is no budget for the installation" in words(operator_client.get(PAGE))
    settings.BUDGET_USD = Decimal(10)
    on(3, estimate_usd=4)
    JobFactory(model=UserModelFactory(), budget_usd=2)
    text = words(operator_client.get(PAGE))
    assert "$2.00 kept for jobs that are not sent yet" in text
    assert "$4.00 left of the budget of $10.00" in text
    settings.BUDGET_USD = Decimal(5)
    page = operator_client.get(PAGE)
    assert "$0.00 left of the budget of $5.00" in words(page)
    assert page.context["budget"]["is_reached"]


def test_an_empty_month_says_so(operator_client):
    text = words(operator_client.get(PAGE))
    assert "Nothing was spent in this month." in text
    assert "No call was made in this month." in text


def test_months_lead_to_each_other_and_not_beyond_what_there_is(operator_client):
    on(31, month=10)
    page = operator_client.get(PAGE)
    assert (page.context["earlier"], page.context["later"]) == (date(2026, 10, 1), None)
    page = operator_client.get(PAGE, {"month": "2026-10"})
    assert (page.context["earlier"], page.context["later"]) == (None, date(2026, 11, 1))
    assert page.context["kept"] == ""
    assert page.context["total"].spent.usd == 2


@pytest.mark.parametrize("month", ["2026-13", "2026-1", "x", "2026-11-01", "' or 1=1"])
def test_a_month_that_is_none_is_not_there(operator_client, month):
    assert operator_client.get(PAGE, {"month": month}).status_code == 404
    assert operator_client.get(CSV, {"month": month}).status_code == 404


def test_who_spent_most_is_shown_and_the_others_together(operator_client, monkeypatch):
    monkeypatch.setattr("jobs.spending.PEOPLE_SHOWN", 2)
    for amount in (1, 2, 3, 4):
        on(3, estimate_usd=amount)
    on(4, estimate_usd=9, owner=None)
    text = words(operator_client.get(PAGE))
    assert "Deleted accounts 1 $9.00" in text
    assert "Everybody else 3 $6.00 $6.00" in text


def test_the_page_needs_no_inline_style_or_script(operator_client):
    on(3)
    soup = BeautifulSoup(operator_client.get(PAGE).text, "html.parser")
    assert not soup.select("[style], style")
    assert not [script for script in soup.select("script") if not script.get("src")]


def test_the_page_costs_the_same_whatever_the_ledger_holds(
    operator_client, django_assert_num_queries, settings
):
    settings.BUDGET_USD = Decimal(10)
    for number in (1, 60):
        for _ in range(number):
            on(3)
        with django_assert_num_queries(
            7
        ):  # session, operator, days, people, addresses, kept, first
            operator_client.get(PAGE)


def test_the_front_page_leads_there(operator_client):
    assert f'href="{PAGE}"' in operator_client.get("/admin/").text


# --- CSV ------------------------------------------------------------------------------------


def test_the_csv_has_a_row_for_every_call_of_the_month(operator_client, owner):
    job = JobFactory(running=True)
    call = on(3, owner=owner, job=job, actual_usd="1.2300", billed="812.4 s")
    on(4, owner=None, outcome=Outcome.UNCLEAR)
    on(31, month=10)
    response = operator_client.get(CSV)
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"] == 'attachment; filename="spending-2026-11.csv"'
    assert "no-store" in response["Cache-Control"]
    first, second = rows_of(response)
    assert first == {
        "sent_at": call.sent_at.isoformat(),
        "day": "2026-11-03",
        "provider": "together",
        "kind": "training",
        "base_model": "black-forest-labs/FLUX.1-dev",
        "person": owner.email,
        "account": call.account,
        "outcome": "accepted",
        "estimate_usd": "2.0000",
        "actual_usd": "1.2300",
        "billed": "812.4 s",
        "settled_at": "",
        "job": str(job.pk),
    }
    assert (second["person"], second["job"], second["outcome"]) == ("", "", "unclear")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝"])
def test_no_cell_is_a_formula(operator_client, owner, start):
    owner.email = f"{start}cmd@example.org"
    owner.save()
    on(3, owner=owner, billed=f"{start}1+1")
    [row] = rows_of(operator_client.get(CSV))
    assert row["person"] == f"'{owner.email}"
    assert row["billed"] == f"'{start}1+1"
    assert cell("plain") == "plain"


def test_the_csv_is_written_a_few_rows_at_a_time(operator_client, monkeypatch):
    monkeypatch.setattr("jobs.spending.CHUNK", 3)
    for _ in range(7):
        on(3)
    response = operator_client.get(CSV)
    assert response.streaming
    pieces = [piece.decode().count("\n") for piece in response.streaming_content]
    assert pieces == [1, 3, 3, 1]
