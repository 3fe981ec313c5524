"""Weights for programs that know Stable Diffusion's by kohya's names."""

from __future__ import annotations

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.urls import reverse
from safetensors.numpy import load

from providers.catalog import SD15
from tests.dashboard.rows import stable_diffusion, stored_model
from tests.factories import UserModelFactory

OFFER = "For ComfyUI and A1111 (kohya names)"


def address(model) -> str:
    return reverse("dashboard:kohya_weights", args=[model.pk])


def body_of(response) -> bytes:
    return b"".join(response)


@pytest.fixture
def model(owner):
    return stable_diffusion(owner, name="Ann")


def test_the_owner_gets_them_under_a_name_of_their_own(model, owner_client):
    response = owner_client.get(address(model))
    body = body_of(response)
    assert int(response["Content-Length"]) == len(body)
    assert response["Content-Disposition"] == 'attachment; filename="ann.kohya.safetensors"'
    assert "private" in response["Cache-Control"]
    names = load(body)
    assert all(name.startswith("lora_unet_down_blocks_1_") for name in names)


def test_a_stranger_and_nobody_get_nothing(model, stranger_client, anonymous_client):
    assert stranger_client.get(address(model)).status_code == 404
    assert stranger_client.head(address(model)).status_code == 404
    response = anonymous_client.get(address(model))
    assert (response.status_code, "login" in response["Location"]) == (302, True)


def test_a_part_of_it_can_be_fetched_and_it_is_another_file_than_the_stored_one(
    model, owner_client
):
    whole = owner_client.get(address(model))
    body = body_of(whole)
    rest = owner_client.get(
        address(model), headers={"Range": "bytes=11-", "If-Range": whole["ETag"]}
    )
    assert (rest.status_code, body_of(rest)) == (206, body[11:])
    stored = owner_client.head(reverse("dashboard:weights", args=[model.pk]))
    assert stored["ETag"] != whole["ETag"]
    again = owner_client.get(address(model), headers={"If-None-Match": whole["ETag"]})
    assert again.status_code == 304


def test_head_says_how_large_it_is(model, owner_client):
    response = owner_client.head(address(model))
    assert int(response["Content-Length"]) == len(body_of(owner_client.get(address(model))))


@pytest.mark.parametrize("fields", [{}, {"base_model": SD15}])
def test_the_page_offers_them_for_stable_diffusion(owner, owner_client, fields):
    model = stable_diffusion(owner, **fields)
    page = owner_client.get(reverse("dashboard:model", args=[model.pk])).content.decode()
    assert OFFER in page
    assert address(model) in page


def test_other_base_models_have_one_kind_of_names(owner, owner_client):
    model = stored_model(owner)
    page = owner_client.get(reverse("dashboard:model", args=[model.pk])).content.decode()
    assert OFFER not in page
    assert owner_client.get(address(model)).status_code == 404


def test_weights_that_have_other_names_already_are_not_translated(owner, owner_client):
    model = stable_diffusion(owner)
    header = b'{"lora_unet_a.alpha":{"dtype":"F16","shape":[1],"data_offsets":[0,2]}}'
    data = len(header).to_bytes(8, "little") + header + b"12"
    model.weights.save("other.safetensors", ContentFile(data))
    assert owner_client.get(address(model)).status_code == 404


def test_weights_that_the_storage_has_lost_are_gone_with_a_word(model, owner_client):
    default_storage.delete(model.weights.name)
    response = owner_client.get(address(model))
    assert response.status_code == 410
    page = owner_client.get(reverse("dashboard:model", args=[model.pk])).content.decode()
    assert OFFER not in page


def test_a_model_without_weights_has_none(owner, owner_client):
    model = UserModelFactory(owner=owner, base_model=SD15)
    assert owner_client.get(address(model)).status_code == 404
