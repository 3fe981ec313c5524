"""Everything that can go wrong at a provider.

    ProviderError(provider, code, retryable, status_code, retry_after)
    ├ UnsupportedFeatureError    outside its capabilities         never retried
    ├ ProviderUnavailableError   no connection, or 5xx on a safe call  retried
    │ ├ RateLimitedError         429, honours Retry-After         retried
    │ └ ResultHostError          another host that keeps a result for it is away
    ├ OutcomeUnknownError        paid call sent, answer lost      looked up, not re-sent
    ├ AuthenticationFailedError  401, 403                         operator
    ├ OutOfCreditError           402                              operator
    │ └ AccountLockedError       for another reason than its balance  operator
    ├ RequestRejectedError       other 4xx: request or photos     the person sees why
    │ ├ ModerationError          photos or prompt were found indecent
    │ ├ BadDatasetError          the uploaded photos cannot be used
    │ ├ InputExpiredError        what was uploaded is no longer there
    │ └ TrainerGoneError         the trainer, or this version of it, is not there any more
    ├ RunNotFoundError           404 on a run
    ├ UnexpectedReplyError       not JSON, or a missing field     operator; raw logged
    └ InvalidWebhookError        also SuspiciousOperation: Django answers 400
      ├ StaleWebhookError        sent long ago, or by a clock that is wrong
      └ WrongSignatureError      signed with none of the keys that we know

Configuration errors stay outside this tree: a broad `except ProviderError` must not hide them.
"""

from __future__ import annotations

from typing import ClassVar

from django.core.exceptions import SuspiciousOperation

# What reading an answer of another shape than documented raises: fields that are missing or of
# another type, numbers that no float holds, and lists in lists without end.
MISSHAPEN = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError)


class ProviderError(Exception):
    """Root. `detail` is the provider's own explanation, already free of keys."""

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


class UnsupportedFeatureError(ProviderError):
    code = "unsupported"


class ProviderUnavailableError(ProviderError):
    """The provider did not answer; for a paid call: it surely was not sent."""

    code = "unavailable"
    retryable = True


class RateLimitedError(ProviderUnavailableError):
    code = "rate_limited"


class ResultHostError(ProviderUnavailableError):
    """Another host than the provider's own, at which a result lies, did not answer: that says
    nothing about the provider."""


class OutcomeUnknownError(ProviderError):
    """The paid call left us and no answer came: it may or may not have been accepted."""

    code = "outcome_unknown"


class AuthenticationFailedError(ProviderError):
    code = "authentication_failed"


class OutOfCreditError(ProviderError):
    code = "out_of_credit"


class AccountLockedError(OutOfCreditError):
    """The account may not pay, and credit does not help: only the service can unlock it."""

    code = "account_locked"


class RequestRejectedError(ProviderError):
    code = "rejected"


class ModerationError(RequestRejectedError):
    code = "moderation"


class BadDatasetError(RequestRejectedError):
    code = "bad_dataset"


class InputExpiredError(RequestRejectedError):
    code = "input_expired"


class TrainerGoneError(RequestRejectedError):
    code = "trainer_gone"


class RunNotFoundError(ProviderError):
    code = "run_not_found"


class UnexpectedReplyError(ProviderError):
    code = "unexpected_reply"


# How a run that was started can fail: what `Run.error_code` may say, each with words of its own
# in `jobs.messages.ERRORS`.
RUN_FAILED = "run_failed"
RUN_ERROR_CODES = frozenset(
    {
        RUN_FAILED,
        ModerationError.code,
        BadDatasetError.code,
        InputExpiredError.code,
        TrainerGoneError.code,
        OutOfCreditError.code,
        "out_of_memory",
        "timed_out",
    }
)


class InvalidWebhookError(ProviderError, SuspiciousOperation):
    code = "invalid_webhook"


class StaleWebhookError(InvalidWebhookError):
    """What was sent so long ago may be sent again by somebody who has read it."""


class WrongSignatureError(InvalidWebhookError):
    """Forged, changed on the way, or signed with a key that is newer than those we know."""
