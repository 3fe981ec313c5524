"""What people write is shown as they wrote it, and never runs."""

from __future__ import annotations

import pytest
from django.urls import reverse

from jobs.models import JobEvent
from tests.factories import (
    GeneratedImageFactory,
    JobFactory,
    TrainingImageFactory,
    UserModelFactory,
)

HOSTILE = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>{{ 7|add:7 }}"
SHOWN = "&lt;script&gt;alert(1)&lt;/script&gt;"


@pytest.fixture
def model(owner):
    model = UserModelFactory(owner=owner, ready=True, name=HOSTILE[:60], description=HOSTILE)
    TrainingImageFactory(model=model, caption=HOSTILE, original_filename=HOSTILE)
    GeneratedImageFactory(model=model, prompt=HOSTILE)
    payload = {"prompt": HOSTILE, "typed_prompt": HOSTILE, "count": 1, "ratio": "1:1"}
    job = JobFactory(
        model=model, kind="generation", failed=True, error_detail=HOSTILE, payload=payload
    )
    JobEvent.objects.create(job=job, kind="note", text=HOSTILE)
    return model


@pytest.mark.parametrize("name", ["home", "models", "gallery", "activity", "data"])
def test_no_list_runs_what_a_person_wrote(name, model, owner_client):
    page = owner_client.get(reverse(f"dashboard:{name}")).content.decode()
    assert "<script>alert" not in page and "<img src=x" not in page


@pytest.mark.parametrize("name", ["model", "model_live"])
def test_no_model_page_runs_what_a_person_wrote(name, model, owner_client):
    page = owner_client.get(reverse(f"dashboard:{name}", args=[model.pk])).content.decode()
    assert SHOWN in page
    assert "<script>alert" not in page and "<img src=x" not in page
    assert "{{ 7|add:7 }}" in page


@pytest.mark.parametrize(
    "kind", ["models_app/usermodel", "jobs/jobqueue", "generation/generatedimage"]
)
def test_no_page_of_the_operators_runs_it(kind, model, operator_client):
    page = operator_client.get(f"/admin/{kind}/").content.decode()
    assert "<script>alert" not in page and "<img src=x" not in page


def test_in_an_address_it_is_shown_as_text_too(owner_client):
    for path in (
        "/dashboard/activity?show=",
        "/accounts/login/?next=",
        "/dashboard/models?before=",
    ):
        page = owner_client.get(path, {"q": HOSTILE}).content.decode()
        page += owner_client.get(f"{path}{HOSTILE}").content.decode()
        assert "<script>alert" not in page
