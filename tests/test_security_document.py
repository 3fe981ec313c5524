"""The table in docs/security.md is whole, and what it names exists."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "docs/security.md").read_text()
ROW = re.compile(r"^\| (\d+\.\d+\.\d+) \| ([12]) \| (.+?) \| (.+) \|$", re.MULTILINE)
ROWS = {number: (level, proof) for number, level, _what, proof in ROW.findall(TEXT)}
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", TEXT)))
# The requirements of level 1 and 2 in each section of ASVS 5.0.0, by their last numbers: within a
# section those of level 3 come last. Chapters 10 and 17 are about what is not used here.
SECTIONS = {
    "1.1": "1-2", "1.2": "1-9", "1.3": "1-11", "1.4": "1-3", "1.5": "1-2",
    "2.1": "1-3", "2.2": "1-3", "2.3": "1-4", "2.4": "1-1",
    "3.2": "1-2", "3.3": "1-4", "3.4": "1-6", "3.5": "1-5", "3.7": "1-2",
    "4.1": "1-3", "4.2": "1-1", "4.3": "1-2", "4.4": "1-4",
    "5.1": "1-1", "5.2": "1-3", "5.3": "1-2", "5.4": "1-3",
    "6.1": "1-3", "6.2": "1-12", "6.3": "1-4", "6.4": "1-4", "6.5": "1-5", "6.6": "1-3",
    "6.8": "1-4",
    "7.1": "1-3", "7.2": "1-4", "7.3": "1-2", "7.4": "1-5", "7.5": "1-2", "7.6": "1-2",
    "8.1": "1-2", "8.2": "1-3", "8.3": "1-1", "8.4": "1-1",
    "9.1": "1-3", "9.2": "1-4",
    "11.1": "1-2", "11.2": "1-3", "11.3": "1-3", "11.4": "1-4", "11.5": "1-1", "11.6": "1-1",
    "12.1": "1-3", "12.2": "1-2", "12.3": "1-4",
    "13.1": "1-1", "13.2": "1-5", "13.3": "1-2", "13.4": "1-5",
    "14.1": "1-2", "14.2": "1-4", "14.3": "1-3",
    "15.1": "1-3", "15.2": "1-3", "15.3": "1-7",
    "16.1": "1-1", "16.2": "1-5", "16.3": "1-4", "16.4": "1-3", "16.5": "1-3",
}  # fmt: skip


def required() -> set[str]:
    found = set()
    for section, numbers in SECTIONS.items():
        first, last = map(int, numbers.split("-"))
        found |= {f"{section}.{number}" for number in range(first, last + 1)}
    return found


@cache
def names_in(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text())
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, kinds))


@pytest.mark.parametrize(("path", "name"), NAMED, ids=lambda part: part)
def test_every_test_that_is_named_exists(path, name):
    assert name in names_in(path)


def test_every_requirement_has_one_line():
    numbers = [number for number, *_ in ROW.findall(TEXT)]
    assert len(numbers) == len(set(numbers))
    assert set(numbers) == required()


def test_every_line_has_a_test_or_a_reason_or_is_a_gap():
    for number, (_level, proof) in ROWS.items():
        tests = re.findall(r"`tests/[\w/]+\.py::\w+`", proof)
        assert tests or proof.startswith(("Reason: ", "**Gap**: ")), number


def test_every_gap_is_listed():
    gaps = {number for number, (_level, proof) in ROWS.items() if proof.startswith("**Gap**")}
    listed = TEXT.split("## Known gaps")[1].split("\n## ")[0]
    assert set(re.findall(r"^- \*\*([\d.]+)\*\* ", listed, re.MULTILINE)) == gaps


def test_every_link_leads_somewhere():
    headings = {
        re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
        for heading in re.findall(r"^#+ (.+)$", TEXT, re.MULTILINE)
    }
    for file, _, anchor in re.findall(r"\]\(([\w.-]*)(#?)([\w-]*)\)", TEXT):
        assert not file or (ROOT / "docs" / file).exists(), file
        assert file or anchor in headings, anchor
