from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from jobs.messages import explain
from jobs.models import JobQueue, ProviderStatus
from tests.dashboard.rows import describe_local_trainer, tell_story
from tests.factories import (
    JobFactory,
    TrainingImageFactory,
    UserModelFactory,
)


def page_of(client, model) -> str:
    response = client.get(reverse("dashboard:model", args=[model.pk]))
    assert response.status_code == 200
    return response.content.decode()


@pytest.fixture
def training(owner):
    return UserModelFactory(owner=owner, training=True)


# --- while it is being made ---------------------------------------------------------------


def test_a_draft_continues_in_the_wizard(owner, owner_client):
    draft = UserModelFactory(owner=owner)
    response = owner_client.get(reverse("dashboard:model", args=[draft.pk]))
    assert response["Location"] == reverse("dashboard:wizard", args=[draft.pk, "about"])


def test_the_page_shows_stage_step_time_loss_and_log(training, owner_client):
    job = JobFactory(
        model=training, running=True, progress=0.412, step=412, total_steps=1000, stage="Learning"
    )
    tell_story(job)
    page = page_of(owner_client, training)
    for text in (
        "Learning",
        "412 of 1,000",
        'value="41"',
        "0.250",
        "The loss went from 0.410 at step 10 to 0.250 at step 30.",
        "loading the base model",
        "4 photos were sent.",
    ):
        assert text in page
    assert "<title>41 % · Ann · TheWay</title>" in page


def test_a_number_of_steps_is_a_setting_only_where_it_is_fixed(training, owner_client):
    for steps, is_said in ((0, False), (1000, True)):
        training.options = {"epochs": 100, "fixed_steps": steps, "keep_prior": False}
        training.save()
        page = page_of(owner_client, training)
        assert ("Fixed number of steps" in page) is is_said
        assert "Keep what the base model knows" in page


def test_a_waiting_training_shows_a_bar_without_a_number(training, owner_client):
    JobFactory(model=training)
    page = page_of(owner_client, training)
    assert "Waiting to start" in page
    assert '<progress class="bar" max="100" aria-label' in page


def test_without_losses_there_is_no_curve(training, owner_client):
    JobFactory(model=training, running=True)
    assert "<polyline" not in page_of(owner_client, training)


def test_a_silent_trainer_is_not_a_failed_training(training, owner_client):
    JobFactory(model=training, running=True)
    ProviderStatus.objects.create(
        provider="local",
        last_error="refused",
        last_error_at=timezone.now(),
        last_answer_at=timezone.now() - timedelta(minutes=3),
    )
    page = page_of(owner_client, training)
    assert "does not answer right now" in page
    assert "Failed" not in page


def test_a_simulation_is_marked_by_a_tag_and_a_sentence(training, owner_client):
    JobFactory(model=training, running=True, engine="simulated")
    page = page_of(owner_client, training)
    assert ">Simulated</span>" in page
    assert "It learns nothing from the photos" in page


def test_a_real_training_is_not_called_simulated(training, owner_client):
    JobFactory(model=training, running=True, engine="diffusers")
    assert "imulat" not in page_of(owner_client, training)


def test_cancel_asks_first_and_names_the_cost(training, owner_client):
    job = JobFactory(model=training)
    page = page_of(owner_client, training)
    assert "Nothing was sent yet, so it costs nothing." in page
    assert reverse("dashboard:job_cancel", args=[job.pk]) in page


def test_cancel_stops_what_waits(training, owner_client):
    job = JobFactory(model=training)
    owner_client.post(reverse("dashboard:job_cancel", args=[job.pk]))
    job.refresh_from_db()
    assert job.status == "cancelled"


def test_cancelling_what_is_over_warns_and_changes_nothing(training, owner_client):
    job = JobFactory(model=training, failed=True)
    response = owner_client.post(reverse("dashboard:job_cancel", args=[job.pk]), follow=True)
    job.refresh_from_db()
    assert job.status == "failed"
    assert [message.level_tag for message in response.context["messages"]] == ["warning"]


def test_a_cancelled_training_keeps_its_page_and_offers_another_try(owner, owner_client):
    model = UserModelFactory(owner=owner)
    job = JobFactory(model=model, cancelled=True)
    page = page_of(owner_client, model)
    assert explain(job).title in page
    assert reverse("dashboard:job_retry", args=[job.pk]) in page


# --- when the answer was lost -------------------------------------------------------------


def test_an_unclear_job_is_shown_as_unclear_with_two_ways_out(training, owner_client):
    job = JobFactory(model=training, unknown=True)
    page = page_of(owner_client, training)
    assert job.correlation in page
    assert reverse("dashboard:job_not_started", args=[job.pk]) in page
    assert reverse("dashboard:job_abandon", args=[job.pk]) in page
    assert "<progress" not in page


@pytest.mark.parametrize(
    ("name", "status"), [("job_not_started", "queued"), ("job_abandon", "cancelled")]
)
def test_the_owner_decides_about_an_unclear_job(name, status, training, owner_client):
    job = JobFactory(model=training, unknown=True)
    response = owner_client.post(reverse(f"dashboard:{name}", args=[job.pk]))
    job.refresh_from_db()
    assert job.status == status
    assert response["Location"] == reverse("dashboard:model", args=[training.pk])


# --- when it failed -----------------------------------------------------------------------


@pytest.fixture
def failed(owner):
    describe_local_trainer()
    model = UserModelFactory(owner=owner, failed=True)
    TrainingImageFactory.create_batch(4, model=model)
    return JobFactory(model=model, failed=True, error_detail="Photo 3 is <too> dark")


def test_a_failure_explains_what_happened_what_it_cost_and_what_to_do(failed, owner_client):
    page = page_of(owner_client, failed.model)
    words = explain(failed)
    for text in (words.title, words.cost, words.advice, "Photo 3 is &lt;too&gt; dark"):
        assert text in page
    assert reverse("dashboard:wizard", args=[failed.model_id, "photos"]) in page


def test_clicking_try_again_twice_starts_one_training(failed, owner_client):
    page = owner_client.get(reverse("dashboard:model", args=[failed.model_id])).context["page"]
    for _ in range(2):
        owner_client.post(
            reverse("dashboard:job_retry", args=[failed.pk]),
            {"idempotency_key": page.idempotency_key},
        )
    assert JobQueue.objects.filter(model=failed.model, status="queued").count() == 1


def test_a_retry_that_cannot_start_explains_why(failed, owner_client):
    failed.model.photos.all().delete()
    page = owner_client.get(reverse("dashboard:model", args=[failed.model_id])).context["page"]
    address = reverse("dashboard:job_retry", args=[failed.pk])
    response = owner_client.post(address, {"idempotency_key": page.idempotency_key}, follow=True)
    assert "Add 4 more photos" in response.content.decode()
    assert not JobQueue.objects.filter(status="queued").exists()


@pytest.mark.parametrize(("code", "helps"), [("trainer_gone", True), ("run_failed", False)])
def test_a_refusal_that_would_come_again_leads_to_another_trainer(
    code, helps, failed, owner_client
):
    JobQueue.objects.filter(pk=failed.pk).update(error_code=code, run_id="")
    link = reverse("dashboard:wizard", args=[failed.model_id, "training"])
    page = page_of(owner_client, failed.model)
    assert (f'class="button" href="{link}">Choose another trainer</a>' in page) == helps
