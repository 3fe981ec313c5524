"""The studio: pictures in sets, settings that are used again, and the moment a model is ready."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from generation.ideas import ideas_for
from generation.models import GeneratedImage
from generation.repeating import wishes_of
from jobs.engine import provider_status
from jobs.models import JobQueue
from providers.catalog import FLUX1_DEV
from providers.types import Description
from tests.dashboard.rows import PICTURES, describe_local_trainer, stored_model
from tests.factories import GeneratedImageFactory, JobFactory, UserModelFactory

FIRST = "images:{model}:first-0"


@pytest.fixture
def ready(owner):
    describe_local_trainer()
    return stored_model(owner, name="Ann", kind="person")


@pytest.fixture
def hosted(owner, settings):
    """A model whose pictures cost money wherever they are made."""
    settings.PROVIDERS = {"fal": {"api_key": "id:secret", "base_url": "https://queue.fal.run"}}
    provider_status.record_description("fal", Description(True, can_generate=(FLUX1_DEV,)))
    return stored_model(owner, name="Ann", kind="person", provider="fal", engine="fal")


def page_at(client, model, query: str = ""):
    response = client.get(reverse("dashboard:model", args=[model.pk]) + query)
    assert response.status_code == 200
    return response


def made(model, *, minutes: int, prompt: str, count: int = 1) -> JobQueue:
    """A press of some minutes ago, with its pictures."""
    at = timezone.now() - timedelta(minutes=minutes)
    payload = PICTURES | {"typed_prompt": prompt, "count": count}
    job = JobFactory(model=model, kind="generation", succeeded=True, payload=payload, created_at=at)
    for index in reversed(range(count)):
        image = GeneratedImageFactory(
            model=model, job=job, index=index, settings={"typed_prompt": prompt}
        )
        GeneratedImage.objects.filter(pk=image.pk).update(created_at=at)
    return job


# --- sets ----------------------------------------------------------------------------------


def test_the_state_of_a_set_is_said_once(ready, owner_client):
    JobFactory(model=ready, kind="generation", submitting=True, payload=PICTURES)
    page = page_at(owner_client, ready).content.decode()
    (line,) = re.findall(r'<div class="set-line">(.*?)</div>', page, re.DOTALL)
    assert line.count("Starting") == 1


def test_each_set_stands_under_its_own_prompt_and_the_newest_is_on_top(ready, owner_client):
    made(ready, minutes=9, prompt="in the rain", count=3)
    made(ready, minutes=3, prompt="on a boat", count=2)
    sets = page_at(owner_client, ready).context["page"].sets
    assert [(one.prompt, len(one.images)) for one in sets] == [("on a boat", 2), ("in the rain", 3)]
    assert [image.index for image in sets[1].images] == [0, 1, 2]


def test_a_set_keeps_its_place_while_its_pictures_arrive(ready, owner_client):
    older = made(ready, minutes=1, prompt="in the rain")
    job = JobFactory(model=ready, kind="generation", running=True, payload=PICTURES)
    GeneratedImageFactory(model=ready, job=job, index=0)
    newest, below = page_at(owner_client, ready).context["page"].sets
    assert (newest.job, below.job) == (job, older)
    assert (len(newest.images), list(newest.placeholders)) == (1, [1])


def test_a_picture_whose_job_is_gone_is_still_shown_with_its_prompt(ready, owner_client):
    GeneratedImageFactory(model=ready, job=None, prompt="long ago")
    [only] = page_at(owner_client, ready).context["page"].sets
    assert only.prompt == "long ago"


def test_what_needs_a_decision_is_above_whatever_came_after_it(ready, owner_client):
    unclear = JobFactory(model=ready, kind="generation", unknown=True, payload=PICTURES)
    made(ready, minutes=-1, prompt="in the rain")
    assert page_at(owner_client, ready).context["page"].sets[0].job == unclear


# --- used again ----------------------------------------------------------------------------


@pytest.fixture
def image(ready):
    kept = {"typed_prompt": "on a boat", "ratio": "3:2", "strength": 0.8, "provider": "local"}
    return GeneratedImageFactory(model=ready, seed=7, index=2, settings=kept)


def test_the_settings_of_a_picture_fill_the_form(ready, image, owner_client):
    form = page_at(owner_client, ready, f"?like={image.pk}").context["page"].form
    assert form["prompt"].value() == "on a boat"
    assert (form["ratio"].value(), form["strength"].value()) == ("3:2", 0.8)
    assert form["seed"].value() == 9  # the third of its job: the trainer counts on from the seed
    assert not JobQueue.objects.filter(kind="generation").exists()


def test_finer_wishes_are_used_again_too(ready, image):
    image.settings |= {"steps": 20, "negative_prompt": "hats"}
    wishes = wishes_of(image, same_seed=True)
    assert (wishes["steps"], wishes["negative_prompt"], wishes["guidance"]) == (20, "hats", "")


def test_more_like_it_has_the_same_settings_and_no_seed(ready, image, owner_client):
    form = page_at(owner_client, ready, f"?like={image.pk}&seed=new").context["page"].form
    assert (form["prompt"].value(), form["ratio"].value()) == ("on a boat", "3:2")
    assert form["seed"].value() == ""


def test_both_are_offered_with_every_picture(ready, image, owner_client):
    studio = reverse("dashboard:model", args=[ready.pk])
    for page in (studio, reverse("dashboard:gallery")):
        content = owner_client.get(page).content.decode()
        assert f'href="{studio}?like={image.pk}#id_prompt"' in content
        assert f'href="{studio}?like={image.pk}&amp;seed=new#id_prompt"' in content


def test_only_pictures_of_the_model_and_of_its_owner_fill_the_form(
    ready, image, owner, stranger, owner_client, stranger_client, anonymous_client
):
    other = stored_model(owner, trigger_word="other_k7")
    theirs = stored_model(stranger)
    for client, model, like, expected in (
        (owner_client, ready, GeneratedImageFactory(model=other).pk, 404),
        (owner_client, ready, GeneratedImageFactory(model=theirs).pk, 404),
        (owner_client, ready, "nonsense", 404),
        (stranger_client, theirs, image.pk, 404),
        (stranger_client, ready, image.pk, 404),
        (anonymous_client, ready, image.pk, 302),
    ):
        address = reverse("dashboard:model", args=[model.pk])
        assert client.get(address, {"like": str(like)}).status_code == expected


def test_a_provider_that_is_not_there_any_more_is_not_chosen(ready, owner_client):
    image = GeneratedImageFactory(model=ready, settings={"provider": "fal"})
    form = page_at(owner_client, ready, f"?like={image.pk}").context["page"].form
    assert form["provider"].value() == "local"


def test_ideas_fill_in_the_prompt_and_work_as_links(ready, owner_client):
    ideas = ideas_for(ready)
    studio = reverse("dashboard:model", args=[ready.pk])
    content = page_at(owner_client, ready).content.decode()
    for number, idea in enumerate(ideas):
        assert f'href="{studio}?idea={number}#id_prompt"' in content
        assert json.dumps({"prompt": idea}, ensure_ascii=False).replace('"', "&quot;") in content
    form = page_at(owner_client, ready, "?idea=1").context["page"].form
    assert form["prompt"].value() == ideas[1]
    for nonsense in ("-1", "99", "x", ""):
        page = page_at(owner_client, ready, f"?idea={nonsense}").context["page"]
        assert page.form["prompt"].value() == ""


# --- the moment ----------------------------------------------------------------------------


def text_of(response) -> str:
    moment = response.context["page"].moment
    return moment.text if moment else ""


def test_who_is_ready_is_said_until_somebody_has_asked_for_a_picture(ready, owner_client):
    response = page_at(owner_client, ready)
    assert "is ready" in response.content.decode()
    assert text_of(response) == "Describe the first picture, or begin with an idea."
    made(ready, minutes=1, prompt="on a boat")
    assert "is ready" not in page_at(owner_client, ready).content.decode()


def test_the_first_picture_is_part_of_it(ready, owner_client):
    key = FIRST.format(model=ready.pk)
    job = JobFactory(
        model=ready, kind="generation", running=True, payload=PICTURES, idempotency_key=key
    )
    assert text_of(page_at(owner_client, ready)) == "The first picture is being made."
    GeneratedImageFactory(model=ready, job=job)
    JobQueue.objects.update(status="succeeded", finished_at=timezone.now())
    response = page_at(owner_client, ready)
    assert text_of(response) == "This is the first picture. What should the next one show?"
    assert response.context["page"].form["prompt"].value() == ""  # nobody has typed it


def test_where_pictures_cost_something_three_prompts_wait_for_a_tap_with_their_price(
    hosted, owner_client
):
    response = page_at(owner_client, hosted)
    moment = response.context["page"].moment
    assert moment.taps == ideas_for(hosted)
    content = response.content.decode()
    assert content.count('<button class="tap" type="submit" name="prompt"') == 3
    assert "charges for it" in moment.price and "$" in moment.price
    assert moment.price in content
    assert not JobQueue.objects.filter(kind="generation").exists()


def test_a_tap_makes_one_picture_however_often_it_arrives(hosted, owner_client):
    page = page_at(owner_client, hosted).context["page"]
    data = {
        "prompt": page.moment.taps[1],
        "ratio": page.moment.ratio,
        "count": "1",
        "strength": "1.0",
        "provider": "fal",
        "idempotency_key": page.first_key,
    }
    for _ in range(2):
        owner_client.post(reverse("dashboard:generate", args=[hosted.pk]), data)
    job = JobQueue.objects.get(kind="generation")
    assert (job.payload["typed_prompt"], job.payload["count"]) == (page.moment.taps[1], 1)
    assert page_at(owner_client, hosted).context["page"].moment is None


def test_nothing_is_offered_that_a_limit_would_refuse(hosted, owner_client, settings):
    settings.LIMIT_PICTURES_PER_DAY = 0
    assert page_at(owner_client, hosted).context["page"].moment.taps == []


def test_nothing_is_offered_that_nobody_can_make(ready, owner_client, settings):
    settings.PROVIDERS = {}
    moment = page_at(owner_client, ready).context["page"].moment
    assert (moment.taps, "download" in moment.text) == ([], True)


def test_a_model_that_is_not_ready_has_no_such_moment(owner, owner_client):
    training = UserModelFactory(owner=owner, training=True)
    JobFactory(model=training, running=True)
    page = page_at(owner_client, training)
    assert page.context["page"].moment is None
