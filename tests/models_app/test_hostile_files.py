"""Files made to hurt cost one refused photo, with a sentence that says why."""

from __future__ import annotations

import io

import pytest

from models_app import ingest
from models_app.errors import PhotoRefusedError
from models_app.ingest import normalise
from tests.models_app import hostile, photographs as photo

# These look sound from outside; their worker refuses them.
OPENED = {"jpeg-scans-5000", "jpeg-scans-150-of-24mp", "webp-no-picture"}


@pytest.mark.parametrize("name", hostile.REFUSED)
def test_a_hostile_file_is_refused_for_its_reason(name):
    code, make = hostile.REFUSED[name]
    with pytest.raises(PhotoRefusedError) as caught:
        normalise(io.BytesIO(make()))
    assert caught.value.code == code
    assert caught.value.message.endswith(".")
    assert "%" not in caught.value.message


@pytest.mark.parametrize("name", sorted(hostile.REFUSED.keys() - OPENED))
def test_its_shape_alone_is_enough_to_refuse_it(name, monkeypatch):
    monkeypatch.setattr(ingest, "decode", lambda *_: pytest.fail("it was opened"))
    with pytest.raises(PhotoRefusedError):
        normalise(io.BytesIO(hostile.REFUSED[name][1]()))


@pytest.mark.parametrize("name", hostile.HARMLESS)
def test_an_odd_but_harmless_file_is_taken_without_what_is_odd(name):
    result = normalise(io.BytesIO(hostile.HARMLESS[name]()))
    for stored in (result.data, result.thumbnail):
        assert photo.opened(stored).mode == "RGB"
        assert not [word for word in (b"PK\x03\x04", b"<script>", b"acTL") if word in stored]
