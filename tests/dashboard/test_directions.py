"""Words that turn the direction of writing turn nothing around them, wherever they are shown."""

from __future__ import annotations

import uuid

import pytest
from bs4 import BeautifulSoup, NavigableString

from jobs.models import JobQueue
from tests.dashboard.rows import PICTURES
from tests.factories import (
    GeneratedImageFactory,
    JobFactory,
    TrainingImageFactory,
    UserModelFactory,
)
from theway.management.commands.jobs import line_of

pytestmark = pytest.mark.django_db
# Ends the isolate it stands in, then turns everything behind it around.
TURNING = "\u2069\u202eevil"
KINDS = ("name", "description", "caption", "file", "prompt")
SHOWN = "title", "alt", "placeholder", "aria-label", "data-title"


@pytest.fixture
def model(owner):
    texts = {"name": f"{TURNING} name", "description": f"{TURNING} description"}
    model = UserModelFactory(owner=owner, ready=True, **texts)
    TrainingImageFactory(model=model, caption=f"{TURNING} caption")
    TrainingImageFactory(model=model, original_filename=f"{TURNING} file.jpg")
    GeneratedImageFactory(model=model, prompt=f"{TURNING} prompt")
    payload = PICTURES | {"typed_prompt": f"{TURNING} prompt"}
    JobFactory(model=model, kind="generation", failed=True, payload=payload)
    JobFactory(model=model, succeeded=True)
    return model


@pytest.fixture
def draft(owner):
    draft = UserModelFactory(owner=owner, name=f"{TURNING} name", description=f"{TURNING} text")
    TrainingImageFactory(model=draft, original_filename=f"{TURNING} file.jpg")
    TrainingImageFactory(model=draft, caption=f"{TURNING} caption")
    JobFactory(model=UserModelFactory(owner=owner, name=f"{TURNING} name", training=True))
    return draft


def is_isolated(text: str) -> bool:
    """Whether every turning word in a text stands within isolates that nothing in it ends."""
    depth = 0
    for position, letter in enumerate(text):
        depth += (letter in "\u2066\u2067\u2068") - (letter == "\u2069")
        if depth < 1 and text.startswith("evil", position):
            return False
    return True


def leaks(html: str) -> list[str]:
    """Return every place of a page where a turning word reaches what is around it."""
    found = []
    soup = BeautifulSoup(html, "html.parser")
    for text in soup.find_all(string=lambda text: "evil" in text):
        assert isinstance(text, NavigableString)
        parents = list(text.parents)
        if any(parent.name in {"script", "textarea"} for parent in parents):
            continue  # a box of its own
        is_own = any(parent.name == "bdi" for parent in parents)
        # In an element of its own it only must not end that element.
        if not is_isolated(f"\u2068{text}\u2069" if is_own else text):
            found.append(f"{text.parent}")
    for tag in soup.find_all(True):
        found += [str(tag) for name in SHOWN if not is_isolated(str(tag.get(name) or ""))]
        is_shown = tag.get("type") != "hidden"
        is_field = tag.name in {"input", "textarea"} and is_shown
        if is_field and "evil" in str(tag) and tag.get("dir") != "auto":
            found.append(str(tag))
    return found


def test_a_word_that_turns_is_isolated_on_every_page(owner_client, model, draft):
    steps = [f"/dashboard/models/new/{draft.pk}/{step}" for step in ("about", "photos", "review")]
    page = f"/dashboard/models/{model.pk}"
    pages = [
        "/dashboard/", "/dashboard/models", "/dashboard/models/new", page, f"{page}/live",
        "/dashboard/pictures", "/dashboard/activity",
        "/dashboard/data", *steps,
    ]  # fmt: skip
    seen = 0
    for page in pages:
        answer = owner_client.get(page, follow=True)
        assert answer.status_code == 200, page
        assert leaks(answer.text) == [], page
        seen += answer.text.count("evil")
    assert seen > 30


def test_what_a_page_says_about_a_word_that_turns_isolates_it(owner_client, model, draft):
    answer = owner_client.post(f"/dashboard/models/{model.pk}/delete", follow=True)
    assert "is deleted" in answer.text
    assert leaks(answer.text) == []


def test_the_address_of_an_account_is_isolated(owner, owner_client):
    type(owner).objects.update(email=f"a@{TURNING}")
    for page in ("/dashboard/", "/account/"):
        answer = owner_client.get(page)
        assert "evil" in answer.text
        assert leaks(answer.text) == []


def test_a_message_in_a_page_of_words_from_left_to_right_has_no_addition(owner, owner_client):
    model = UserModelFactory(owner=owner, name="Ann", training=True)
    JobFactory(model=model, running=True)
    page = owner_client.get(f"/dashboard/models/{model.pk}")
    assert "\u2068" not in page.text
    assert '<h1><bdi translate="no">Ann</bdi></h1>' in page.text


def test_the_api_gives_words_as_they_were_written(owner_client, model):
    answer = owner_client.get(f"/api/models/{model.pk}").json()
    assert (answer["name"], answer["description"]) == (model.name, model.description)


def test_a_line_of_the_terminal_isolates_words_that_turn(draft, capsys):
    job = JobQueue.objects.with_is_stuck().first()
    assert "evil" in line_of(job) and is_isolated(line_of(job))
    assert uuid.UUID(str(job.pk)).hex[:8] in line_of(job)
