"""Every address there is, walked from the URL configuration."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

_CONVERTER = re.compile(r"<(?:\w+:)?(\w+)>")
_GROUP = re.compile(r"\(\?P<(\w+)>[^()]*\)")


@dataclass(frozen=True, slots=True)
class Route:
    """One address: its name with the namespace, or its pattern where it has no name."""

    name: str
    pattern: str
    view: Callable[..., Any]

    @property
    def module(self) -> str:
        """Return the module of its view."""
        return str(getattr(self.view, "view_class", self.view).__module__)

    @property
    def parameters(self) -> list[str]:
        return _CONVERTER.findall(_plain(self.pattern))

    def path(self, values: Mapping[str, object]) -> str:
        """Return the address with `values` in its variable parts."""
        return "/" + _CONVERTER.sub(lambda part: str(values[part[1]]), _plain(self.pattern))


def routes() -> list[Route]:
    """Return every address of the site."""
    return list(_walk(get_resolver()))


def _walk(resolver: URLResolver, prefix: str = "", namespace: str = "") -> Iterator[Route]:
    for pattern in resolver.url_patterns:
        whole = f"{prefix}{pattern.pattern}"
        if isinstance(pattern, URLPattern):
            name = f"{namespace}{pattern.name}" if pattern.name else whole
            yield Route(name, whole, pattern.callback)
        else:
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from _walk(pattern, whole, inner)


def _plain(pattern: str) -> str:
    """Return a regular expression's address as one with converters."""
    return _GROUP.sub(r"<\1>", pattern).replace("^", "").replace("$", "")
