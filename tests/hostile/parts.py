"""Ways of sending in parts that mean harm, each with what the site has to answer.

An upload that is begun is given up at the end, as a page does whose photo was removed: what is
never given up counts in its owner's storage and expires, which is tested elsewhere.
"""

from __future__ import annotations

import http.client
import uuid
from collections.abc import Callable, Iterable
from contextlib import closing, suppress
from urllib.parse import urlencode

from tests.models_app import photographs as photo
from tests.theway.served import Served
from tests.theway.test_served import FORM_TYPE, TOKEN

_MEBIBYTE = 1024 * 1024
_PART_TYPE = "application/partial-upload"
_ENDLESS = 64  # mebibytes, of what may be eight at most
Headers = dict[str, str]
Way = Callable[[Served], tuple[int, ...]]


def begun(length: str, name: str = "a.jpg", chosen: str = "1") -> Way:
    """Announce a file; where that is taken, send something else than a photo."""

    def way(served: Served) -> tuple[int, ...]:
        status, where = _begin(served, length, name, chosen)
        if not where:
            return (status,)
        return _given_up(served, where, _patch(served, where, b"x" * int(length)))

    return way


def with_part(length: int, data: bytes | Iterable[bytes], **changed: str) -> Way:
    """Announce a file of this length, and send a part whose head says something else."""

    def way(served: Served) -> tuple[int, ...]:
        _, where = _begin(served, str(length), "a.jpg", "1")
        headers = {name.replace("_", "-"): value for name, value in changed.items()}
        return _given_up(served, where, _patch(served, where, data, headers))

    return way


def of_nobody(served: Served) -> tuple[int, ...]:
    """Send a part of an upload that nobody began."""
    return (_patch(served, f"{_begin_path(served)}/{uuid.uuid4()}", b"x"),)


def a_bomb(served: Served) -> tuple[int, ...]:
    """Send a picture of two thousand million pixels."""
    bomb = photo.png_claiming(2**31 - 1, 1)
    return with_part(len(bomb), bomb)(served)


def endless(served: Served) -> tuple[int, ...]:
    """Send chunks without an end."""
    chunks = (bytes(_MEBIBYTE) for _ in range(_ENDLESS))
    return with_part(_MEBIBYTE, chunks)(served)


# Way → the statuses that are right; 0 where the connection was ended without a word.
PARTS: dict[str, tuple[Way, set[int]]] = {
    "parts-of-2gb": (begun(str(2**31)), {422}),
    "parts-of-10-30": (begun(str(10**30)), {400}),
    "parts-of-nothing": (begun("0"), {422}),
    "parts-of-less": (begun("-1"), {400}),
    "parts-named-out": (begun("9", "../../etc/passwd"), {422}),
    "parts-named-controls": (begun("9", "a\x00\x1b[31m\u202egpj.jpg"), {400, 422}),
    "parts-named-4000": (begun("9", "x" * 4000), {422}),
    "parts-chosen-never": (begun("9", chosen="9" * 40), {400}),
    "parts-elsewhere": (with_part(9, b"x", Upload_Offset="5"), {409}),
    "parts-before-all": (with_part(9, b"x", Upload_Offset="-1"), {400}),
    "parts-far-away": (with_part(9, b"x", Upload_Offset="9" * 30), {400}),
    "parts-too-long": (with_part(9, b"x" * 10), {400}),
    "parts-endless": (endless, {0, 400, 413}),
    "parts-of-a-form": (with_part(9, b"x" * 9, Content_Type=FORM_TYPE), {400}),
    "parts-complete-early": (with_part(9, b"x"), {204}),
    "parts-of-a-bomb": (a_bomb, {422}),
    "parts-of-nobody": (of_nobody, {404}),
}


def _begin_path(served: Served) -> str:
    return served.upload_path.rpartition("/")[0] + "/parts"


def _begin(served: Served, length: str, name: str, chosen: str) -> tuple[int, str]:
    """Return the status, and the address of the upload where it was begun."""
    body = urlencode({"name": name, "length": length, "chosen": chosen}).encode()
    return _asked(served, "POST", _begin_path(served), body, {"Content-Type": FORM_TYPE})


def _patch(
    served: Served, where: str, data: bytes | Iterable[bytes], headers: Headers | None = None
) -> int:
    said = {"Content-Type": _PART_TYPE, "Upload-Offset": "0", "Upload-Complete": "?1"}
    return _asked(served, "PATCH", where, data, said | (headers or {}))[0]


def _given_up(served: Served, where: str, status: int) -> tuple[int, ...]:
    _asked(served, "DELETE", where, b"", {})
    return (status,)


def _asked(
    served: Served, method: str, path: str, body: bytes | Iterable[bytes], headers: Headers
) -> tuple[int, str]:
    cookie = f"{served.owner_session or 'none='}; {served.csrf_cookie}={TOKEN}"
    common = {"Accept": "application/json", "Cookie": cookie, "X-CSRFToken": TOKEN}
    with closing(http.client.HTTPConnection("127.0.0.1", served.port, timeout=60)) as connection:
        with suppress(ConnectionError):  # an answer may come before all is sent
            connection.request(method, path, body, common | headers)
        with suppress(ConnectionError, http.client.HTTPException):
            response = connection.getresponse()
            return response.status, response.headers.get("Location", "")
    return 0, ""
