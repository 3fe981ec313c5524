"""What a person may use, has used and has spent; and what can be trained now."""

from __future__ import annotations

from datetime import date

import pytest

from models_app.limits import LIMITS
from tests.api.conftest import problem
from tests.dashboard.rows import describe_local_trainer
from tests.factories import PaidCallFactory, TrainingImageFactory, UserModelFactory


def test_the_limits_are_those_of_the_pages(program):
    told = program.get("/api/limits").json()
    assert (told["maxBytes"], told["formats"]) == (LIMITS.max_bytes, list(LIMITS.formats))


def test_what_may_be_used_is_told_to_its_person_alone(owner, program, strange_program, settings):
    settings.LIMIT_DRAFTS, settings.LIMIT_STORAGE_MB = 5, 100
    TrainingImageFactory(model=UserModelFactory(owner=owner), size=2**20 + 1)
    told = {
        one["limit"]: (one["allowed"], one["used"]) for one in program.get("/api/quotas").json()
    }
    assert told == {"storage_mb": (100, 2), "drafts": (5, 1)}
    assert [one["used"] for one in strange_program.get("/api/quotas").json()] == [0, 0]


def test_spending_is_the_persons_own_by_day_and_provider(owner, stranger, program):
    day = date(2026, 3, 9)
    PaidCallFactory(owner=owner, day=day, actual_usd="1.25", provider="together")
    PaidCallFactory(owner=stranger, day=day, actual_usd="9.00")
    told = program.get("/api/spending?month=2026-03").json()
    assert (told["month"], float(told["usd"]), told["budgetUsd"]) == ("2026-03", 1.25, None)
    [only] = told["days"]
    assert (only["day"], only["provider"], only["calls"]) == ("2026-03-09", "together", 1)
    assert float(program.get("/api/spending").json()["usd"]) == 0


@pytest.mark.parametrize("month", ["2026-13", "2026", "next", "2026-03-01"])
def test_what_is_no_month_is_refused(month, program):
    problem(program.get(f"/api/spending?month={month}"), 422, "invalid")


def test_the_catalog_says_what_can_be_trained_now_and_why_not(program, db):
    describe_local_trainer()
    catalog = {one["key"]: one for one in program.get("/api/catalog").json()}
    trainers = {one["provider"]: one for one in catalog["black-forest-labs/FLUX.1-dev"]["trainers"]}
    assert trainers["local"]["isAvailable"] is True
    assert trainers["local"]["isSimulated"] is True
    assert all(one["isAvailable"] or one["reason"] for one in trainers.values())


def test_providers_say_whether_they_are_set_up(program):
    told = {one["key"]: one for one in program.get("/api/providers").json()}
    assert told["local"]["isSetUp"] is True
    assert told["together"]["isSetUp"] is False
