"""Ways of sending that mean harm, each with what the site has to answer."""

from __future__ import annotations

import http.client
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing, suppress
from dataclasses import replace

from tests.hostile.parts import PARTS
from tests.theway.served import Served
from tests.theway.test_served import BOUNDARY, answer, connected, form, head_for

_MEBIBYTE = 1024 * 1024
_CHUNK = b"%x\r\n%s\r\n" % (_MEBIBYTE, bytes(_MEBIBYTE))
# Given up by then at the latest; the site is told to take much less.
_MOST_MEBIBYTES = 64
Way = Callable[[Served], tuple[int, ...]]


def announcing(size: str) -> Way:
    """Announce this many bytes and send a few."""
    return lambda served: _sent(served, head_for(served, served.owner_session, size) + bytes(1000))


def endless(served: Served) -> tuple[int, ...]:
    """Send a file in chunks that never end."""
    begin = form(b"")[: form(b"").rindex(b"\r\n--")]
    start = b"%x\r\n%s\r\n" % (len(begin), begin)
    head = head_for(served, served.owner_session, "Transfer-Encoding: chunked")
    return _sent(served, head + start, (_CHUNK for _ in range(_MOST_MEBIBYTES)))


def endless_chunk_size(served: Served) -> tuple[int, ...]:
    head = head_for(served, served.owner_session, "Transfer-Encoding: chunked")
    return _sent(served, head, (b"f" * 4096 for _ in range(1000)))


def part_with(*lines: str, closed: bool = True) -> Way:
    """Send a part whose head has these lines."""
    body = f"--{BOUNDARY}\r\n".encode() + "\r\n".join(lines).encode() + b"\r\n\r\nx"
    body += f"\r\n--{BOUNDARY}--\r\n".encode() if closed else b""
    return lambda served: _sent(
        served, head_for(served, served.owner_session, f"Content-Length: {len(body)}") + body
    )


def named(name: str) -> Way:
    return part_with(f'Content-Disposition: form-data; name=photos; filename="{name}"')


def many_parts(served: Served) -> tuple[int, ...]:
    one = f"--{BOUNDARY}\r\nContent-Disposition: form-data; name=photos; filename=a\r\n\r\n\r\n"
    body = one.encode() * 20_000
    head = head_for(served, served.owner_session, f"Content-Length: {len(body)}")
    return _sent(served, head + body)


def half_a_character(served: Served) -> tuple[int, ...]:
    """Send JSON with half of a character, as a script that is not ours might."""
    body = b'{"caption": "\\ud800"}'
    head = head_for(served, served.owner_session, f"Content-Length: {len(body)}")
    of_json = head.replace(
        f"multipart/form-data; boundary={BOUNDARY}".encode(), b"application/json"
    )
    return _sent(served, of_json + body)


# Way → the statuses that are right. No status: the connection was ended.
FORMS: dict[str, tuple[Way, set[int]]] = {
    "announces-2gb": (announcing("Content-Length: 2147483648"), {413}),
    "announces-2-63": (announcing(f"Content-Length: {2**63}"), {400, 413}),
    "announces-10-30": (announcing(f"Content-Length: {10**30}"), {400, 413}),
    "endless-chunks": (endless, {413}),
    "endless-chunk-size": (endless_chunk_size, {400}),
    "many-parts": (many_parts, {400, 413}),
    "half-a-character": (half_a_character, {422}),
    "no-end": (
        part_with("Content-Disposition: form-data; name=photos; filename=a.jpg", closed=False),
        {400, 422},
    ),
    "head-of-200kb": (
        part_with("X-Long: " + "x" * 200_000, "Content-Disposition: form-data; name=photos"),
        {400, 422},
    ),
    "two-names": (
        part_with(
            "Content-Disposition: form-data; name=photos; filename=a.jpg; filename*=utf-8''b.jpg"
        ),
        {400, 422},
    ),
    "name-beyond-utf-8": (
        part_with("Content-Disposition: form-data; name=photos; filename*=utf-8''%ED%A0%80.jpg"),
        {400, 422},
    ),
    "name-in-no-encoding": (
        part_with("Content-Disposition: form-data; name=photos; filename*=hex''zz.jpg"),
        {400, 422},
    ),
    "name-leads-out": (named("../../etc/passwd"), {400, 422}),
    "name-of-controls": (named("a\x01\x1b[31m\u202egpj.jpg"), {400, 422}),
    "name-of-4000": (named("x" * 4000), {400, 422}),
    "name-of-nothing": (named(""), {400, 422}),
}


def by_phone(way: Way) -> Way:
    """Send it to the address of a draft's phone, with no session."""

    def sent(served: Served) -> tuple[int, ...]:
        path = f"{served.phone_path}photos"
        return way(replace(served, owner_session="", upload_path=path))

    return sent


def at_link(token: str) -> Way:
    """Send to a phone's link that never was."""
    return lambda served: named("a.jpg")(
        replace(served, owner_session="", upload_path=f"/phone/{token}/photos")
    )


def forged_receipt(served: Served) -> tuple[int, ...]:
    """Take back a photo that never came."""
    path = f"{served.phone_path}remove"
    form = part_with("Content-Disposition: form-data; name=receipt")
    return form(replace(served, owner_session="", upload_path=path))


LINKS: Mapping[str, tuple[Way, set[int]]] = {
    "phone-never": (at_link("never"), {404}),
    "phone-of-nothing": (at_link("%00"), {400, 404}),
    "phone-of-half": (at_link("%ED%A0%80"), {400, 404}),
    "phone-of-4000": (at_link("x" * 4000), {404}),
    "phone-leads-out": (at_link("..%2F..%2Fetc"), {404}),
    "phone-forged-receipt": (forged_receipt, {200}),
}
WAYS: Mapping[str, tuple[Way, set[int]]] = {
    **FORMS,
    **PARTS,
    **{f"phone-{name}": (by_phone(way), right) for name, (way, right) in (FORMS | PARTS).items()},
    **LINKS,
}


def _sent(served: Served, first: bytes, more: Iterable[bytes] = ()) -> tuple[int, ...]:
    """Send, and return the status; none where the connection was ended without a word."""
    with closing(connected(served)) as connection:
        with suppress(ConnectionError):
            connection.sendall(first)
            for piece in more:
                connection.sendall(piece)
        with suppress(ConnectionError, http.client.HTTPException):
            return (answer(connection)[0],)
    return ()
