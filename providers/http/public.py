"""HTTP to addresses that a person named: a webhook's receiver, an archive to be fetched.

https to a public address, with no key, cookie, proxy or `.netrc` of ours; each redirect is judged
like the first address, and every answer is bounded in bytes and in time. The ports are those of
https, 443 and 8443: at any other, somebody could have this machine knock at services that are not
of the web. What `INSIDE_ADDRESSES` names may be reached too, with plain http.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from threading import Event
from typing import Protocol
from urllib.parse import urljoin

import requests
from django.conf import settings
from django.utils.translation import gettext as _
from urllib3.util import Url

from providers.http.addresses import (
    HeadTooLargeError,
    PublicAdapter,
    is_public,
    parsed,
    place_of,
    require_https,
)
from providers.http.calls import retry_after
from providers.http.public_errors import (
    AddressRefusedError,
    PublicCallError,
    TooLargeError,
    TooSlowError,
    UnreachableError,
    UntrustedError,
    UnwantedAnswerError,
)
from providers.http.session import (
    NETWORK_ERRORS,
    USER_AGENT,
    BodyTooLargeError,
    BodyTooSlowError,
    announced_size,
    read_chunks,
)

PORTS = {443, 8443}
MAX_URL = 2000
MOST_REDIRECTS = 3
CONNECT_SECONDS = 5.0
_DEFAULT_PORTS = {"http": 80, "https": 443}
_LATE = (TimeoutError, requests.Timeout, BodyTooSlowError)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back to a POST. `retry_after` are the seconds that were asked for, if any."""

    status: int
    retry_after: float | None

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300


def check(url: str) -> Url:
    """Return the parts of an address that may be called, as far as it says by itself.

    Nothing is resolved: that is judged when it is called. Raises AddressRefusedError.
    """
    if len(url) > MAX_URL:
        raise AddressRefusedError(_("The address is too long."))
    parts = parsed(url)
    port = parts.port or _DEFAULT_PORTS[str(parts.scheme)]
    if place_of(str(parts.host), port) in settings.INSIDE_ADDRESSES:
        return parts
    require_https(parts)
    if port not in PORTS:
        raise AddressRefusedError(_("The address names another port than 443 or 8443."))
    if not _may_be_public(str(parts.host).strip("[]")):
        raise AddressRefusedError(_("The address is not a public address."))
    return parts


def post(url: str, body: bytes, headers: Mapping[str, str], *, seconds: float) -> Answer:
    """Send `body` once, follow no redirect, and return how it was answered, its body unread.

    Raises PublicCallError.
    """
    target = check(url)
    with _exchange("POST", target, seconds, seconds, data=body, headers=headers) as response:
        return Answer(response.status_code, retry_after(response.headers))


class Target(Protocol):
    """Where a download goes."""

    def write(self, data: bytes, /) -> int: ...


def get(url: str, target: Target, *, max_bytes: int, seconds: float, stall: float) -> int:
    """Write what is at an address to `target` and return how many bytes that are.

    `max_bytes` counts them unpacked; `seconds` is for everything, `stall` for standing still.
    Raises PublicCallError, and what `target.write` raises.
    """
    deadline = time.monotonic() + seconds
    for _hop in range(MOST_REDIRECTS + 1):
        here, left = check(url), deadline - time.monotonic()
        with _exchange("GET", here, left, stall) as response:
            if not response.is_redirect:
                return _received(response, target, max_bytes, deadline)
            url = urljoin(here.url, response.headers["Location"])
    raise AddressRefusedError(_("The address leads on to others too often."))


def _may_be_public(host: str) -> bool:
    """Whether a host is public, or a name that may be."""
    try:
        return is_public(host)
    except ValueError:
        return "." in host.strip(".") and not host.endswith((".localhost", ".local", ".internal"))


class _WriteError(Exception):
    """The target of a download failed, which is no fault of the server's."""


@contextmanager
def _exchange(
    method: str,
    target: Url,
    seconds: float,
    stall: float,
    *,
    data: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> Iterator[requests.Response]:
    """Yield the answer to one request, its body unread; it ends after `seconds`, body and all."""
    if seconds <= 0:
        raise TooSlowError
    adapter = PublicAdapter(inside=settings.INSIDE_ADDRESSES)
    adapter.limit = 2 * seconds  # never before the whole exchange is cut
    own = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity", "Connection": "close"}
    with ExitStack() as stack:
        is_cut = stack.enter_context(adapter.cut_after(seconds))
        stack.enter_context(_told(is_cut))
        session = stack.enter_context(_bare_session(adapter))
        response = session.request(
            method,
            target.url,
            data=data,
            headers={**own, **(headers or {})},
            timeout=(min(CONNECT_SECONDS, seconds), min(stall, seconds)),
            allow_redirects=False,
            stream=True,
        )
        yield stack.enter_context(response)


@contextmanager
def _bare_session(adapter: PublicAdapter) -> Iterator[requests.Session]:
    """Yield a session for one request, so that no cookie is sent; it reads no environment."""
    with requests.Session() as session:
        session.trust_env = False
        session.mount("https://", adapter)
        session.mount("http://", adapter)
        yield session


@contextmanager
def _told(is_cut: Event) -> Iterator[None]:
    """Raise what went wrong as one of our errors."""
    try:
        yield
    except PublicCallError:
        raise
    except _WriteError as error:
        raise error.__cause__ or error from None
    except BodyTooLargeError:
        raise TooLargeError from None
    except (*NETWORK_ERRORS, ValueError) as error:
        raise (TooSlowError() if is_cut.is_set() else _meaning(error)) from error
    if is_cut.is_set():  # the shut connection passed for the end of the body
        raise TooSlowError


def _meaning(error: BaseException) -> PublicCallError:
    """Return which of our errors a failure of the network is, by whatever led to it."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, HeadTooLargeError):
            return TooLargeError()
        if isinstance(seen, ssl.SSLError | requests.exceptions.SSLError):
            return UntrustedError()
        if isinstance(seen, _LATE):
            return TooSlowError()
        seen = seen.__cause__ or seen.__context__
    return UnreachableError()


def _received(response: requests.Response, target: Target, max_bytes: int, deadline: float) -> int:
    if response.status_code != 200:
        raise UnwantedAnswerError(response.status_code)
    if (announced_size(response.headers) or 0) > max_bytes:
        raise TooLargeError
    seconds, total = deadline - time.monotonic(), 0
    for chunk in read_chunks(response, max_bytes=max_bytes, seconds=seconds):
        try:
            target.write(chunk)
        except Exception as error:
            raise _WriteError from error
        total += len(chunk)
    return total
