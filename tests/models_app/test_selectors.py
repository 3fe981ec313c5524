"""Another user's model or photo does not exist."""

from __future__ import annotations

import uuid

import pytest
from django.http import Http404

from models_app import selectors
from tests.factories import TrainingImageFactory, UserModelFactory


def test_the_owner_finds_the_model_and_its_photo(owner):
    photo = TrainingImageFactory(model__owner=owner)
    assert selectors.model_for(owner, photo.model_id) == photo.model
    assert selectors.photo_for(owner, photo.pk) == photo
    assert list(selectors.models_of(owner)) == [photo.model]


def test_a_stranger_finds_neither(owner, stranger):
    photo = TrainingImageFactory(model__owner=owner)
    with pytest.raises(Http404):
        selectors.model_for(stranger, photo.model_id)
    with pytest.raises(Http404):
        selectors.photo_for(stranger, photo.pk)
    assert list(selectors.models_of(stranger)) == []


def test_the_operator_is_a_stranger_too(owner, operator):
    with pytest.raises(Http404):
        selectors.model_for(operator, UserModelFactory(owner=owner).pk)


def test_an_unknown_id_is_not_found(owner):
    with pytest.raises(Http404):
        selectors.model_for(owner, uuid.uuid4())


def test_a_list_of_cards_costs_one_query(owner, django_assert_num_queries):
    for _ in range(3):
        model = UserModelFactory(owner=owner)
        first = TrainingImageFactory(model=model, position=0)
        TrainingImageFactory(model=model, position=1)
    empty = UserModelFactory(owner=owner)
    with django_assert_num_queries(1):
        models = list(selectors.models_of(owner))
    assert [each.photo_count for each in models] == [0, 2, 2, 2]
    assert (models[0], models[0].cover_id) == (empty, None)
    assert models[1].cover_id == first.pk


def test_the_photo_brings_its_model_along(owner, django_assert_num_queries):
    photo = TrainingImageFactory(model__owner=owner)
    with django_assert_num_queries(1):
        assert selectors.photo_for(owner, photo.pk).model.owner_id == owner.pk


def test_photos_come_in_their_order(owner):
    model = UserModelFactory(owner=owner)
    last = TrainingImageFactory(model=model, position=2)
    first = TrainingImageFactory(model=model, position=1)
    TrainingImageFactory()
    assert list(selectors.photos_of(model)) == [first, last]
