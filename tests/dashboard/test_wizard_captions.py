"""The page of captions: saving, advice, changes of all at once, and undoing them."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils import timezone

from models_app import caption_runs
from models_app.models import CaptionRun, UserModel
from providers.catalog import FLUX1_DEV
from tests.dashboard.wizard_drafts import STEPS, address, draft
from tests.factories import UserModelFactory

pytestmark = pytest.mark.django_db


def captions_address(model: UserModel) -> str:
    return reverse("dashboard:captions", args=[model.pk])


def captioned(owner, *captions: str, **columns: object) -> UserModel:
    answers = {"kind": "person", "trigger_word": "ann_k7", "consent_at": timezone.now()}
    columns = answers | columns
    model = draft(owner, photos=len(captions), **columns)
    for photo, caption in zip(model.photos.all(), captions, strict=True):
        photo.caption = caption
        photo.save()
    return model


def captions_of(model: UserModel) -> list[str]:
    return list(model.photos.values_list("caption", flat=True))


def press(client, model: UserModel, go: str, **data: str):
    return client.post(captions_address(model), {"go": go, **data}, follow=True)


def shown(kind: str, text: str, replacement: str = "") -> dict[str, str]:
    """What the preview carries for the button that applies it."""
    return {"shown-kind": kind, "shown-text": text, "shown-replacement": replacement}


def test_the_step_of_the_photos_leads_there_and_saves_what_is_typed(owner, owner_client):
    model = captioned(owner, "", "")
    page = owner_client.get(address(model, "photos")).content.decode()
    assert f'formaction="{captions_address(model)}"' in page
    typed = {f"caption-{model.photos.first().pk}": "at home"}
    response = owner_client.post(captions_address(model), {"go": "", **typed})
    assert response["Location"] == captions_address(model)
    assert captions_of(model) == ["at home", ""]


@pytest.mark.parametrize(
    "go", ["", "next", "back", "training", "preview", "apply", "undo", "trigger"]
)
def test_every_button_saves_what_is_typed(owner, owner_client, go):
    model = captioned(owner, "", "")
    press(owner_client, model, go, **{f"caption-{model.photos.first().pk}": "ann_k7 at home"})
    assert captions_of(model) == ["ann_k7 at home", ""]


@pytest.mark.parametrize(("go", "step"), [("back", "photos"), *((step, step) for step in STEPS)])
def test_buttons_lead_on_and_back(owner, owner_client, go, step):
    model = captioned(owner, *[""] * 5)
    response = owner_client.post(captions_address(model), {"go": go})
    assert response["Location"] == address(model, step)


@pytest.mark.parametrize("go", ["preview", "next"])
def test_a_change_is_shown_for_every_photo_before_anything_changes(owner, owner_client, go):
    model = captioned(owner, "at home", "", "on a bridge")
    page = press(owner_client, model, go, kind="append", text="at dusk").content.decode()
    assert "at home, at dusk" in page
    assert "on a bridge, at dusk" in page
    assert "Change 3 captions" in page
    assert captions_of(model) == ["at home", "", "on a bridge"]


def test_a_preview_without_words_asks_for_them(owner, owner_client):
    model = captioned(owner, "at home")
    response = press(owner_client, model, "preview", kind="append", text=" ")
    assert response.status_code == 422
    assert b"Type the words first." in response.content


def test_a_preview_that_changes_nothing_says_so(owner, owner_client):
    model = captioned(owner, "at home")
    page = press(owner_client, model, "preview", kind="replace", text="xyz").content.decode()
    assert "No caption would change." in page
    assert 'value="apply"' not in page


def test_what_was_shown_is_applied_whatever_is_typed_meanwhile(owner, owner_client):
    model = captioned(owner, "at home", "on a bridge")
    meanwhile = {"kind": "append", "text": "something else"}
    page = press(owner_client, model, "apply", **shown("prepend", "ann_k7"), **meanwhile)
    assert captions_of(model) == ["ann_k7, at home", "ann_k7, on a bridge"]
    assert b"2 captions were changed." in page.content


def test_a_change_is_undone_after_a_reload(owner, owner_client):
    model = captioned(owner, "a man at home", "a man outside")
    press(owner_client, model, "apply", **shown("replace", "man", "person"))
    assert b"Undo the last change (2 captions)" in owner_client.get(captions_address(model)).content
    page = press(owner_client, model, "undo").content
    assert captions_of(model) == ["a man at home", "a man outside"]
    assert b"2 captions are as they were before." in page
    assert b"Undo the last change" not in page


def test_the_trigger_word_is_put_in_by_one_press(owner, owner_client):
    model = captioned(owner, "at home", "ann_k7 outside", "")
    assert (
        "Put “ann_k7” into 1 caption<" in owner_client.get(captions_address(model)).content.decode()
    )
    press(owner_client, model, "trigger")
    assert captions_of(model) == ["ann_k7 person, at home", "ann_k7 outside", ""]


def test_a_page_that_is_shown_again_takes_no_change_back(owner, owner_client):
    """The browser's Back button shows the captions as they were."""
    model = captioned(owner, "at home", "outside")
    first, second = model.photos.all()
    press(owner_client, model, "apply", **shown("prepend", "ann_k7"))
    old = {f"caption-{first.pk}": "at home", f"was-{first.pk}": "at home"}
    typed = {f"caption-{second.pk}": "typed", f"was-{second.pk}": "ann_k7, outside"}
    owner_client.post(address(model, "photos"), {"go": "back", **old, **typed})
    assert captions_of(model) == ["ann_k7, at home", "typed"]


def test_the_advice_comes_with_a_saved_caption(owner, owner_client):
    model = captioned(owner, "", "")
    url = reverse("dashboard:photo_caption", args=[model.photos.first().pk])
    reply = owner_client.post(url, {"caption": "blue eyes\nat home"}).json()
    assert reply["caption"] == "blue eyes at home"
    notes = reply["fragments"]["caption-notes"]
    assert "“blue eyes”" in notes
    assert "A caption lacks “ann_k7”" in notes


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        ({"provider": ""}, "sent as “photo of ann_k7 person”"),
        ({"provider": "local", "base_model": FLUX1_DEV}, "sent as “photo of ann_k7 person”"),
        ({"provider": "replicate", "base_model": FLUX1_DEV}, "described by the trainer"),
        ({"provider": "fal", "base_model": FLUX1_DEV}, "sent as “photo of ann_k7 person”"),
        ({"provider": "fal", "base_model": FLUX1_DEV, "kind": "style"}, "reads no captions"),
    ],
)
def test_what_becomes_of_photos_without_a_caption_depends_on_the_trainer(
    owner, owner_client, columns, sentence
):
    model = captioned(owner, "", **columns)
    assert sentence in owner_client.get(captions_address(model)).content.decode()


def test_the_advice_changes_with_the_order_of_the_photos(owner, owner_client):
    model = captioned(owner, "ann_k7", "blue eyes")
    url = reverse("dashboard:photo_move", args=[model.photos.first().pk])
    page = owner_client.post(url, {"direction": "later"}, headers={"HX-Request": "true"})
    notes = page.content.decode().partition('id="caption-notes" hx-swap-oob="true"')[2]
    assert 'aria-label="Photo 1">1</a>' in notes
    assert 'aria-label="Photo 2"' not in notes


def test_a_draft_without_photos_leads_to_uploading(owner, owner_client):
    model = draft(owner)
    assert b"There are no photos yet." in owner_client.get(captions_address(model)).content


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_stranger_gets_nothing(owner, stranger_client, method):
    model = captioned(owner, "at home")
    data = {"go": "apply", **shown("prepend", "x")}
    assert getattr(stranger_client, method)(captions_address(model), data).status_code == 404
    assert captions_of(model) == ["at home"]


def test_who_is_signed_out_signs_in_and_finds_what_was_typed(owner, owner_client, anonymous_client):
    model = captioned(owner, "at home")
    url = captions_address(model)
    assert anonymous_client.get(url)["Location"] == f"/accounts/login/?next={url}"
    author = owner_client.get(url).context["author"]
    typed = {f"caption-{model.photos.get().pk}": "typed while signed out", "author": author}
    assert anonymous_client.post(url, {"go": "training", **typed}).status_code == 302
    assert captions_of(model) == ["at home"]
    anonymous_client.force_login(owner)
    assert b"typed while signed out" in anonymous_client.get(url).content


@pytest.mark.parametrize("method", ["get", "post"])
def test_captions_of_a_started_model_stay(owner, owner_client, method):
    model = UserModelFactory(owner=owner, training=True)
    response = getattr(owner_client, method)(captions_address(model), {"go": "trigger"})
    assert response["Location"] == reverse("dashboard:model", args=[model.pk])


@pytest.fixture
def program(settings):
    settings.CAPTION_COMMAND = "echo a picture"


def test_captions_by_a_program_are_offered_only_where_there_is_one(owner, owner_client, settings):
    model = captioned(owner, "", "typed")
    assert b'value="write"' not in owner_client.get(captions_address(model)).content
    settings.CAPTION_COMMAND = "echo a picture"
    assert b"Have 1 missing caption written" in owner_client.get(captions_address(model)).content


@pytest.mark.usefixtures("program")
def test_its_progress_is_shown_and_then_what_to_do(owner, owner_client):
    model = captioned(owner, "", "")
    assert b"writes captions: 0 of 2" in press(owner_client, model, "write").content
    caption_runs.write_next()
    page = owner_client.get(captions_address(model)).content.decode()
    assert "writes captions: 1 of 2" in page
    assert 'hx-trigger="every 2s"' in page
    while caption_runs.write_next():
        pass
    page = owner_client.get(captions_address(model)).content.decode()
    assert "2 captions were written by this machine. Read them" in page
    assert "every 2s" not in page


@pytest.mark.usefixtures("program")
def test_a_stranger_has_nothing_written(owner, stranger_client):
    model = captioned(owner, "")
    assert press(stranger_client, model, "write").status_code == 404
    assert not CaptionRun.objects.exists()
