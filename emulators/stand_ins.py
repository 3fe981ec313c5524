"""The stand-ins of hosted services: how each is started, and how TheWay is told where it is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StandIn:
    """A service: its module, and the variables by which TheWay finds it."""

    name: str
    key_variable: str
    key: str
    url_variable: str
    auth_scheme: str
    port: int  # where it is free: what is at the same address is the same account

    def environment(self, port: int) -> dict[str, str]:
        """Return the variables that switch it on at a port of this machine."""
        return {self.key_variable: self.key, self.url_variable: f"http://127.0.0.1:{port}"}

    @property
    def headers(self) -> dict[str, str]:
        """Return what a request needs to be let in."""
        return {"Authorization": f"{self.auth_scheme} {self.key}"}


STAND_INS = (
    StandIn(
        "replicate", "REPLICATE_API_TOKEN", "r8_emulated", "REPLICATE_BASE_URL", "Bearer", 8110
    ),
    StandIn("fal", "FAL_KEY", "emulated:emulated", "FAL_BASE_URL", "Key", 8202),
)
