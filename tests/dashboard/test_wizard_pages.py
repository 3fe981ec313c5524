"""Every page of the wizard, whoever opens it."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.dashboard.wizard_drafts import STEPS, address, complete_draft, draft, empty_draft
from tests.factories import TrainingImageFactory, UserModelFactory

NEW = "/dashboard/models/new"
WRITES = ("INSERT", "UPDATE", "DELETE", "REPLACE")


class Controls(HTMLParser):
    """The visible controls of a page and the labels that name them."""

    def __init__(self) -> None:
        super().__init__()
        self.unnamed: list[dict[str, str | None]] = []
        self.label_targets: set[str | None] = set()
        self.is_inside_label = False
        self.inline: list[str] = []

    def handle_starttag(self, tag, attrs):
        known = dict(attrs)
        self.inline += [name for name in known if name == "style" or name.startswith("on")]
        if tag == "script" and "src" not in known:
            self.inline.append("script")
        if tag == "label":
            self.is_inside_label = True
            self.label_targets.add(known.get("for"))
        is_control = tag in {"input", "select", "textarea"} and known.get("type") != "hidden"
        if is_control and not self.is_inside_label and "aria-label" not in known:
            self.unnamed.append(known)

    def handle_endtag(self, tag):
        if tag == "label":
            self.is_inside_label = False


def controls_of(response) -> Controls:
    parser = Controls()
    parser.feed(response.content.decode())
    return parser


@pytest.mark.parametrize("step", STEPS)
def test_the_owner_sees_every_step(owner, owner_client, step):
    response = owner_client.get(address(complete_draft(owner), step))
    assert response.status_code == 200
    assert b'aria-current="step"' in response.content


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_stranger_finds_nothing(owner, stranger_client, step, method):
    model = complete_draft(owner)
    response = getattr(stranger_client, method)(address(model, step), {"go": "start"})
    assert response.status_code == 404
    assert b"Page not found" in response.content


@pytest.mark.parametrize("step", STEPS)
def test_nobody_is_asked_to_sign_in_first(owner, anonymous_client, step):
    page = address(complete_draft(owner), step)
    response = anonymous_client.get(page)
    assert response.status_code == 302
    assert response["Location"] == f"/accounts/login/?next={page}"


def test_the_first_page_asks_nobody_to_sign_in_first(db, anonymous_client):
    assert anonymous_client.get(NEW)["Location"] == f"/accounts/login/?next={NEW}"


def test_an_unknown_step_is_not_found(owner, owner_client):
    model = complete_draft(owner)
    assert owner_client.get(address(model, "payment")).status_code == 404
    assert owner_client.post(address(model, "about"), {"go": "payment"}).status_code == 404


@pytest.mark.parametrize("step", ["new", *STEPS])
def test_opening_a_page_writes_nothing(owner, owner_client, step):
    page = NEW if step == "new" else address(complete_draft(owner), step)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        owner_client.get(page)
    assert [q["sql"] for q in queries if q["sql"].lstrip().upper().startswith(WRITES)] == []


@pytest.mark.parametrize("step", ["new", *STEPS])
def test_every_control_has_a_name_and_nothing_is_inline(owner, owner_client, step):
    page = NEW if step == "new" else address(complete_draft(owner), step)
    controls = controls_of(owner_client.get(page))
    assert [c for c in controls.unnamed if c.get("id") not in controls.label_targets] == []
    assert controls.inline == []


@pytest.mark.parametrize(
    ("step", "most"), [("about", 7), ("photos", 10), ("training", 9), ("review", 11)]
)
def test_a_step_costs_the_same_with_many_photos(owner, owner_client, step, most):
    model = complete_draft(owner)
    counts = []
    for more in (0, 30):
        TrainingImageFactory.create_batch(more, model=model)
        with CaptureQueriesContext(connection) as queries:
            owner_client.get(address(model, step))
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert counts[0] <= most


def test_the_first_page_costs_the_same_with_many_drafts(owner, owner_client):
    counts = []
    for more in (1, 20):
        UserModelFactory.create_batch(more, owner=owner)
        with CaptureQueriesContext(connection) as queries:
            owner_client.get(NEW)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 4


@pytest.mark.parametrize("step", ["photos", "training", "review"])
def test_a_later_step_leads_to_the_first_unanswered_one(owner, owner_client, step):
    model = empty_draft(owner)
    response = owner_client.get(address(model, step))
    assert response["Location"] == f"{address(model, 'about')}?missing"


def test_review_leads_to_missing_photos(owner, owner_client):
    model = draft(owner, photos=3)
    response = owner_client.get(address(model, "review"), follow=True)
    assert response.request["PATH_INFO"] == address(model, "photos")
    assert b"Add 1 more photo." in response.content


def test_a_redirect_to_an_earlier_step_shows_what_is_missing(owner, owner_client):
    model = empty_draft(owner)
    page = address(model, "about")
    assert b"Enter a name." not in owner_client.get(page).content
    assert b"Enter a name." in owner_client.get(f"{page}?missing").content


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("trait", ["training", "ready"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_started_model_has_left_the_wizard(owner, owner_client, step, trait, method):
    model = UserModelFactory(owner=owner, **{trait: True})
    response = getattr(owner_client, method)(address(model, step), {"name": "Changed"})
    assert response["Location"] == reverse("dashboard:model", args=[model.pk])
    model.refresh_from_db()
    assert model.name == "Ann"


def test_a_failed_model_can_be_changed_again(owner, owner_client):
    model = UserModelFactory(owner=owner, failed=True)
    owner_client.post(address(model, "about"), {"name": "Bea", "kind": "style", "go": "photos"})
    model.refresh_from_db()
    assert model.name == "Bea"


def test_drafts_are_offered_to_continue(owner, owner_client, stranger):
    model = draft(owner, photos=2)
    UserModelFactory(owner=owner, name="Being trained", training=True)
    UserModelFactory(owner=stranger, name="Not mine")
    page = owner_client.get(NEW).content.decode()
    assert 'Continue “<bdi translate="no">Ann</bdi>”' in page
    assert address(model, "review") in page
    assert "Being trained" not in page
    assert "Not mine" not in page
