"""The pages that ask before something that cannot be undone, and what stands in their dialogs."""

from __future__ import annotations

import pytest
from django.urls import reverse

from jobs.models import JobQueue
from models_app.models import UserModel
from tests.dashboard.rows import stored_model
from tests.factories import GeneratedImageFactory, JobFactory, UserModelFactory

JOBS = [
    ("cancel", {"running": True}, "job_cancel", "Cancel this training?"),
    ("not-started", {"unknown": True}, "job_not_started", "Send it again?"),
    ("abandon", {"unknown": True}, "job_abandon", "Abandon this training?"),
]


def ask(job: JobQueue, about: str) -> str:
    return reverse("dashboard:job_question", args=[job.pk, about])


@pytest.fixture
def training(owner) -> UserModel:
    return UserModelFactory(owner=owner, training=True)


@pytest.mark.parametrize(("about", "state", "action", "title"), JOBS)
def test_the_page_of_a_question_asks_and_its_button_acts(
    about, state, action, title, training, owner_client
):
    job = JobFactory(model=training, **state)
    before = JobQueue.objects.values().get()
    page = owner_client.get(ask(job, about)).content.decode()
    assert f'<h1 id="question-title">{title}</h1>' in page
    assert f'method="post" action="{reverse(f"dashboard:{action}", args=[job.pk])}"' in page
    assert f'href="{reverse("dashboard:model", args=[training.pk])}"' in page
    assert JobQueue.objects.values().get() == before


@pytest.mark.parametrize(("about", "state", "action", "title"), JOBS)
def test_the_model_leads_to_the_question_and_has_its_dialog(
    about, state, action, title, training, owner_client
):
    job = JobFactory(model=training, **state)
    page = owner_client.get(reverse("dashboard:model", args=[training.pk])).content.decode()
    assert f'href="{ask(job, about)}" data-opens="{about}-{job.pk}"' in page
    assert f'<h2 id="{about}-{job.pk}-title">{title}</h2>' in page
    assert "commandfor" not in page


def test_pictures_whose_answer_was_lost_are_asked_about_before_they_are_sent_again(
    owner, owner_client
):
    model = UserModelFactory(owner=owner, ready=True)
    jobs = [JobFactory(model=model, kind="generation", unknown=True) for _ in range(2)]
    page = owner_client.get(reverse("dashboard:model", args=[model.pk])).content.decode()
    for job in jobs:
        for about in ("not-started", "abandon"):
            assert f'href="{ask(job, about)}" data-opens="{about}-{job.pk}"' in page
            assert page.count(f'id="{about}-{job.pk}"') == 1
    assert "you may pay twice" in page


@pytest.mark.parametrize(("about", "state", "action", "title"), JOBS)
def test_nobody_else_is_asked(
    about, state, action, title, training, stranger_client, anonymous_client
):
    address = ask(JobFactory(model=training, **state), about)
    assert stranger_client.get(address).status_code == 404
    assert anonymous_client.get(address).status_code == 302


@pytest.mark.parametrize("about", ["cancel", "not-started", "abandon"])
def test_what_is_over_is_not_asked_about_any_more(about, training, owner_client):
    job = JobFactory(model=training, succeeded=True)
    answer = owner_client.get(ask(job, about))
    assert answer["Location"] == reverse("dashboard:model", args=[training.pk])


def test_there_are_no_other_questions(training, owner_client):
    job = JobFactory(model=training, running=True)
    assert owner_client.get(ask(job, "finish")).status_code == 404


def test_a_set_of_pictures_is_asked_about_in_words_of_its_own(owner, owner_client):
    model = stored_model(owner)
    running = JobFactory(model=model, kind="generation", running=True)
    unclear = JobFactory(model=model, kind="generation", unknown=True)
    assert "Cancel these pictures?" in owner_client.get(ask(running, "cancel")).text
    assert "Abandon these pictures?" in owner_client.get(ask(unclear, "abandon")).text


def test_before_a_model_is_deleted_everything_that_goes_is_named(owner, owner_client):
    model = stored_model(owner)
    GeneratedImageFactory.create_batch(2, model=model)
    page = owner_client.get(reverse("dashboard:model_question", args=[model.pk])).text
    assert "Delete this model?" in page
    assert "4 photos, the trained weights and 2 pictures" in page
    assert UserModel.objects.filter(pk=model.pk).exists()


def test_a_draft_is_called_a_draft(owner, owner_client):
    model = UserModelFactory(owner=owner)
    address = reverse("dashboard:model_question", args=[model.pk])
    assert "Delete this draft?" in owner_client.get(address).text
    wizard = owner_client.get(reverse("dashboard:wizard", args=[model.pk, "about"])).text
    assert f'href="{address}" data-opens="delete-dialog"' in wizard
    assert wizard.count("Delete this draft?") == 1


def test_nobody_else_is_asked_about_a_model(owner, stranger_client, anonymous_client):
    address = reverse("dashboard:model_question", args=[stored_model(owner).pk])
    assert stranger_client.get(address).status_code == 404
    assert anonymous_client.get(address).status_code == 302
