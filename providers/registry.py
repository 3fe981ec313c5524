"""The providers that exist, and those that this installation may use.

`settings.PROVIDERS` maps a key to the constructor's options. What is not listed there is off.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext as _

from environment.reading import Environment
from environment.values import Variable
from providers.base import Provider
from providers.catalog import TrainingOffer
from providers.fal.provider import Fal
from providers.http.client import is_loopback
from providers.hyperparameters import Defaults
from providers.local.provider import Local
from providers.replicate.fast import ReplicateFast
from providers.replicate.provider import Replicate
from providers.together.provider import Together
from providers.types import Capability

# In the order in which people see them.
CLASSES: Mapping[str, type[Provider]] = {
    cls.key: cls for cls in (Local, Fal, Replicate, ReplicateFast, Together)
}
OPTIONS = frozenset({"api_key", "base_url"})


class _Instances(threading.local):
    """One instance per thread: requests does not promise that a Session can be shared."""

    def __init__(self) -> None:
        # A forked worker must not share its parent's connections: hence the process id.
        self.by_name: dict[tuple[int, str], tuple[dict[str, str], Provider]] = {}


_instances = _Instances()


def from_environment(env: Environment) -> dict[str, dict[str, str]]:
    """Return `settings.PROVIDERS`: the options of each provider that `env` switches on."""
    return {key: options for key, cls in CLASSES.items() if (options := cls.options_from(env))}


def variables() -> list[Variable[str]]:
    """Return the variables that the providers read; several may read the same."""
    pairs = ((cls.key_variable, cls.url_variable) for cls in CLASSES.values())
    return list({one.name: one for pair in pairs for one in pair}.values())


def configured() -> tuple[str, ...]:
    """Return the keys of the providers that are on, in the order of the settings."""
    return tuple(settings.PROVIDERS)


def label_of(key: str) -> str:
    """Return a provider's name for people, also of one that is unknown by now."""
    label = str(CLASSES[key].label) if key in CLASSES else key
    return _("%(provider)s (emulated)") % {"provider": label} if is_emulated(key) else label


def is_emulated(key: str) -> bool:
    """Return whether a hosted provider's address is on this machine: a stand-in answers there."""
    if key not in CLASSES or CLASSES[key].runs_here:
        return False
    return is_loopback(settings.PROVIDERS.get(key, {}).get("base_url", ""))


def runs_here(key: str) -> bool:
    """Return whether a provider runs on a machine of the installation, so that it is free."""
    return key in CLASSES and CLASSES[key].runs_here


def makes_samples(key: str) -> bool:
    """Return whether a provider's trainings show on the way what they have learned."""
    return key in CLASSES and Capability.SAMPLES in CLASSES[key].capabilities


def training_offer(key: str, base_model: str) -> TrainingOffer | None:
    """Return how a provider trains a base model, whether it can be reached now or not."""
    return CLASSES[key].training_offers.get(base_model) if key in CLASSES else None


def training_defaults(key: str, base_model: str, subject: str) -> Defaults:
    """Return what is usual for training a base model at a provider; what is usual anywhere for
    one that does not train it."""
    offer = training_offer(key, base_model)
    return offer.defaults_for(subject) if offer else Defaults()


def get(key: str) -> Provider:
    """Return this thread's instance of a configured provider.

    Raises `ImproperlyConfigured` for a provider that is unknown or off, or whose options
    are not exactly those it uses. Changed settings give a new instance.
    """
    options = dict(settings.PROVIDERS.get(key) or {})
    if problem := problem_with(key, options):
        raise ImproperlyConfigured(problem)
    name = os.getpid(), key
    if name not in _instances.by_name or _instances.by_name[name][0] != options:
        provider = CLASSES[key](api_key=options["api_key"], base_url=options["base_url"])
        _instances.by_name[name] = options, provider
    return _instances.by_name[name][1]


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
