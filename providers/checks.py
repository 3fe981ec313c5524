"""System checks of the provider settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning

from providers.http.client import is_loopback, is_sendable
from providers.registry import CLASSES, problem_with


def check_providers_settings(
    app_configs: Sequence[Any] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Return what is wrong with `settings.PROVIDERS`: a Django system check.

    theway.E011 an unknown provider, or an option that is missing or unused; theway.E012 an
    address that is none; theway.E013 a key that cannot travel in a header; theway.W011 a
    key that would cross the internet unencrypted; theway.W012 one that every installation has,
    for a trainer on another machine.
    """
    messages: list[CheckMessage] = []
    for key, options in settings.PROVIDERS.items():
        if problem := problem_with(key, options):
            messages.append(Error(problem, id="theway.E011"))
        else:
            messages += _check_values(key, options)
    return messages


def _check_values(key: str, options: Mapping[str, str]) -> list[CheckMessage]:
    messages: list[CheckMessage] = []
    parts = urlsplit(options["base_url"])
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        messages.append(Error(f"PROVIDERS[{key!r}]: base_url is no address", id="theway.E012"))
    elif _is_exposed(key, options["base_url"]):
        messages.append(
            Warning(
                f"PROVIDERS[{key!r}]: base_url is not https, so its key can be read on the way",
                id="theway.W011",
            )
        )
    if parts.hostname and options["api_key"] == key and not is_loopback(options["base_url"]):
        # A provider of our own is its own default key: fine where nobody else can reach it.
        messages.append(
            Warning(
                f"PROVIDERS[{key!r}]: {options['base_url']} has the key that everybody knows.",
                hint="Give it a key of its own (TRAINER_API_KEYS) and name it here.",
                id="theway.W012",
            )
        )
    if not is_sendable(options["api_key"]):
        messages.append(
            Error(f"PROVIDERS[{key!r}]: api_key has spaces or odd characters", id="theway.E013")
        )
    return messages


def _is_exposed(key: str, url: str) -> bool:
    # The owner's own trainer is usually reached by plain http inside a private network.
    return not url.startswith("https://") and not is_loopback(url) and not CLASSES[key].runs_here
