"""What keeps us from calling an address that somebody named: a code for programs, a sentence."""

from __future__ import annotations

from typing import ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext as _, gettext_lazy


class PublicCallError(Exception):
    """An address that was not called, or did not answer as it has to. No text holds the address."""

    code: ClassVar[str] = ""
    sentence: ClassVar[str | Promise] = ""

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail or str(self.sentence))


class AddressRefusedError(PublicCallError):
    """It is not an address that may be called; the text says why."""

    code = "address_refused"


class UnreachableError(PublicCallError):
    """Nobody answered, or the answer broke off."""

    code = "unreachable"
    sentence = gettext_lazy("The server at this address cannot be reached.")


class UntrustedError(PublicCallError):
    """It could not prove with a certificate who it is (or speaks no TLS)."""

    code = "untrusted"
    sentence = gettext_lazy("The server at this address has no valid certificate.")


class TooSlowError(PublicCallError):
    """It stood still, or took longer as a whole than it may."""

    code = "too_slow"
    sentence = gettext_lazy("The server at this address takes too long.")


class TooLargeError(PublicCallError):
    """Its answer has more bytes than are taken, in the head or in the body."""

    code = "too_large"
    sentence = gettext_lazy("The server at this address sends more than is taken.")


class UnwantedAnswerError(PublicCallError):
    """It answered with another status than success."""

    code = "unwanted_answer"

    def __init__(self, status: int) -> None:
        super().__init__(_("The server at this address answers with status %d.") % status)
        self.status = status
