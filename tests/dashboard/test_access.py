"""What the owner sees, and that looking at it changes nothing: over every URL of the pages.

Who else gets what is in tests/matrix.
"""

from __future__ import annotations

import pytest
from django.db import connection
from django.http import HttpResponseBase
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from dashboard import urls
from jobs.models import JobQueue
from tests.dashboard.rows import (
    PICTURES,
    describe_local_trainer,
    stable_diffusion,
    stored_model,
    tell_story,
)
from tests.factories import (
    GeneratedImageFactory,
    JobFactory,
    TrainingSampleFactory,
    UserModelFactory,
)

PUBLIC = {"landing", "signed_weights"}
STREAM = "events"  # tested on its own: it is async and answers 401
# `generate` and `account_delete` show their page to whoever comes without a form.
POSTS = {
    "model_delete",
    "job_cancel",
    "job_retry",
    "job_abandon",
    "job_not_started",
    "image_delete",
    "stop_all",
}
NAMES = [pattern.name for pattern in urls.page_patterns]
GETS = [name for name in NAMES if name not in POSTS | PUBLIC | {STREAM}]


@pytest.fixture
def addresses(owner) -> dict[str, str]:
    """One address for each name, all belonging to the owner."""
    describe_local_trainer()
    model = stored_model(owner)
    training = UserModelFactory(owner=owner, training=True)
    job = JobFactory(model=training, running=True)
    tell_story(job)
    JobFactory(model=model, kind="generation", running=True, payload=PICTURES)
    image = GeneratedImageFactory(model=model)
    values = {
        "model_id": model.pk,
        "photo_id": model.photos.first().pk,
        "image_id": image.pk,
        "sample_id": TrainingSampleFactory(model=model).pk,
        "job_id": job.pk,
        "size": "thumbnail",
        "about": "cancel",
        "token": "forged",
    }
    own = {"kohya_weights": {"model_id": stable_diffusion(owner).pk}}
    return {
        pattern.name: reverse(
            f"dashboard:{pattern.name}",
            kwargs={
                name: (values | own.get(pattern.name, {}))[name]
                for name in pattern.pattern.converters
            },
        )
        for pattern in urls.page_patterns
    }


def body_of(response: HttpResponseBase) -> bytes:
    return b"".join(response) if response.streaming else response.content


@pytest.mark.parametrize("name", GETS)
def test_the_owner_sees_it(name, addresses, owner_client):
    response = owner_client.get(addresses[name])
    assert response.status_code == 200
    assert body_of(response)


@pytest.mark.parametrize("name", ["home", "models", "gallery", "activity", "data"])
def test_a_stranger_sees_nothing_of_the_owner(name, addresses, stranger_client):
    page = stranger_client.get(addresses[name]).content.decode()
    for address in (addresses["model"], addresses["image_file"], addresses["photo_file"]):
        assert address not in page


@pytest.mark.parametrize("name", sorted(POSTS))
def test_what_changes_something_cannot_be_reached_by_a_link(name, addresses, owner_client):
    assert owner_client.get(addresses[name]).status_code == 405


@pytest.mark.parametrize("name", GETS)
def test_reading_writes_nothing_and_calls_nothing(name, addresses, owner_client, monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("a page opened a connection")

    monkeypatch.setattr("socket.socket.connect", refuse)
    before = list(JobQueue.objects.values_list("pk", "version", "next_poll_at"))
    with CaptureQueriesContext(
        connection,
    ) as queries:
        body_of(owner_client.get(addresses[name]))
    writes = [query["sql"] for query in queries if not query["sql"].startswith("SELECT")]
    assert writes == []
    assert list(JobQueue.objects.values_list("pk", "version", "next_poll_at")) == before
