"""Where fal keeps the parts of its API (fal_client 1.0.3 and fal.ai/docs, November 2026)."""

from __future__ import annotations

from dataclasses import dataclass

OFFICIAL = "https://queue.fal.run"


@dataclass(frozen=True, slots=True)
class Hosts:
    """Origins of one installation of the service."""

    queue: str = OFFICIAL
    rest: str = "https://rest.fal.ai"
    cdn: str = "https://v3.fal.media"
    platform: str = "https://api.fal.ai"
    pages: str = "https://fal.ai"


def hosts_at(base_url: str) -> Hosts:
    """Return the official hosts, or one origin for all of them: that of a stand-in."""
    base_url = base_url.rstrip("/")
    return Hosts() if base_url == OFFICIAL else Hosts(*[base_url] * 5)


def app_of(endpoint: str) -> str:
    """Return the part of an endpoint's id that addresses of its requests keep: two segments."""
    return "/".join(endpoint.split("/")[:2])
