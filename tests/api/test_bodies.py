"""Bodies that are wrong in every way get an answer that helps."""

from __future__ import annotations

import pytest

from tests.api.conftest import problem
from tests.factories import UserModelFactory

CREATE = "/api/models/create"


def sent(program, body: bytes, kind: str = "application/json"):
    return program._client.post(CREATE, body, content_type=kind, headers=program._headers)


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"nonsense",
        b"\xff\xfe{}",
        b'{"name": "x"',
        b'{"name": NaN}',
        b'{"name": "a", "name": "b"}',
        b"[" * 100_000,
        b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
        b'{"name": ' + b"9" * 10_000 + b"}",
        "{}".encode("utf-16"),
    ],
)
def test_what_is_no_json_is_malformed(body, program):
    problem(sent(program, body), 400, "malformed")


@pytest.mark.parametrize("body", [b"", b"null", b"1", b'"x"', b"[]", b"[{}]", b"true"])
def test_json_of_another_kind_is_invalid(body, program):
    problem(sent(program, body), 422, "invalid")


@pytest.mark.parametrize(
    "kind",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "x"],
)
def test_another_type_is_said_to_be_one(kind, program):
    assert sent(program, b'{"name": "x"}', kind).status_code in {400, 415}


@pytest.mark.parametrize(
    "name", [None, 1, True, [], {}, "", "   ", "\u200b", "x" * 61, "\x07", ["a"]]
)
def test_a_name_that_is_none_is_refused_with_its_field(name, program):
    found = problem(program.post(CREATE, {"name": name, "skipTraining": True}), 422, "invalid")
    assert found["errors"][0]["field"] == "name"


@pytest.mark.parametrize("text", ["\\u0000", "\\ud800"])
def test_characters_that_no_database_takes_are_refused(text, program):
    answer = sent(program, b'{"skipTraining": true, "name": "a' + text.encode() + b'"}')
    assert answer.status_code == 422
    assert answer["Content-Type"] == "application/problem+json"


def test_an_unknown_member_is_named_and_not_left_aside(program):
    found = problem(program.post(CREATE, {"name": "a", "trigger_word": "x"}), 422, "invalid")
    assert [one["field"] for one in found["errors"]] == ["trigger_word"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", "/api/nothing"),
        ("get", "/api/models/not-an-id"),
        ("get", "/api/models/00000000-0000-0000-0000-000000000000"),
        ("post", "/api/webhooks/nobody"),
    ],
)
def test_what_is_not_there_is_a_problem_too(method, path, program):
    answer = program.call(method, path)
    assert answer.status_code in {403, 404}
    assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("method", ["put", "patch", "delete", "post", "options", "trace"])
def test_a_method_that_there_is_not_names_those_that_there_are(method, program):
    answer = getattr(program._client, method)("/api/me", headers=program._headers)
    problem(answer, 405, "method_not_allowed")
    assert "GET" in answer["Allow"]


def test_head_is_get_without_the_body(owner, program):
    path = f"/api/models/{UserModelFactory(owner=owner).pk}"
    head = program.call("head", path)
    assert (head.status_code, head["ETag"]) == (200, program.get(path)["ETag"])


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=101", "limit=x", "limit=", "cursor=" + "9" * 200]
)
def test_a_wrong_query_is_refused_with_its_name(query, program):
    found = problem(program.get(f"/api/models?{query}"), 422, "invalid")
    assert found["errors"][0]["field"] == query.partition("=")[0]


@pytest.mark.parametrize("cursor", ["x", "20261126T093000.000000_x", "%00", "é"])
def test_a_page_that_there_is_not_is_not_there(cursor, program):
    assert program.get(f"/api/models?cursor={cursor}").status_code in {404, 422}
