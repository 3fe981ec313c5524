"""Downloads of results, from addresses that others chose.

The rule for every hop: the provider's own origin (or another https host that it names), with its
key; or https to a public address, without any key. A redirect never leads back to the key. So a
forged result address reaches nothing inside the installation and learns no secret.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urljoin

import requests
from urllib3.util import Url

from providers.errors import (
    ProviderUnavailableError,
    ResultHostError,
    RunNotFoundError,
    UnexpectedReplyError,
)
from providers.http.addresses import PublicAdapter, parsed, require_https, resolved
from providers.http.calls import error_class, reply_from
from providers.http.client import Client
from providers.http.public_errors import AddressRefusedError
from providers.http.session import (
    NETWORK_ERRORS,
    USER_AGENT,
    BodyTooLargeError,
    BodyTooSlowError,
    Timeout,
    announced_size,
    new_session,
    read_chunks,
)
from providers.types import Download

MAX_REDIRECTS = 5
MAX_ERROR_BYTES = 64 * 1024
TIMEOUT: Timeout = (5.0, 30.0)
BODY_SECONDS = 900.0  # two gigabytes at 20 Mbit/s
MOST_RESUMES = 5  # of one download; each has to bring it further

Rest = Callable[[int, str], requests.Response]  # from this byte on, of this version


@contextmanager
def open_url(client: Client, url: str, *, max_bytes: int) -> Iterator[Download]:
    """Open `url` for streaming, redirects followed under the rule above.

    A body that breaks off is resumed where the host names its version. Raises
    `ProviderUnavailableError` (also while reading, where that does not help),
    `ResultHostError` where that is another host than the provider's own, `RunNotFoundError` where
    the result is gone, `UnexpectedReplyError` for an address that is
    not allowed or more than `max_bytes`.
    """
    way = _Way()
    with (
        _told_apart(way),
        new_session(trust_environment=client.trusts_environment) as own,
        _public_session() as web,
    ):
        try:
            response = _follow(client, own, web, url, way)
        except AddressRefusedError as error:
            raise UnexpectedReplyError(
                client.provider, f"result address refused: {error}"
            ) from error
        except NETWORK_ERRORS as error:
            raise ProviderUnavailableError(client.provider, client.error_text(error)) from error
        with response:
            _require_success(client, response, is_own=way.is_own)
            size = announced_size(response.headers)
            if size is not None and size > max_bytes:
                raise UnexpectedReplyError(
                    client.provider, f"the result has {size} bytes: too many"
                )

            def rest(start: int, etag: str) -> requests.Response:
                way.is_own = True  # from the beginning again, under the same rule
                part = {"Range": f"bytes={start}-", "If-Range": etag}
                return _follow(client, own, web, url, way, part)

            yield Download(size, _checked_chunks(client, response, max_bytes, rest))


@dataclass
class _Way:
    """Where a download has led so far."""

    is_own: bool = True  # every hop so far was at the provider's own origin


@contextmanager
def _told_apart(way: _Way) -> Iterator[None]:
    """Blame another host, not the provider, for what that host does not answer."""
    try:
        yield
    except ProviderUnavailableError as error:
        if way.is_own:
            raise
        raise ResultHostError(
            error.provider,
            error.detail,
            status_code=error.status_code,
            retry_after=error.retry_after,
        ) from error


def _public_session() -> requests.Session:
    # No proxy from the environment: behind one we could not see which address is reached.
    session = new_session(trust_environment=False)
    session.mount("https://", PublicAdapter())
    session.mount("http://", PublicAdapter())
    return session


def _follow(
    client: Client,
    own: requests.Session,
    web: requests.Session,
    url: str,
    way: _Way,
    part: Mapping[str, str] | None = None,
) -> requests.Response:
    """Return the first answer that is no redirect, its body unread."""
    for _ in range(MAX_REDIRECTS + 1):
        target = parsed(url)
        # Once another origin had a say in the address, the key stays out of it for good.
        way.is_own = way.is_own and _may_have_key(client, target)
        if not way.is_own:
            _require_public(target)
        response = (own if way.is_own else web).get(
            target.url,
            headers={"User-Agent": USER_AGENT, "Accept-Encoding": "identity", **(part or {})},
            auth=client.auth if way.is_own else None,
            timeout=TIMEOUT,
            allow_redirects=False,
            stream=True,
        )
        if not response.is_redirect:
            return response
        response.close()
        url = urljoin(target.url, response.headers["Location"])
    raise AddressRefusedError("too many redirects")


def _may_have_key(client: Client, target: Url) -> bool:
    """Whether an address is the service's own: its API's origin, or a host that it names."""
    if _origin(target) == _origin(parsed(client.base_url)):
        return True
    host = (target.host or "").lower()
    is_named = any(
        host.endswith(name[1:]) if name.startswith("*.") else host == name
        for name in client.key_hosts
    )
    return is_named and target.scheme == "https" and (target.port or 443) == 443


def _origin(parts: Url) -> tuple[str | None, str | None, int]:
    default = 443 if parts.scheme == "https" else 80
    return parts.scheme, parts.host, parts.port or default


def _require_public(parts: Url) -> None:
    """Refuse by scheme and resolved address before connecting; the connection judges again."""
    require_https(parts)
    resolved(parts.host or "", parts.port or 443)


def _require_success(client: Client, response: requests.Response, *, is_own: bool) -> None:
    status = response.status_code
    if status == 200:
        return
    if status == 410:
        raise RunNotFoundError(client.provider, "the result is gone", status_code=status)
    try:
        body = b"".join(read_chunks(response, max_bytes=MAX_ERROR_BYTES, seconds=TIMEOUT[1]))
    except (*NETWORK_ERRORS, BodyTooLargeError):
        body = b""
    reply = reply_from(status, response.headers, body)
    if is_own:
        raise client.refusal(client.meaning(reply, is_about_run=True), reply)
    # A store of files answers in pages of its own (XML), and knows what it keeps.
    raise client.refusal(error_class(status, is_paid=False, is_about_run=True), reply)


def _checked_chunks(
    client: Client, response: requests.Response, limit: int, rest: Rest
) -> Iterator[bytes]:
    """Yield the body; where it breaks off, ask for the rest (RFC 9110, 14)."""
    received, deadline = 0, time.monotonic() + BODY_SECONDS
    etag = _version(response)
    for turn in range(MOST_RESUMES + 1):
        so_far = received
        try:
            for chunk in read_chunks(
                response, max_bytes=limit - received, seconds=deadline - time.monotonic()
            ):
                received += len(chunk)
                yield chunk
            return
        except BodyTooLargeError as error:
            text = f"the result is too large: {error}"
            raise UnexpectedReplyError(client.provider, text) from error
        except NETWORK_ERRORS as error:
            is_over = isinstance(error, BodyTooSlowError) or turn == MOST_RESUMES
            if is_over or not etag or received == so_far:
                raise ProviderUnavailableError(client.provider, client.error_text(error)) from error
        finally:
            response.close()
        response = _resumed(client, rest, received, etag)


def _version(response: requests.Response) -> str:
    """Return what names exactly these bytes; "" where nothing does."""
    etag = response.headers.get("ETag", "")
    is_plain = not response.headers.get("Content-Encoding")
    return etag if is_plain and etag.startswith('"') else ""


def _resumed(client: Client, rest: Rest, start: int, etag: str) -> requests.Response:
    try:
        response = rest(start, etag)
    except AddressRefusedError as error:
        raise UnexpectedReplyError(client.provider, f"result address refused: {error}") from error
    except NETWORK_ERRORS as error:
        raise ProviderUnavailableError(client.provider, client.error_text(error)) from error
    begins = response.headers.get("Content-Range", "").startswith(f"bytes {start}-")
    if response.status_code == 206 and begins and not response.headers.get("Content-Encoding"):
        return response
    response.close()
    raise ProviderUnavailableError(client.provider, "the download broke off and was not resumed")
