"""The providers this installation may use, by hand and by settings.

`settings.PROVIDERS` maps a key to the constructor's options. What is not listed there is off.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from providers.base import Provider
from providers.local import Local
from providers.together import Together

CLASSES: Mapping[str, type[Provider]] = {cls.key: cls for cls in (Local, Together)}
OPTIONS = frozenset({"api_key", "base_url"})


class _Kept(threading.local):
    """One instance per thread: requests does not promise that a Session can be shared."""

    def __init__(self) -> None:
        # A forked worker must not share its parent's connections: hence the process id.
        self.instances: dict[tuple[int, str], tuple[dict[str, str], Provider]] = {}


_kept = _Kept()


def configured() -> tuple[str, ...]:
    """Return the keys of the providers that are on, in the order of the settings."""
    return tuple(settings.PROVIDERS)


def get(key: str) -> Provider:
    """Return this thread's instance of a configured provider.

    Raises `ImproperlyConfigured` for a provider that is unknown or off, or whose options
    are not exactly those it uses. Changed settings give a new instance.
    """
    options = dict(settings.PROVIDERS.get(key) or {})
    if problem := problem_with(key, options):
        raise ImproperlyConfigured(problem)
    name = os.getpid(), key
    if name not in _kept.instances or _kept.instances[name][0] != options:
        provider = CLASSES[key](api_key=options["api_key"], base_url=options["base_url"])
        _kept.instances[name] = options, provider
    return _kept.instances[name][1]


def problem_with(key: str, options: Mapping[str, str]) -> str:
    """Return what is wrong with one entry of PROVIDERS, without its values; "" if nothing."""
    if key not in CLASSES:
        return f"PROVIDERS: {key!r} is not a known provider ({', '.join(sorted(CLASSES))})"
    if not options:
        return f"PROVIDERS: {key!r} is not configured"
    if unused := sorted(options.keys() - OPTIONS):
        return f"PROVIDERS[{key!r}]: unused option {', '.join(unused)}"
    if missing := sorted(name for name in OPTIONS if not options.get(name)):
        return f"PROVIDERS[{key!r}]: {', '.join(missing)} is missing"
    return ""
