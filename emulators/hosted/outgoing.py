"""Calls that an emulator makes itself: webhooks, and what runs read from elsewhere."""

from __future__ import annotations

from urllib.parse import urlsplit

import requests

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def is_loopback(address: str) -> bool:
    """Return whether an address leads to this machine; raise ValueError where it is none."""
    return (urlsplit(address).hostname or "") in LOOPBACK


def session_for(address: str) -> requests.Session:
    """Return a session for an address: one on this machine is never reached through a proxy."""
    session = requests.Session()
    session.trust_env = not is_loopback(address)
    return session
