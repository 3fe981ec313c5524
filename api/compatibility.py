"""What would break programs that were written for an older description of the API.

A program breaks where a call, an answer's member or a value that may be sent is gone or has become
another, and where something must be sent that nobody had to send before. More calls, more members
in answers and more that may be sent break nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Document = dict[str, Any]
_JSON = "application/json"


def breaking_changes(old: Document, new: Document) -> list[str]:
    """Return what in `new` would break a program written for `old`, a line each."""
    return [*_calls(old, new)]


def _calls(old: Document, new: Document) -> Iterator[str]:
    for path, methods in old["paths"].items():
        for method, call in methods.items():
            where = f"{method.upper()} {path}"
            now = new["paths"].get(path, {}).get(method)
            if now is None:
                yield f"{where}: is gone"
                continue
            yield from _parameters(where, call, now)
            yield from _scope(where, call, now)
            yield from _sent(where, (old, call), (new, now))
            yield from _answered(where, (old, call), (new, now))


def _parameters(where: str, old: Document, new: Document) -> Iterator[str]:
    known = {one["name"]: one for one in old.get("parameters", [])}
    now = {one["name"]: one for one in new.get("parameters", [])}
    yield from (f"{where}: takes no {name} any more" for name in known.keys() - now.keys())
    for name, one in now.items():
        if one["required"] and not known.get(name, {}).get("required"):
            yield f"{where}: needs {name}"


def _scope(where: str, old: Document, new: Document) -> Iterator[str]:
    order = ("read", "write", "spend")
    if order.index(new["x-scope"]) > order.index(old["x-scope"]):
        yield f"{where}: needs a token that may {new['x-scope']}"


def _sent(
    where: str, old: tuple[Document, Document], new: tuple[Document, Document]
) -> Iterator[str]:
    before, now = _body(old[1]), _body(new[1])
    for kind in before:
        if kind not in now:
            yield f"{where}: takes no {kind} any more"
            continue
        yield from _schemas(
            f"{where} takes", (old[0], before[kind]), (new[0], now[kind]), is_sent=True
        )


def _answered(
    where: str, old: tuple[Document, Document], new: tuple[Document, Document]
) -> Iterator[str]:
    for status, answer in old[1]["responses"].items():
        if not str(status).startswith("2"):
            continue
        now = new[1]["responses"].get(status)
        if now is None:
            yield f"{where}: answers no {status} any more"
            continue
        before = answer.get("content", {}).get(_JSON, {}).get("schema")
        if before is not None:
            after = now.get("content", {}).get(_JSON, {}).get("schema", {})
            yield from _schemas(f"{where} answers", (old[0], before), (new[0], after))


def _schemas(
    where: str,
    old: tuple[Document, Document],
    new: tuple[Document, Document],
    *,
    is_sent: bool = False,
) -> Iterator[str]:
    """Yield what breaks between two schemas, each with the document that it refers into."""
    before, now = _resolved(*old), _resolved(*new)
    if _types(old[0], before) - _types(new[0], now) and is_sent:
        yield f"{where}: takes another type"
    if _types(new[0], now) - _types(old[0], before) and not is_sent:
        yield f"{where}: has another type"
    allowed = set(before.get("enum", []))
    if is_sent and "enum" in now and not allowed <= set(now["enum"]):
        yield f"{where}: takes fewer values"
    members, later = before.get("properties", {}), now.get("properties", {})
    yield from (f"{where} {name}: is gone" for name in members if name not in later)
    if is_sent:
        needed = set(now.get("required", [])) - set(before.get("required", []))
        yield from (f"{where} {name}: must be sent now" for name in sorted(needed))
    for name in members.keys() & later.keys():
        yield from _schemas(
            f"{where} {name}", (old[0], members[name]), (new[0], later[name]), is_sent=is_sent
        )
    if "items" in before and "items" in now:
        yield from _schemas(
            f"{where} []", (old[0], before["items"]), (new[0], now["items"]), is_sent=is_sent
        )


def _body(call: Document) -> dict[str, Document]:
    content = call.get("requestBody", {}).get("content", {})
    return {kind: one["schema"] for kind, one in content.items()}


def _resolved(document: Document, schema: Document) -> Document:
    """Return a schema itself where it is named only."""
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def _types(document: Document, schema: Document) -> set[str]:
    schema = _resolved(document, schema)
    variants = schema.get("anyOf", [])
    if variants:
        return set().union(*(_types(document, one) for one in variants))
    found = schema.get("type", "any")
    return set(found) if isinstance(found, list) else {found}
