"""The dataset file: what the official client accepts, streamed."""

from __future__ import annotations

import base64
import io
import json

from hypothesis import given, strategies as st
from together.lib.utils.files import check_file

from providers.together.dataset import PIECE_BYTES, write_jsonl
from providers.types import Photo
from tests.providers.samples import photo, photos


def test_official_client_accepts_the_file(tmp_path):
    path = tmp_path / "photos.jsonl"
    with path.open("wb") as file:
        write_jsonl(photos(4), file)
    report = check_file(path, "fine-tune")
    assert report["is_check_passed"], report
    assert report["num_samples"] == 4


def test_line_is_a_conversation_about_the_photo():
    file = io.BytesIO()
    write_jsonl([photo(b"jpeg bytes", caption='ann_k7 with a "hat" \u2028 🎩')], file)
    user, assistant = json.loads(file.getvalue())["messages"]
    assert [part["type"] for part in user["content"]] == ["text", "image_url"]
    url = user["content"][1]["image_url"]["url"]
    assert url == "data:image/jpeg;base64," + base64.b64encode(b"jpeg bytes").decode()
    assert assistant == {
        "role": "assistant",
        "content": [{"type": "text", "text": 'ann_k7 with a "hat" \u2028 🎩'}],
    }


@given(
    photo_bytes=st.lists(st.binary(max_size=200), max_size=4),
    caption=st.text(max_size=50),
)
def test_every_photo_and_caption_comes_back(photo_bytes, caption):
    file = io.BytesIO()
    written = write_jsonl([photo(data, caption=caption) for data in photo_bytes], file)
    assert written == len(file.getvalue())
    lines = file.getvalue().decode("utf-8").split("\n")[:-1]
    assert len(lines) == len(photo_bytes)
    for line, data in zip(lines, photo_bytes, strict=True):
        user, assistant = json.loads(line)["messages"]
        encoded = user["content"][1]["image_url"]["url"].partition(",")[2]
        assert base64.b64decode(encoded, validate=True) == data
        assert assistant["content"][0]["text"] == caption


class Trickle(io.BytesIO):
    """A source that gives less than asked for, as network files do, and remembers the most."""

    most_asked = 0

    def read(self, size: int | None = -1) -> bytes:
        assert size is not None
        assert size > 0, "the whole photo was read at once"
        self.most_asked = max(self.most_asked, size)
        return super().read(min(size, 1000))


def test_short_reads_put_no_padding_inside():
    data = bytes(range(256)) * 1000
    source = Trickle(data)
    file = io.BytesIO()
    write_jsonl([Photo("001.png", "image/png", "x", lambda: source)], file)
    url = json.loads(file.getvalue())["messages"][0]["content"][1]["image_url"]["url"]
    assert base64.b64decode(url.partition(",")[2], validate=True) == data
    assert source.most_asked <= PIECE_BYTES
    assert source.closed
