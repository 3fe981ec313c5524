"""How often programs may call: those of one person together, and those with tokens that are none.

A token cannot be guessed, so this is no protection of one: it keeps a program that was forgotten
from asking for ever, and tells the operator. All tokens from one network that do not count have
together what one that counts has, and nobody with such a one is ever held up by them.
"""

from __future__ import annotations

import logging

from django.conf import settings

from accounts import limits, request_counts
from accounts.allowances import Allowance, Limit, Usage
from accounts.api_token import ApiToken
from accounts.models import User
from accounts.visitors import network_of_address

security_log = logging.getLogger("theway.security")


def count_call(person: User) -> Allowance | None:
    """Count a call of one of the person's programs; return what they may make, all together, and
    have made in this minute. None without a limit.

    Apart from the person's pages: a busy program must not lock its owner out.
    """
    most = limits.allowed(person, Limit.REQUESTS)
    if most is None:
        return None
    made = request_counts.count(f"programs-{person.pk}")
    return Allowance(Limit.REQUESTS, most, Usage(made))


def refused(reason: str, *, token: ApiToken | None, address: str) -> None:
    """Count a token that does not count, and write its line. Who keeps on writes one a minute."""
    network = network_of_address(address)
    request_counts.count(_refusals(network))
    about = f"token={token.pk} account={token.user_id}" if token else "token=- account=-"
    if request_counts.count(f"{_refusals(network)}-{reason}-{token and token.pk}") <= 1:
        security_log.warning("token refused reason=%s %s from=%s", reason, about, network)


def are_too_many_refused(address: str) -> bool:
    """Return whether a network has sent too many tokens in this minute that do not count."""
    most = settings.LIMIT_REQUESTS_PER_TOKEN
    return (
        most is not None and request_counts.made_by(_refusals(network_of_address(address))) > most
    )


def _refusals(network: str) -> str:
    return f"refused-tokens-{network}"
