"""The description of the API: whole, the same as the stored one, and never less than before."""

from __future__ import annotations

import copy
import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from api.compatibility import breaking_changes
from api.management.commands import describe_api
from api.management.commands.describe_api import STORED, described
from api.problems import PROBLEMS

STORED_DOCUMENT = json.loads(STORED.read_text())
CALLS = [
    pytest.param(path, method, call, id=f"{method} {path}")
    for path, methods in STORED_DOCUMENT["paths"].items()
    for method, call in methods.items()
]


def test_nothing_breaks_programs_that_were_written_for_the_stored_description():
    assert breaking_changes(STORED_DOCUMENT, described()) == []


def test_the_stored_description_is_that_of_the_code():
    assert described() == STORED_DOCUMENT, "run: manage.py describe_api"


@pytest.mark.parametrize(("path", "method", "call"), CALLS)
def test_every_call_says_what_it_needs_gives_and_refuses(path, method, call):
    assert call["summary"] and call["description"]
    assert call["x-scope"] in {"read", "write", "spend"}
    assert {"401", "403", "429"} <= call["responses"].keys()
    if "{" in path:
        assert "404" in call["responses"]
    if method != "get":
        assert {"413", "422"} <= call["responses"].keys()
    bodies = [call.get("requestBody", {}), *call["responses"].values()]
    for content in (one for body in bodies for one in body.get("content", {}).values()):
        assert "example" in content or "examples" in content


def test_every_problem_that_a_call_names_is_one():
    named = {
        code
        for methods in STORED_DOCUMENT["paths"].values()
        for call in methods.values()
        for answer in call["responses"].values()
        for content in answer.get("content", {}).values()
        for code in content.get("examples", {})
    }
    assert named <= PROBLEMS.keys()


def test_everybody_may_read_it(anonymous_client):
    answer = anonymous_client.get("/api/openapi.json")
    assert answer.json()["openapi"].startswith("3.1")
    page = anonymous_client.get("/api/docs").content.decode()
    assert "POST /api/models/start-training" in page
    assert "Idempotency-Key" in page
    for code in PROBLEMS:
        assert f'id="{code}"' in page


def _members(document, name):
    return document["components"]["schemas"][name]["properties"]


def _list(document):
    return document["paths"]["/api/models"]["get"]


@pytest.mark.parametrize(
    ("new", "said"),
    [
        (lambda d: d["paths"].pop("/api/me"), "GET /api/me: is gone"),
        (lambda d: _members(d, "JobOut").pop("status"), "status: is gone"),
        (lambda d: _members(d, "JobOut")["step"].update(anyOf=[{"type": "string"}]), "step: has"),
        (lambda d: _schema(d, "StartIn")["required"].append("x"), "x: must be sent now"),
        (lambda d: _members(d, "CreateIn").pop("description"), "description: is gone"),
        (lambda d: _members(d, "CreateIn")["kind"]["enum"].remove("style"), "fewer values"),
        (lambda d: _list(d).update({"x-scope": "write"}), "needs a token that may write"),
        (lambda d: _list(d)["parameters"].clear(), "takes no cursor any more"),
    ],
)
def test_what_would_break_a_program_is_named(new, said):
    document = copy.deepcopy(STORED_DOCUMENT)
    new(document)
    assert any(said in one for one in breaking_changes(STORED_DOCUMENT, document))


@pytest.mark.parametrize(
    "new",
    [
        lambda d: d["paths"].update({"/api/new": {}}),
        lambda d: _schema(d, "JobOut")["properties"].update(more={"type": "string"}),
        lambda d: _schema(d, "StartIn")["properties"].update(more={"type": "string"}),
        lambda d: _schema(d, "StartIn")["required"].clear(),
    ],
)
def test_more_than_before_breaks_nobody(new):
    document = copy.deepcopy(STORED_DOCUMENT)
    new(document)
    assert breaking_changes(STORED_DOCUMENT, document) == []


def test_the_command_writes_no_description_that_breaks_programs(tmp_path, monkeypatch):
    older = copy.deepcopy(STORED_DOCUMENT)
    older["paths"]["/api/older"] = older["paths"]["/api/me"]
    stored = tmp_path / "openapi.json"
    stored.write_text(json.dumps(older))
    monkeypatch.setattr(describe_api, "STORED", stored)
    with pytest.raises(CommandError, match="GET /api/older: is gone"):
        call_command("describe_api", stdout=StringIO())
    assert json.loads(stored.read_text()) == older
    call_command("describe_api", breaking=True, stdout=StringIO())
    assert json.loads(stored.read_text()) == described()


def _schema(document, name):
    return document["components"]["schemas"][name]
