"""Valid files of each format, changed anywhere: taken or refused, and nothing else happens."""

from __future__ import annotations

import io
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from models_app.errors import PhotoRefusedError
from models_app.formats import HEAD_BYTES, sniff
from tests.factories import UserModelFactory
from tests.hostile.case import case
from tests.hostile.intake import taken_in
from tests.hostile.truncations import FORMATS, whole

# Numbers at which counting, seeking and unpacking go wrong.
_EDGES = (0, 1, 2, 127, 128, 255, 2**15 - 1, 2**16 - 1, 2**31 - 1, 2**31, 2**32 - 1, 2**63 - 1,
          2**63, 2**64 - 16, 2**64 - 1)  # fmt: skip
_HEADERS = 1200  # bytes: where lengths and places are


@st.composite
def mutated(draw: st.DrawFn, name: str) -> bytes:
    """Return a valid file with numbers overwritten, and pieces taken out, doubled or cut off."""
    data = bytearray(whole(name))
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, min(len(data), _HEADERS)))
        width = draw(st.sampled_from([1, 2, 4, 8]))
        what = draw(st.sampled_from(["number", "number", "number", "out", "double", "cut"]))
        if what == "number":
            value = draw(st.sampled_from(_EDGES)) % 256**width
            data[at : at + width] = value.to_bytes(width, draw(st.sampled_from(["big", "little"])))
        elif what == "out":
            del data[at : at + draw(st.integers(1, 40))]
        elif what == "double":
            data[at:at] = data[at : at + draw(st.integers(1, 40))]
        else:
            del data[at:]
    return bytes(data)


@pytest.mark.parametrize("name", FORMATS)
@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_how_a_changed_file_is_built_is_read_or_refused(name, data):
    changed = data.draw(mutated(name))
    with suppress(PhotoRefusedError):
        sniff(changed[:HEAD_BYTES]).read_shape(io.BytesIO(changed))


@pytest.mark.django_db
@pytest.mark.parametrize("name", FORMATS)
@given(data=st.data())
@settings(
    max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_a_changed_file_is_taken_in_or_refused_and_leaves_nothing(name, data):
    changed = data.draw(mutated(name))
    taken = taken_in(UserModelFactory(), case("mutation", name, bytes), io.BytesIO(changed))
    assert (taken.faults, taken.leftovers) == ((), ())
