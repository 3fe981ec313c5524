"""Calls one provider: free calls as often as needed, a paid call exactly once."""

from __future__ import annotations

import hashlib
import ipaddress
import logging
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import IO
from urllib.parse import urlsplit

import requests
from django.core.exceptions import ImproperlyConfigured
from requests.auth import AuthBase
from requests_toolbelt import MultipartEncoder

from providers.errors import (
    AuthenticationFailedError,
    OutcomeUnknownError,
    OutOfCreditError,
    ProviderError,
    ProviderUnavailableError,
    RunNotFoundError,
    UnexpectedReplyError,
)
from providers.http.calls import Call, Reply, detail_of, error_class, reply_from, wait_asked_for
from providers.http.send_once import (
    SendGuard,
    TooLateError,
    send_once_session,
    steady_seconds,
)
from providers.http.session import (
    NETWORK_ERRORS,
    USER_AGENT,
    BodyTooLargeError,
    KeyAuth,
    Timeout,
    new_session,
    read_chunks,
    time_limit,
)
from providers.redaction import safe_excerpt

logger = logging.getLogger(__name__)

NOT_AFTER_HEADER = "X-Not-After"
SAFE_TIMEOUT: Timeout = (5.0, 20.0)
UPLOAD_TIMEOUT: Timeout = (5.0, 120.0)
UPLOAD_LIMIT = 900.0  # seconds for a whole upload: fifty photos at one megabit per second
MAX_REPLY_BYTES = 64 * 1024 * 1024  # a base64 answer of four large pictures fits
BODY_SECONDS = 60.0  # for the whole body, once the headers are here

# What only the service itself can say.
_OF_THE_SERVICE = {AuthenticationFailedError, OutOfCreditError, RunNotFoundError}
_BROKEN = (*NETWORK_ERRORS, BodyTooLargeError)


@dataclass(frozen=True, slots=True)
class Upload:
    """A body that is streamed: a multipart form, or a file as it is."""

    body: MultipartEncoder | IO[bytes]
    content_type: str = ""  # of a file; a form has its own

    @classmethod
    def of_form(cls, form: MultipartEncoder) -> Upload:
        return cls(form, form.content_type)


@dataclass(frozen=True, slots=True)
class OtherKey:
    """Instead of the provider's key: a token that it gave out for one purpose, or no key."""

    auth: AuthBase | None = field(default=None, repr=False)


class Client:
    """HTTP with one provider's key, and its failures as our errors.

    Not thread-safe (its session is not): the registry keeps one per thread.
    """

    def __init__(
        self,
        provider: str,
        base_url: str,
        api_key: str,
        *,
        auth_scheme: str = "Bearer",
        session: requests.Session | None = None,
    ) -> None:
        if not is_sendable(api_key):
            # requests would refuse such a header with a message that quotes the key.
            raise ImproperlyConfigured(f"{provider}: api_key is empty or has odd characters")
        self.provider = provider
        self.base_url = base_url.rstrip("/")
        self.auth = KeyAuth(auth_scheme, api_key)
        # Says whether two readings are of the same account, without revealing its key.
        identity = f"{self.base_url}\n{api_key}".encode()
        self.account = hashlib.sha256(identity).hexdigest()[:16]
        self.trusts_environment = not is_loopback(base_url)
        self._session = session or new_session(trust_environment=self.trusts_environment)
        self.redact: Callable[[str], str] = lambda text: safe_excerpt(text, api_key)
        # Further https hosts that results may be fetched from with the key.
        self.key_hosts: frozenset[str] = frozenset()
        # What a refusal means where its status alone does not say it.
        self.error_kind: Callable[[Reply, type[ProviderError]], type[ProviderError]] = (
            lambda reply, kind: kind
        )

    def ask(
        self,
        call: Call,
        *,
        upload: Upload | None = None,
        key: OtherKey | None = None,
        timeout: Timeout = SAFE_TIMEOUT,
        limit: float | None = None,
        accepted_statuses: Collection[int] = (),
    ) -> Reply:
        """Make a call that costs nothing; trying again is the caller's business.

        Returns the reply, JSON object inside, where its status is 2xx or in `accepted_statuses`.
        `key` takes the place of the provider's own. `limit` (seconds) ends an exchange that takes
        longer as a whole than `timeout` adds up to.
        Raises any `ProviderError` but `OutcomeUnknownError`.
        """
        try:
            with time_limit(self._session, limit):
                reply = self._exchange(self._session, call, timeout, upload=upload, key=key)
        except _BROKEN as error:
            raise ProviderUnavailableError(self.provider, self.error_text(error)) from error
        return self._checked(reply, call, accepted_statuses)

    def pay(
        self,
        call: Call,
        *,
        headers: Mapping[str, str],
        timeout: Timeout,
        not_after: float | None = None,
        is_refusal: Callable[[Reply], bool] = lambda reply: False,
    ) -> Reply:
        """Make a call that may cost money: at most one HTTP request, whatever happens.

        `not_after` (of `steady_seconds`) is checked with the connection open, just before the
        first byte. `is_refusal` recognises a 5xx by which the provider surely refused.
        Raises `ProviderUnavailableError` where nothing was sent or surely nothing was accepted,
        `OutcomeUnknownError` where the answer was lost or makes no sense, and the 4xx errors.
        """
        guard = SendGuard(not_after)
        if not_after is not None and not self.trusts_environment:
            # On this machine both sides read one clock, so the trainer can refuse what was
            # frozen after our own check. Elsewhere clocks differ, and no service knows it.
            unix_seconds = time.time() + not_after - steady_seconds()
            headers = {**headers, NOT_AFTER_HEADER: f"{unix_seconds:.3f}"}
        try:
            with send_once_session(guard, trust_environment=self.trusts_environment) as session:
                reply = self._exchange(session, call, timeout, headers)
        except TooLateError as error:
            raise ProviderUnavailableError(self.provider, "too late to send") from error
        except _BROKEN as error:
            raise self._lost(error, guard) from error
        if is_refusal(reply):
            raise self.refusal(ProviderUnavailableError, reply)
        return self._checked(reply, call, is_paid=True)

    def unexpected(self, reply: Reply, problem: str, *, is_paid: bool = False) -> ProviderError:
        """Return the error for a reply we cannot read, after logging what it was."""
        raw = self.redact(reply.text)
        logger.warning("%s: %s (HTTP %s): %s", self.provider, problem, reply.status_code, raw)
        error = OutcomeUnknownError if is_paid else UnexpectedReplyError
        return error(self.provider, problem, status_code=reply.status_code)

    def _exchange(
        self,
        session: requests.Session,
        call: Call,
        timeout: Timeout,
        headers: Mapping[str, str] | None = None,
        upload: Upload | None = None,
        key: OtherKey | None = None,
    ) -> Reply:
        own = {"Content-Type": upload.content_type} if upload else {}
        with session.request(
            call.method,
            f"{call.origin or self.base_url}/{call.path.lstrip('/')}",
            params=dict(call.params),
            json=call.payload,
            data=upload.body if upload else None,
            headers={"User-Agent": USER_AGENT, **own, **call.headers, **(headers or {})},
            auth=key.auth if key else self.auth,
            timeout=timeout,
            allow_redirects=False,
            stream=True,
        ) as response:
            chunks = read_chunks(response, max_bytes=MAX_REPLY_BYTES, seconds=BODY_SECONDS)
            return reply_from(response.status_code, response.headers, b"".join(chunks))

    def _lost(self, error: Exception, guard: SendGuard) -> ProviderError:
        """Classify a paid call without answer: only what surely stayed here may be sent again."""
        # A connect timeout means what it says even where nothing guarded the connection.
        stayed = isinstance(error, requests.ConnectTimeout) or not guard.may_be_sent
        kind = ProviderUnavailableError if stayed else OutcomeUnknownError
        return kind(self.provider, self.error_text(error))

    def _checked(
        self, reply: Reply, call: Call, accepted: Collection[int] = (), *, is_paid: bool = False
    ) -> Reply:
        status = reply.status_code
        # Only the service itself says something in JSON; a page of a proxy never counts.
        if not reply.is_success and (status not in accepted or reply.data is None):
            kind = self.meaning(reply, is_paid=is_paid, is_about_run=call.is_about_run)
            raise self.refusal(kind, reply)
        is_empty = call.may_be_empty and not reply.text.strip()
        if reply.data is None and not is_empty:
            raise self.unexpected(reply, "the answer is not a JSON object", is_paid=is_paid)
        return reply

    def meaning(
        self, reply: Reply, *, is_paid: bool = False, is_about_run: bool = False
    ) -> type[ProviderError]:
        """Return which error an unsuccessful reply of this service's address means."""
        kind = error_class(reply.status_code, is_paid=is_paid, is_about_run=is_about_run)
        if reply.is_from_between and not is_paid and kind in _OF_THE_SERVICE:
            # A proxy knows nothing of keys and runs: its 404 is no proof that one is gone.
            return ProviderUnavailableError
        return self.error_kind(reply, kind)

    def refusal(self, kind: type[ProviderError], reply: Reply) -> ProviderError:
        """Return the error of a kind for a reply that refuses a call."""
        return kind(
            self.provider,
            self.redact(detail_of(reply)),
            status_code=reply.status_code,
            retry_after=wait_asked_for(reply),
        )

    def error_text(self, error: Exception) -> str:
        return self.redact(_in_words(error))


def _in_words(error: BaseException) -> str:
    """Return what a network error is and what the system says about it: no numbers, no objects.

    The libraries' own texts are for programmers. What the system said is in an error behind them.
    """
    if isinstance(error, requests.exceptions.InvalidSchema | requests.exceptions.InvalidProxyURL):
        return "the proxy that the environment names (ALL_PROXY, HTTPS_PROXY) cannot be used"
    if type(error) is OSError and "CA certificate bundle" in str(error):
        return "the file of certificates that the environment names (REQUESTS_CA_BUNDLE) is missing"
    found: BaseException | None = error
    while found is not None:
        if isinstance(found, OSError) and found.strerror:
            return f"{type(error).__name__}: {found.strerror}"
        found = found.__cause__ or found.__context__
    return type(error).__name__


def is_sendable(api_key: str) -> bool:
    """Return whether a key can travel in a header."""
    return bool(api_key) and api_key.isascii() and api_key.isprintable() and " " not in api_key


def is_loopback(url: str) -> bool:
    """Return whether `url` names this machine, where a proxy would only be in the way."""
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
