"""How much one client address may have open, so that no single one takes everything.

A household or an office behind one router is one address, so the limit is generous. Behind a
proxy every connection is the proxy's: those are not counted, but the requests that are under way
for each address that the proxy names.
"""

from __future__ import annotations

import ipaddress
from collections import Counter

from uvicorn.middleware.proxy_headers import _TrustedHosts

# One customer of a provider has at least so many addresses to change between (RFC 6177).
_IPV6_NETWORK_BITS = 64


class AddressLimit:
    """Counts per client address, except for those of the proxies that are trusted.

    `trusted` is what uvicorn takes, and read by uvicorn's own rule: addresses and networks,
    separated by commas, or `*`.
    """

    def __init__(self, most: int, trusted: str = "") -> None:
        self.most = most
        self._trusted = _TrustedHosts(trusted)
        self._open: Counter[str] = Counter()

    def take(self, address: str | None) -> str:
        """Count one more for `address`; return what `give_back` takes. Raises TooManyError."""
        if not address or self.trusts(address):
            return ""
        if self.is_full(address):
            raise TooManyError
        place = _place(address)
        self._open[place] += 1
        return place

    def trusts(self, address: str) -> bool:
        """Return whether a connection from there is a proxy's."""
        return address in self._trusted

    def is_full(self, address: str) -> bool:
        """Return whether `address` has as much open as one may have."""
        return self._open[_place(address)] >= self.most

    def __len__(self) -> int:
        """Return how many addresses have something open."""
        return len(self._open)

    def give_back(self, place: str | None) -> None:
        """Count one less. Addresses with nothing open are forgotten."""
        if not place:
            return
        self._open[place] -= 1
        if self._open[place] <= 0:
            del self._open[place]


class TooManyError(Exception):
    """This address has as much open as one may have."""


def _place(address: str) -> str:
    """Return what an address counts as: an IPv6 address as the network of its customer."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address
    if known.version == 4:
        return address
    if known.ipv4_mapped:
        return str(known.ipv4_mapped)
    return str(ipaddress.ip_network((known, _IPV6_NETWORK_BITS), strict=False))
