"""Everything the engine waits for, shortened by one factor: minutes of an outage fit into seconds.

The one place. `BENCH_TIME_FACTOR` (1: nothing changes) divides the constants named here in every
module that has imported them, so that a freeze of six seconds outlasts what 60 s outlast in
production. Deadlines of hours and days stay: no trial comes near them.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import re
import sys
from collections.abc import Mapping
from typing import Any

from django.apps import AppConfig

FACTOR = float(os.environ.get("BENCH_TIME_FACTOR", "1"))
ROOMS = ("jobs.engine", "providers", "training", "generation")
# Each is a time, a number of seconds, or a collection of those.
WAITS: Mapping[str, tuple[str, ...]] = {
    "jobs.engine.acceptance": ("RETRIES",),
    "jobs.engine.backoff": (
        "SHORTEST",
        "LONGEST",
        "LONGEST_HEALTHY",
        "SWEEP_SLACK",
        "CANCEL_AGAIN_AFTER",
    ),
    "jobs.engine.collect": ("WAIT_WHILE_UNAVAILABLE",),
    "jobs.engine.leases": ("LONGEST_WORK",),
    "jobs.engine.provider_status": ("POLL_LEASE", "DESCRIBE_EVERY", "DEFAULT_RETRY_AFTER"),
    "jobs.engine.reconcile": ("SEND_WITHIN", "FRESH"),
    "jobs.engine.run_logs": ("READ_EVERY",),
    "jobs.engine.sweep": ("CANCEL_UNHEARD_FOR",),
    "jobs.engine.transitions": ("LEASE",),
    "providers.http.client": ("SAFE_TIMEOUT", "UPLOAD_TIMEOUT", "UPLOAD_LIMIT", "BODY_SECONDS"),
    "providers.http.fetch": ("BODY_SECONDS",),
}
CLASS_WAITS = ("absence_after", "paid_timeouts", "shortest_interval")  # of providers


class CompressedTime(AppConfig):
    """Shortens the waits once everything is loaded."""

    name = "bench"

    def ready(self) -> None:
        if FACTOR != 1:
            compress()


def compress() -> None:
    """Divide every wait by FACTOR, wherever it was imported to. Raise AttributeError for one
    that is gone: a harness that waits for nothing would prove nothing."""
    for room in ROOMS:
        _import_all(room)
    for module, names in WAITS.items():
        for name in names:
            _replace(name, getattr(sys.modules[module], name))
    _compress_providers()


def shorter(value: Any) -> Any:
    """Return a time, or a collection of times, divided by FACTOR."""
    if isinstance(value, Mapping):
        return {key: shorter(one) for key, one in value.items()}
    if isinstance(value, tuple):  # of connecting and reading, or of one try after the other
        return tuple(shorter(one) for one in value)
    return value / FACTOR


def _import_all(room: str) -> None:
    package = importlib.import_module(room)
    for found in pkgutil.walk_packages(package.__path__, f"{room}."):
        if ".migrations" not in found.name:
            importlib.import_module(found.name)


def _replace(name: str, old: Any) -> None:
    new = shorter(old)
    for module in [one for key, one in sys.modules.items() if key.startswith(ROOMS)]:
        if vars(module).get(name) is old:
            setattr(module, name, new)


def _compress_providers() -> None:
    from providers.declared import Declared
    from providers.http import client

    # A default is bound when the function is defined: before this.
    client.Client.ask.__kwdefaults__["timeout"] = client.SAFE_TIMEOUT
    known = [Declared]
    for cls in known:
        known += cls.__subclasses__()
        for name in CLASS_WAITS:
            if name in vars(cls):
                setattr(cls, name, shorter(vars(cls)[name]))


def database_options(options: dict[str, Any]) -> dict[str, Any]:
    """Return the options of a PostgreSQL connection with shorter limits of its own."""
    if FACTOR == 1 or "tcp_user_timeout" not in options:
        return options
    from theway.transaction_settings import cursor_with

    settings = {name: _shorter_limit(value) for name, value in _settings_in(options).items()}
    return {
        **options,
        "cursor_factory": cursor_with(settings),
        "connect_timeout": 2,  # the least that libpq takes
        "keepalives_idle": 1,
        "keepalives_interval": 1,
        "tcp_user_timeout": int(options["tcp_user_timeout"] / FACTOR),
    }


def _settings_in(options: dict[str, Any]) -> Mapping[str, str]:
    settings: Mapping[str, str] = options["cursor_factory"].settings
    return settings


def _shorter_limit(value: str) -> str:
    seconds = re.fullmatch(r"(\d+)s", value)
    return f"{int(1000 * int(seconds[1]) / FACTOR)}ms" if seconds else value
