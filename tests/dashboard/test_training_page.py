"""What the page of a training says: one line, the track, small numbers, the photos."""

from __future__ import annotations

from datetime import timedelta

import pytest
from bs4 import BeautifulSoup
from django.urls import reverse
from django.utils import timezone

from dashboard.pages.track import COLLECT, READY, SEND, TRAIN, WAIT, stage_of
from dashboard.templatetags.times import about_text
from jobs.models import JobQueue
from jobs.states import Status
from models_app.models import UserModel
from tests.dashboard.rows import describe_local_trainer
from tests.factories import JobFactory, TrainingImageFactory, UserModelFactory

BEGUN = timezone.now()
STAGES = [
    ({}, SEND, "Sending"),
    ({"status": "submitting"}, SEND, "Sending"),
    ({"running": True}, WAIT, "Waiting"),
    ({"running": True, "started_at": BEGUN}, TRAIN, "Training"),
    ({"finishing": True, "started_at": BEGUN}, COLLECT, "Collecting"),
]


@pytest.fixture
def training(owner) -> UserModel:
    return UserModelFactory(owner=owner, training=True)


def page_of(client, model) -> BeautifulSoup:
    response = client.get(reverse("dashboard:model", args=[model.pk]))
    assert response.status_code == 200
    return BeautifulSoup(response.content, "html.parser")


def words(tag) -> str:
    return " ".join(tag.get_text(" ").split())


@pytest.mark.parametrize(("state", "stage", "word"), STAGES)
def test_the_track_shows_where_it_is(state, stage, word, training, owner_client):
    job = JobFactory(model=training, **state)
    assert stage_of(job) == stage
    page = page_of(owner_client, training)
    [now] = page.select('.track [aria-current="step"]')
    assert words(now) == word
    assert len(page.select(".track [data-done]")) == stage
    assert page.select_one("#live-progress")["data-says"] == f"Ann: {word}"


@pytest.mark.parametrize("status", list(Status))
def test_every_state_has_a_place_on_the_track(status):
    assert stage_of(JobQueue(status=status)) in range(READY + 1)


def test_one_line_tells_the_time_left_and_the_percent(training, owner_client):
    left = timezone.now() + timedelta(minutes=4, seconds=10)
    JobFactory(model=training, running=True, progress=0.419, eta_at=left, started_at=BEGUN)
    page = page_of(owner_client, training)
    assert words(page.select_one("#progress-title")) == "About 4 min left · 41 %"


def test_before_there_is_a_time_the_line_tells_the_stage(training, owner_client):
    JobFactory(model=training, running=True, stage="Waiting for a free slot")
    page = page_of(owner_client, training)
    assert words(page.select_one("#progress-title")) == "Waiting for a free slot"


def test_who_asked_to_stop_is_told_so_and_no_time(training, owner_client):
    left = timezone.now() + timedelta(minutes=4)
    asked = {"cancel_requested_at": BEGUN, "eta_at": left, "progress": 0.5}
    JobFactory(model=training, running=True, started_at=BEGUN, **asked)
    page = page_of(owner_client, training)
    assert words(page.select_one("#progress-title")) == "Cancelling · 50 %"
    assert page.select_one("#live-progress")["data-says"] == "Ann: Cancelling"
    assert not page.select('[data-opens^="cancel-"]')


@pytest.mark.parametrize("state", [state for state, _stage, _word in STAGES])
def test_whoever_follows_it_may_leave(state, training, owner_client):
    JobFactory(model=training, **state)
    assert "You can close this page." in words(page_of(owner_client, training))


@pytest.mark.parametrize(("count", "shown"), [(4, 4), (50, 16)])
def test_the_photos_above_the_bar_are_one_row_of_decoration(count, shown, training, owner_client):
    TrainingImageFactory.create_batch(count, model=training)
    JobFactory(model=training, running=True)
    page = page_of(owner_client, training)
    strip = page.select(".photo-strip[aria-hidden=true] img[alt=''][loading=lazy]")
    assert len(strip) == shown
    assert len(page.select("#photos img")) == count


def test_a_simulation_is_said_before_it_runs_so_that_nothing_moves_then(training, owner_client):
    describe_local_trainer()
    JobFactory(model=training)
    page = page_of(owner_client, training)
    [line] = page.select(".simulated-line")
    assert words(line).startswith("Simulated It learns nothing from the photos")


def test_only_a_training_that_goes_on_asks_what_its_trainer_is(owner, owner_client):
    describe_local_trainer()
    model = UserModelFactory(owner=owner, failed=True)
    JobFactory(model=model, failed=True)
    assert not page_of(owner_client, model).select(".simulated-line")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(2, "Any moment now"), (44, "About 45 s left"), (250, "About 4 min left")],
)
def test_time_left_is_a_phrase_of_its_own(seconds, text):
    assert about_text(seconds) == text


def test_the_rest_of_a_model_is_sections_with_links_that_need_no_script(training, owner_client):
    JobFactory(model=training, running=True)
    page = page_of(owner_client, training)
    links = page.select("#details .tab-list a")
    sections = page.select("#details > .tab-panel")
    assert [link["href"] for link in links] == [f"#{section['id']}" for section in sections]
    assert all(section.find("h2") and not section.has_attr("hidden") for section in sections)


@pytest.mark.parametrize(
    ("progress", "text"), [(0.0, "Sending"), (0.41, "About 4 min left · 41 %")]
)
def test_a_card_tells_the_same_as_the_page(progress, text, training, owner_client):
    left = timezone.now() + timedelta(minutes=4, seconds=10)
    state = {"running": True, "eta_at": left, "started_at": BEGUN} if progress else {}
    JobFactory(model=training, progress=progress, **state)
    page = BeautifulSoup(owner_client.get(reverse("dashboard:home")).content, "html.parser")
    assert words(page.select_one(f"#card-{training.pk} p")) == text


def test_trying_again_says_that_it_starts_again(owner, owner_client):
    describe_local_trainer()
    model = UserModelFactory(owner=owner, failed=True)
    TrainingImageFactory.create_batch(4, model=model)
    failed = JobFactory(model=model, failed=True)
    address = reverse("dashboard:job_retry", args=[failed.pk])
    key = page_of(owner_client, model).select_one(".retry [name=idempotency_key]")["value"]
    response = owner_client.post(address, {"idempotency_key": key}, follow=True)
    assert [str(message) for message in response.context["messages"]] == ["It starts again."]
