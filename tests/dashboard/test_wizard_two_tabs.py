"""Two tabs that show the same draft never undo each other."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from models_app.models import UserModel
from tests.dashboard.wizard_drafts import (
    ABOUT,
    TRAINING,
    address,
    draft,
    empty_draft,
    trainer_answered,
)
from training.drafts import change

AUTOSAVE = {"X-Autosave": "1"}
HIDDEN = re.compile(r'<input (?:form="\S+" )?type="hidden" name="([^"]+)" value="([^"]*)">')


class Tab:
    """A page of the wizard with what it knew when it was opened."""

    def __init__(self, client: Client, page: str) -> None:
        self.client, self.page = client, page
        self.hidden = hidden_in(client.get(page).content.decode())

    def types(self, **answers: str) -> dict[str, object]:
        """What a script sends of a tab in which these fields were changed."""
        known = {f"was-{name}": self.hidden[f"was-{name}"] for name in answers}
        sent = {"version": self.hidden["version"], **known, **answers}
        return self.client.post(self.page, sent, headers=AUTOSAVE).json()

    def sends(self, **fields: object):
        """What a form without scripts sends: all of it."""
        return self.client.post(self.page, self.hidden | fields)


def hidden_in(page: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in HIDDEN.findall(page):
        if name not in {"csrfmiddlewaretoken", "author"}:
            found.setdefault(name, []).append(unescape(value))
    return found


@pytest.fixture
def model(owner) -> UserModel:
    return draft(owner, photos=4)


@pytest.fixture
def about(model, owner_client):
    """A model's first step in as many tabs as are asked for."""
    owner_client.post(address(model, "about"), ABOUT)
    return lambda: Tab(owner_client, address(model, "about"))


def named(model: UserModel) -> tuple[str, str]:
    model.refresh_from_db()
    return model.name, model.description


def test_what_nobody_else_has_changed_is_saved(model, about):
    reply = about().types(name="Anna")
    assert named(model) == ("Anna", "My sister")
    assert reply["clashes"] == {}
    assert "answers" not in reply


def test_an_old_tab_keeps_what_a_newer_one_has_changed_and_is_told(model, about):
    old, new = about(), about()
    new.types(description="My twin")
    reply = old.types(name="Anna")
    assert named(model) == ("Anna", "My twin")
    assert reply["answers"]["description"] == "My twin"
    assert reply["version"] == about().hidden["version"][0]


def test_what_both_have_changed_is_asked_and_not_saved(model, about):
    old, new = about(), about()
    new.types(name="Anna")
    reply = old.types(name="Annabel", description="My twin")
    assert named(model) == ("Anna", "My twin")
    clash = reply["clashes"]["name"]
    assert clash["other"] == "Anna"
    assert "Keep mine" in clash["html"]
    assert "Annabel" in clash["html"]


def test_both_may_type_the_same(model, about):
    old, new = about(), about()
    new.types(name="Anna")
    assert old.types(name="Anna")["clashes"] == {}


def test_a_page_never_disagrees_with_itself(model, about):
    """The answer to what it sent was lost, or is still on its way."""
    tab = about()
    tab.types(name="Anna")
    tab.hidden["was-name"].append("Anna")
    assert tab.types(name="Annabel")["clashes"] == {}
    assert named(model)[0] == "Annabel"


def test_a_question_saves_nothing(model, about, owner_client):
    old = about()
    about().types(name="Anna")
    before = UserModel.objects.get(pk=model.pk).updated_at
    reply = old.types()
    assert reply["answers"]["name"] == "Anna"
    assert UserModel.objects.get(pk=model.pk).updated_at == before


def test_what_a_program_changes_counts_like_a_tab(model, about):
    tab = about()
    change(model, name="Anna")
    assert list(tab.types(name="Annabel")["clashes"]) == ["name"]
    assert tab.types(description="My twin")["answers"]["name"] == "Anna"


def test_a_whole_form_takes_no_newer_answer_back(model, about):
    old, new = about(), about()
    new.types(description="My twin")
    response = old.sends(**ABOUT | {"name": "Anna"}, go="next")
    assert response["Location"] == address(model, "photos")
    assert named(model) == ("Anna", "My twin")


def test_a_whole_form_that_clashes_shows_both_beside_the_field(model, about):
    old, new = about(), about()
    new.types(name="Anna")
    response = old.sends(**ABOUT | {"name": "Annabel"}, go="next")
    page = response.content.decode()
    assert response.status_code == 409
    assert named(model)[0] == "Anna"
    assert 'name="name" value="Annabel"' in page
    assert "Changed in another tab" in page
    assert "Anna</bdi></dd>" in page
    # Pressed again without a decision, it asks again.
    again = old.client.post(old.page, hidden_in(page) | ABOUT | {"name": "Annabel", "go": "next"})
    assert again.status_code == 409


@pytest.mark.parametrize(("choice", "name"), [("mine", "Annabel"), ("other", "Anna")])
def test_the_decision_goes_on_without_scripts(model, about, choice, name):
    old, new = about(), about()
    new.types(name="Anna")
    page = old.sends(**ABOUT | {"name": "Annabel"}, go="next").content.decode()
    decided = hidden_in(page) | ABOUT | {"name": "Annabel", "decide": f"{choice}:name"}
    response = old.client.post(old.page, decided)
    assert response["Location"] == address(model, "photos")
    assert named(model)[0] == name


def test_a_decision_about_what_has_changed_again_is_asked_again(model, about):
    old, new = about(), about()
    new.types(name="Anna")
    page = old.sends(**ABOUT | {"name": "Annabel"}, go="next").content.decode()
    change(model, name="Bea")
    decided = hidden_in(page) | ABOUT | {"name": "Annabel", "decide": "mine:name"}
    assert old.client.post(old.page, decided).status_code == 409
    assert named(model)[0] == "Bea"


def test_choices_and_ticks_are_shown_in_words(model, about):
    old, new = about(), about()
    new.types(kind="style", consent="")
    clashes = old.types(kind="product", consent="")["clashes"]
    assert list(clashes) == ["kind"]
    assert "Style" in clashes["kind"]["html"]


def test_a_changed_setting_of_the_training_is_asked_too(model, owner_client):
    trainer_answered()
    page = address(model, "training")
    owner_client.post(page, TRAINING)
    old, new = Tab(owner_client, page), Tab(owner_client, page)
    new.types(preset="best", epochs="50")
    reply = old.types(preset="fast", rank="8")
    assert "Thorough" in reply["clashes"]["preset"]["html"]
    assert (reply["answers"]["epochs"], reply["answers"]["rank"]) == ("50", "8")
    model.refresh_from_db()
    assert (model.preset, model.options["rank"]) == ("best", 8)


def test_the_choice_that_was_shown_is_saved_though_another_is_suggested_now(model, owner_client):
    trainer_answered()
    tab = Tab(owner_client, address(model, "training"))
    trainer_answered(can_train=[])
    tab.sends(**TRAINING)
    model.refresh_from_db()
    assert model.answers["training"]["option"] == TRAINING["option"]


def test_of_a_first_answer_nothing_clashes(owner_client, owner):
    tab = Tab(owner_client, reverse("dashboard:new_model"))
    draft_id = owner_client.get(tab.page).context["draft_id"]
    tab.hidden["draft"] = [str(draft_id)]
    assert tab.sends(**ABOUT)["Location"].endswith("/photos")
    assert UserModel.objects.get(owner=owner).name == "Ann"


def test_what_was_typed_signed_out_undoes_nothing_either(model, about, owner: User):
    client = Client()
    client.force_login(owner)
    page = address(model, "about")
    text = client.get(page).content.decode()
    hidden = hidden_in(text) | {"author": [re.search(r'name="author" value="([^"]+)"', text)[1]]}
    client.logout()
    client.post(page, hidden | ABOUT | {"name": "Annabel"})
    change(model, name="Anna", description="My twin")
    client.force_login(owner)
    back = client.get(page).content.decode()
    assert 'name="name" value="Annabel"' in back
    assert "My twin" in back
    known = hidden_in(back)
    response = client.post(page, known | ABOUT | {"name": "Annabel", "description": "My twin"})
    assert response.status_code == 409
    assert named(model) == ("Anna", "My twin")


def test_a_stranger_and_nobody_are_told_nothing(model, about, stranger_client, anonymous_client):
    sent = {"version": "", "name": "Eve", "was-name": "Ann"}
    page = address(model, "about")
    assert stranger_client.post(page, sent, headers=AUTOSAVE).status_code == 404
    reply = anonymous_client.post(page, sent, headers=AUTOSAVE)
    assert reply.status_code == 401
    assert list(reply.json()) == ["sign_in"]
    assert named(model)[0] == "Ann"


class TestCaptions:
    @pytest.fixture
    def photo(self, model):
        first = model.photos.first()
        first.caption = "at home"
        first.save()
        return first

    @pytest.fixture
    def url(self, photo):
        return reverse("dashboard:photo_caption", args=[photo.pk])

    def caption(self, photo) -> str:
        photo.refresh_from_db()
        return photo.caption

    def test_an_old_tab_is_asked(self, photo, url, owner_client):
        owner_client.post(url, {"caption": "in Rome", f"was-{photo.pk}": "at home"})
        sent = {"caption": "in Paris", f"was-{photo.pk}": "at home", "version": "old"}
        reply = owner_client.post(url, sent).json()
        assert reply["clashes"][f"caption-{photo.pk}"]["other"] == "in Rome"
        assert self.caption(photo) == reply["caption"] == "in Rome"
        again = {**sent, f"was-{photo.pk}": ["at home", "in Rome"]}
        assert owner_client.post(url, again).json()["clashes"] == {}
        assert self.caption(photo) == "in Paris"

    def test_the_others_that_were_changed_come_with_the_answer(
        self, photo, url, model, owner_client
    ):
        version = Tab(owner_client, address(model, "photos")).hidden["version"]
        last = model.photos.last()
        there = reverse("dashboard:photo_caption", args=[last.pk])
        owner_client.post(there, {"caption": "in Rome"})
        sent = {"caption": "in Paris", f"was-{photo.pk}": "at home", "version": version}
        reply = owner_client.post(url, sent).json()
        assert reply["answers"][f"caption-{last.pk}"] == "in Rome"

    @pytest.mark.parametrize("step", ["photos", "captions"])
    def test_a_whole_page_is_asked_and_goes_on_once_decided(
        self, photo, url, model, owner_client, step
    ):
        page = address(model, "photos")
        if step == "captions":
            page = reverse("dashboard:captions", args=[model.pk])
        tab = Tab(owner_client, page)
        owner_client.post(url, {"caption": "in Rome"})
        name = f"caption-{photo.pk}"
        shown = tab.sends(**{name: "in Paris"}, go="training")
        text = shown.content.decode()
        assert shown.status_code == 409
        assert "in Paris" in text
        assert "in Rome</bdi></dd>" in text
        assert self.caption(photo) == "in Rome"
        decided = hidden_in(text) | {name: "in Paris", "decide": f"mine:{name}"}
        response = owner_client.post(page, decided)
        assert response["Location"] == address(model, "training")
        assert self.caption(photo) == "in Paris"

    def test_a_button_of_another_photo_waits_for_the_decision(
        self, photo, url, model, owner_client
    ):
        tab = Tab(owner_client, address(model, "photos"))
        owner_client.post(url, {"caption": "in Rome"})
        remove = reverse("dashboard:photo_remove", args=[model.photos.last().pk])
        typed = tab.hidden | {f"caption-{photo.pk}": "in Paris"}
        shown = owner_client.post(remove, typed)
        assert (shown.status_code, model.photos.count()) == (409, 4)
        assert "in Paris" in shown.content.decode()
        part = owner_client.post(remove, typed, headers={"HX-Request": "true"})
        assert (part.status_code, model.photos.count()) == (200, 3)
        assert 'data-clash="caption-' in part.content.decode()

    def test_strangers_and_nobody_are_told_nothing(
        self, photo, url, stranger_client, anonymous_client
    ):
        sent = {"caption": "in Paris", f"was-{photo.pk}": "x"}
        assert stranger_client.post(url, sent).status_code == 404
        assert anonymous_client.post(url, sent).status_code == 302
        assert self.caption(photo) == "at home"


def test_a_draft_of_a_program_has_no_answers_to_clash_with(owner, owner_client):
    model = empty_draft(owner)
    assert Tab(owner_client, address(model, "about")).types(name="Ann")["clashes"] == {}
