"""The description of the API (OpenAPI 3.1), made from the code: calls, bodies, every refusal."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any, TypeAlias

from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation

from api.auth import READS, Access
from api.examples import example_of
from api.idempotency import HEADER, PATTERN
from api.problems import CONTENT_TYPE, PROBLEMS, document as problem
from api.schema import ProblemOut

Document: TypeAlias = Any

DESCRIPTION = """\
Train an image LoRA from photos, follow the training, and make pictures with it.

Programs send `Authorization: Bearer …` with a personal token from the account page. A token may \
`read`, `write` (which includes read) or `spend` (which includes both): only the last starts what \
may cost money. Browsers use their session, and send `X-CSRFToken` with every change.

Names are in camelCase, times in UTC, sums of money are decimal numbers in US dollars as texts. \
Every refusal is a problem (RFC 9457) with a stable `code`. Somebody else's things do not exist: \
404. What is read has an `ETag`: send it as `If-None-Match` to be answered 304 where nothing has \
changed, and as `If-Match` with `PATCH` and `DELETE` to change only what you have seen, else 412.
"""
NO_NULL = r"^[^\x00]*$"
_SECURITY: list[dict[str, list[str]]] = [{"token": []}, {"session": []}]
_ALWAYS = ("unauthorized", "scope_missing", "csrf_failed", "too_many_requests", "unavailable")
_WITH_BODY = ("malformed", "too_large", "unsupported_media_type", "invalid", "too_slow", "no_space")
_KEY = {
    "in": "header",
    "name": HEADER,
    "required": False,
    "schema": {"type": "string", "pattern": PATTERN},
    "description": "Sent again, a request keeps its key and gets the same answer, for a day.",
}
_SCHEMES = {
    "token": {
        "type": "http",
        "scheme": "bearer",
        "description": "A personal token, made on the account page.",
    },
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "theway-session",
        "description": "A browser's session; the name ends differently in each installation. "
        "Changes also need `X-CSRFToken`.",
    },
}


def document(api: NinjaAPI) -> Document:
    """Return the whole description."""
    found = OpenAPISchema(api, "/api/")
    components = found["components"]
    components["securitySchemes"] = _SCHEMES
    components["examples"] = {code: {"value": problem(code)} for code in PROBLEMS}
    components["schemas"]["ProblemOut"] = ProblemOut.model_json_schema(
        by_alias=True, mode="serialization", ref_template="#/components/schemas/{model}"
    )
    for schema in list(components["schemas"].values()):
        components["schemas"] |= schema.pop("$defs", {})
    _restrict_texts(found, components["schemas"])
    for path, method, operation in operations(api):
        call = found["paths"][path][method.lower()]
        _add_examples(call, components["schemas"])
        _describe(call, path, method, operation)
    for methods in found["paths"].values():
        methods.pop("head", None)
    return dict(found)


def operations(api: NinjaAPI) -> Iterator[tuple[str, str, Operation]]:
    """Yield path, method and operation of every call that is described."""
    schema_paths = "/api/"
    for bound in api._get_bound_routers():
        for path, view in bound.path_operations.items():
            shown = _shown(f"{schema_paths}{path.lstrip('/')}")
            for operation in view.operations:
                if operation.include_in_schema:
                    for method in operation.methods:
                        yield shown, method, operation


def add_head(api: NinjaAPI) -> None:
    """Answer HEAD wherever there is GET."""
    for bound in api._get_bound_routers():
        for view in bound.path_operations.values():
            for operation in view.operations:
                if "GET" in operation.methods and "HEAD" not in operation.methods:
                    operation.methods.append("HEAD")


def _shown(path: str) -> str:
    """Return a path without the kinds of its parts: “{uuid:model_id}” is “{model_id}”."""
    parts = path.split("/")
    return "/".join(
        f"{{{p.rpartition(':')[2]}" if p.startswith("{") and ":" in p else p for p in parts
    )


def _describe(described: dict[str, Any], path: str, method: str, operation: Operation) -> None:
    # The first sentence says what it does.
    described["summary"] = described["description"].partition(".")[0].replace("\n", " ")
    access = _access(operation)
    described["security"] = _SECURITY
    described["x-scope"] = access.scope_for(method)
    parameters = described.setdefault("parameters", [])
    if getattr(operation.view_func, "is_creating", False):
        parameters.append(_KEY)
    described["responses"] |= _problems(_codes(path, method, operation))


def _restrict_texts(found: dict[str, Any], schemas: dict[str, Any]) -> None:
    """Say of what is sent what holds for every text and form: no null character, no member that
    nobody knows."""
    calls = (call for methods in found["paths"].values() for call in methods.values())
    for call in calls:
        for kind, content in call.get("requestBody", {}).get("content", {}).items():
            _restrict(content["schema"], schemas, set())
            if kind == "multipart/form-data":
                content["schema"]["additionalProperties"] = False


def _restrict(schema: Any, schemas: dict[str, Any], seen: set[str]) -> None:
    if isinstance(schema, list):
        for one in schema:
            _restrict(one, schemas, seen)
    if not isinstance(schema, dict):
        return
    name = str(schema.get("$ref", "")).rpartition("/")[2]
    if name and name not in seen:
        seen.add(name)
        _restrict(schemas[name], schemas, seen)
    if schema.get("type") == "string" and not {"format", "enum", "pattern"} & schema.keys():
        schema["pattern"] = NO_NULL
    if isinstance(schema.get("additionalProperties"), dict):
        schema.setdefault("propertyNames", {"pattern": NO_NULL})
    for one in schema.values():
        _restrict(one, schemas, seen)


def _add_examples(call: dict[str, Any], schemas: dict[str, Any]) -> None:
    """Give what is sent and what is answered an example."""
    bodies = [call.get("requestBody", {}), *call["responses"].values()]
    for content in (one for body in bodies for one in body.get("content", {}).values()):
        content.setdefault("example", example_of(content["schema"], schemas))


def _access(operation: Operation) -> Access:
    return next(one for one in operation.auth_callbacks if isinstance(one, Access))


def _codes(path: str, method: str, operation: Operation) -> set[str]:
    """Return every problem that a call can have."""
    codes = {*_ALWAYS, *getattr(operation.view_func, "problems", ())}
    if method not in READS:
        codes |= {*_WITH_BODY, "limit_reached"}
    if "{" in path or any("cursor" in one.model_fields for one in operation.models):
        codes.add("not_found")
    if operation.models:
        codes.add("invalid")
    if getattr(operation.view_func, "is_creating", False):
        codes |= {"request_in_progress", "idempotency_key_reused"}
    return codes


def _problems(codes: set[str]) -> dict[str, Any]:
    """Return the answers for these problems, by status."""
    by_status: dict[int, list[str]] = defaultdict(list)
    for code in PROBLEMS:
        if code in codes:
            by_status[PROBLEMS[code].status].append(code)
    return {str(status): _problem_answer(found) for status, found in sorted(by_status.items())}


def _problem_answer(codes: list[str]) -> dict[str, Any]:
    examples = {code: {"$ref": f"#/components/examples/{code}"} for code in codes}
    schema = {"$ref": "#/components/schemas/ProblemOut"}
    return {
        "description": " ".join(f"`{code}`: {PROBLEMS[code].title}." for code in codes),
        "content": {CONTENT_TYPE: {"schema": schema, "examples": examples}},
    }
