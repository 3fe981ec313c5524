"""The description of the API: as JSON for programs, as a page for people. Neither needs a key."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from api.app import api
from api.problems import PROBLEMS


@dataclass(frozen=True, slots=True)
class Call:
    """One call, as the page shows it."""

    id: str
    method: str
    path: str
    summary: str
    description: str
    scope: str
    parameters: list[dict[str, Any]]
    body: str  # an example
    body_type: str
    answers: list[tuple[str, str, str]]  # status, description, an example


@require_safe
def root(request: HttpRequest) -> HttpResponse:
    """Lead to the page that says what there is."""
    return redirect("api:docs")


@require_safe
def description(request: HttpRequest) -> HttpResponse:
    """Return the OpenAPI description."""
    return JsonResponse(_document())


@require_safe
def reference(request: HttpRequest) -> HttpResponse:
    """Show every call with its examples."""
    first = f'curl -H "Authorization: Bearer tw_…" {request.build_absolute_uri("/api/me")}'
    context = {"groups": _groups(), "problems": PROBLEMS.items(), "first_call": first}
    return render(request, "api/reference.html", context)


@cache
def _document() -> dict[str, Any]:
    found: dict[str, Any] = api.get_openapi_schema()
    return found


@cache
def _groups() -> list[tuple[str, list[Call]]]:
    groups: dict[str, list[Call]] = defaultdict(list)
    for path, methods in _document()["paths"].items():
        for method, call in methods.items():
            groups[call["tags"][0]].append(_call(method, path, call))
    return sorted(groups.items())


def _call(method: str, path: str, call: dict[str, Any]) -> Call:
    bodies: dict[str, Any] = call.get("requestBody", {}).get("content", {})
    body_type = next(iter(bodies), "")
    body = bodies.get(body_type, {})
    return Call(
        id=call["operationId"],
        method=method.upper(),
        path=path,
        summary=_plain(call["summary"]),
        description=_plain(call.get("description", "")),
        scope=call["x-scope"],
        parameters=call.get("parameters", []),
        body=_text(body.get("example")),
        body_type=body_type,
        answers=[_answer(str(status), one) for status, one in call["responses"].items()],
    )


def _answer(status: str, answer: dict[str, Any]) -> tuple[str, str, str]:
    example = next((one.get("example") for one in answer.get("content", {}).values()), None)
    return status, _plain(answer.get("description", "")), _text(example)


def _plain(markdown: str) -> str:
    """Return a description without the marks that other programs make code of."""
    return markdown.replace("`", "")


def _text(example: Any) -> str:
    return "" if example is None else json.dumps(example, indent=2, ensure_ascii=False)
