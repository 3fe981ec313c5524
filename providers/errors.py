"""Everything that can go wrong at a provider.

    ProviderError(provider, code, retryable, status_code, retry_after)
    ├ UnsupportedFeature    asked for something outside its capabilities  never retried
    ├ ProviderUnavailable   no connection, or 5xx on a safe call          retried
    │ └ RateLimited         429, honours Retry-After                      retried
    ├ OutcomeUnknown        paid call sent, answer lost                   looked up, not re-sent
    ├ AuthenticationFailed  401, 403                                      operator
    ├ OutOfCredit           402                                           operator
    ├ RequestRejected       other 4xx: our request or the photos          the person sees why
    ├ RunNotFound           404 on a run
    ├ UnexpectedReply       not JSON, or a missing field                  operator; raw logged
    └ InvalidWebhook        also SuspiciousOperation: Django answers 400

Configuration errors stay outside this tree: a broad `except ProviderError` must not hide them.
"""

from __future__ import annotations

from typing import ClassVar

from django.core.exceptions import SuspiciousOperation


class ProviderError(Exception):
    """Root. `detail` is the provider's own words, already free of keys."""

    code: ClassVar[str] = "provider_error"
    retryable: ClassVar[bool] = False

    def __init__(
        self,
        provider: str,
        detail: str = "",
        *,
        status_code: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(": ".join(part for part in (provider, self.code, detail) if part))
        self.provider = provider
        self.detail = detail
        self.status_code = status_code
        self.retry_after = retry_after  # seconds


class UnsupportedFeature(ProviderError):
    code = "unsupported"


class ProviderUnavailable(ProviderError):
    """The provider did not answer; for a paid call: it surely was not sent."""

    code = "unavailable"
    retryable = True


class RateLimited(ProviderUnavailable):
    code = "rate_limited"


class OutcomeUnknown(ProviderError):
    """The paid call left us and no answer came: it may or may not have been accepted."""

    code = "outcome_unknown"


class AuthenticationFailed(ProviderError):
    code = "authentication_failed"


class OutOfCredit(ProviderError):
    code = "out_of_credit"


class RequestRejected(ProviderError):
    code = "rejected"


class RunNotFound(ProviderError):
    code = "run_not_found"


class UnexpectedReply(ProviderError):
    code = "unexpected_reply"


class InvalidWebhook(ProviderError, SuspiciousOperation):
    code = "invalid_webhook"
