from __future__ import annotations

import pytest

from jobs.messages import explain
from jobs.models import JobQueue
from tests.factories import JobFactory, UserModelFactory

ACTIVITY = "/dashboard/activity"
TRAITS = ("submitting", "unknown", "running", "finishing", "succeeded", "failed", "cancelled")


def test_an_empty_activity_explains_what_will_be_listed(owner_client):
    assert "No activity yet" in owner_client.get(ACTIVITY).content.decode()


def test_every_state_is_explained_in_a_sentence(owner, owner_client):
    JobFactory(model=UserModelFactory(owner=owner))
    for trait in TRAITS:
        JobFactory(model=UserModelFactory(owner=owner), **{trait: True})
    response = owner_client.get(ACTIVITY)
    page = response.content.decode()
    assert len(response.context["entries"]) == len(TRAITS) + 1
    for job in JobQueue.objects.all():
        assert explain(job).sentence in page
        assert job.get_status_display() in page


@pytest.mark.parametrize(
    ("show", "expected"),
    [("open", {"running", "unknown"}), ("failed", {"failed"}), ("done", {"succeeded"})],
)
def test_the_filter_shows_only_what_it_says(show, expected, owner, owner_client):
    for trait in ("running", "unknown", "failed", "succeeded"):
        JobFactory(model=UserModelFactory(owner=owner), **{trait: True})
    response = owner_client.get(ACTIVITY, {"show": show})
    assert {entry.job.status for entry in response.context["entries"]} == expected


def test_pictures_are_told_apart_by_their_prompts_and_lead_to_their_place(owner, owner_client):
    model = UserModelFactory(owner=owner, ready=True)
    asked = {"prompt": "ann_k1 on a <boat>", "typed_prompt": "on a <boat>"}
    pictures = JobFactory(model=model, kind="generation", failed=True, payload=asked)
    JobFactory(model=None, owner=owner, kind="generation", payload={"typed_prompt": "of nobody"})
    page = owner_client.get(ACTIVITY).content.decode()
    assert "on a &lt;boat&gt;" in page
    assert f"/dashboard/models/{model.pk}#set-{pictures.pk}-prompt" in page
    assert "of nobody" not in page  # the model is deleted, and its prompts went with it
    assert "Pictures made" not in page


def test_an_unknown_filter_shows_everything(owner, owner_client):
    JobFactory(model=UserModelFactory(owner=owner), failed=True)
    assert len(owner_client.get(ACTIVITY, {"show": "bogus"}).context["entries"]) == 1


def test_a_job_outlives_its_model_in_the_list(owner, owner_client):
    job = JobFactory(model=UserModelFactory(owner=owner), failed=True)
    job.model.delete()
    assert "of a deleted model" in owner_client.get(ACTIVITY).content.decode()


def test_older_jobs_are_on_the_next_page_of_the_same_filter(owner, owner_client):
    model = UserModelFactory(owner=owner)
    JobFactory.create_batch(32, model=model, failed=True)
    first = owner_client.get(ACTIVITY, {"show": "failed"})
    assert f"show=failed&amp;before={first.context['next']}" in first.content.decode()
    second = owner_client.get(ACTIVITY, {"show": "failed", "before": first.context["next"]})
    shown = [entry.job.pk for page in (first, second) for entry in page.context["entries"]]
    assert len(shown) == len(set(shown)) == 32


@pytest.mark.parametrize("count", [1, 30])
def test_the_list_costs_the_same_with_one_job_and_with_thirty(
    count, owner, owner_client, django_assert_num_queries
):
    JobFactory.create_batch(count, model=UserModelFactory(owner=owner), failed=True)
    with django_assert_num_queries(3):  # session, user, jobs with their models
        owner_client.get(ACTIVITY)
