import pytest
import time_machine
from django.http import Http404

from generation.links import MAX_AGE, model_from_signature, signed_weights_path
from tests.factories import UserModelFactory

pytestmark = pytest.mark.django_db


def token_of(model) -> str:
    return signed_weights_path(model).rpartition("/")[2].removesuffix(".safetensors")


def test_a_signed_link_opens_the_weights_it_was_made_for():
    model = UserModelFactory(ready=True)
    assert model_from_signature(token_of(model)) == model


def test_a_forged_link_opens_nothing():
    token = token_of(UserModelFactory(ready=True))
    with pytest.raises(Http404):
        model_from_signature(token[:-2] + "xx")


def test_a_link_is_worthless_after_an_hour():
    with time_machine.travel(0, tick=False):
        token = token_of(UserModelFactory(ready=True))
    with time_machine.travel(MAX_AGE + 1, tick=False), pytest.raises(Http404):
        model_from_signature(token)


def test_a_model_without_weights_has_no_file():
    with pytest.raises(Http404):
        model_from_signature(token_of(UserModelFactory()))
