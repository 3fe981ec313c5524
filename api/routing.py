"""How a resource says what its calls are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from ninja import Router

View = TypeVar("View", bound=Callable[..., Any])


def new_router(tag: str) -> Router:
    """Return a router for one kind of thing; its answers have the outside's names."""
    return Router(tags=[tag], by_alias=True)


def may_fail(*codes: str) -> Callable[[View], View]:
    """Name the problems that a call has besides those of every call, for its description."""

    def noted(view: View) -> View:
        view.problems = codes  # type: ignore[attr-defined]
        return view

    return noted
