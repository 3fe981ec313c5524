"""Steps, guidance and a negative prompt: for the person's own trainer, when it really draws."""

from __future__ import annotations

import pytest
from django.urls import reverse

from generation import services
from generation.forms import GenerateForm
from generation.models import GeneratedImage
from generation.work import GenerationWork
from jobs.engine.collect import collect
from jobs.models import JobQueue
from jobs.states import Status
from providers.catalog import FLUX1_DEV
from providers.registry import get
from tests.dashboard.wizard_drafts import trainer_answered
from tests.factories import UserModelFactory, jpeg
from tests.generation.test_services import ASKED, finishing

pytestmark = pytest.mark.django_db
DETAILS = {"steps": 12, "guidance": 4.5, "negative_prompt": "text, frames"}


@pytest.fixture
def real(owner):
    trainer_answered(engine="diffusers", can_train=[FLUX1_DEV], can_generate=[FLUX1_DEV])
    return UserModelFactory(owner=owner, ready=True, engine="diffusers")


@pytest.fixture
def simulated(owner):
    trainer_answered()
    return UserModelFactory(owner=owner, ready=True)


def test_they_are_asked_for_only_where_they_are_taken(real):
    assert [field.name for field in GenerateForm(model=real).details] == list(DETAILS)


def test_a_simulated_trainer_is_asked_for_none(simulated):
    form = GenerateForm(model=simulated)
    assert form.details == []
    assert form.can_generate


def test_they_reach_the_trainer_as_wished(real, scripted):
    job = services.create(real, idempotency_key="a", **ASKED, **DETAILS)
    provider = get("local")
    sent = provider.generation_call(GenerationWork().prepare(job, provider)).payload
    assert {name: sent[name] for name in DETAILS} == DETAILS


def test_without_a_wish_the_trainer_decides(real, scripted):
    empty = {"steps": None, "guidance": None, "negative_prompt": ""}
    job = services.create(real, idempotency_key="a", **ASKED, **empty)
    assert "details" not in job.payload
    provider = get("local")
    sent = provider.generation_call(GenerationWork().prepare(job, provider)).payload
    assert sent["steps"] == 28
    assert not {"guidance", "negative_prompt"} & sent.keys()


def test_who_takes_none_refuses_them_aloud(simulated):
    with pytest.raises(services.GenerationRefusedError, match="takes no steps"):
        services.create(simulated, idempotency_key="a", **ASKED, **DETAILS)
    assert not JobQueue.objects.exists()


def test_other_details_are_another_click_and_trying_again_keeps_them(real):
    first = services.create(real, idempotency_key="a", **ASKED, **DETAILS)
    other = services.create(real, idempotency_key="a", **ASKED, **(DETAILS | {"steps": 13}))
    assert first != other
    JobQueue.objects.filter(pk=first.pk).update(status=Status.FAILED)
    first.refresh_from_db()
    again = services.try_again(first, idempotency_key="b")
    assert again.payload["details"] == DETAILS


def test_a_picture_remembers_what_it_was_made_with(real, scripted, owner_client):
    url = "http://127.0.0.1:9/v1/images/img-1/0.jpg"
    scripted.mock.get(url, body=jpeg(512, 512))
    job = finishing(real, outputs=[{"url": url}])
    JobQueue.objects.update(payload=job.payload | {"details": DETAILS})
    collect(job.pk)
    image = GeneratedImage.objects.get()
    assert {name: image.settings[name] for name in DETAILS} == DETAILS
    page = owner_client.get(reverse("dashboard:model", args=[real.pk])).content.decode()
    assert "text, frames" in page


@pytest.mark.parametrize(
    ("name", "value"), [("steps", "0"), ("steps", "51"), ("guidance", "-1"), ("guidance", "21")]
)
def test_a_wrong_value_comes_back_with_the_reason(real, owner_client, name, value):
    data = ASKED | {"seed": "", "idempotency_key": "a", name: value}
    response = owner_client.post(reverse("dashboard:generate", args=[real.pk]), data)
    assert response.status_code == 422
    assert 'class="error"' in response.content.decode()
