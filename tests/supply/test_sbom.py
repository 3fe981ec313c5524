"""The list of what runs: everything that is locked, as the format wants it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

from tests.supply.lock import Locked, locked
from theway.processes.installation import ROOT


def write_sbom(path) -> bytes:
    env = os.environ | {"PYTHON": sys.executable}
    subprocess.run([ROOT / ".ci/sbom", path], env=env, check=True, capture_output=True)
    return path.read_bytes()


@pytest.fixture(scope="module")
def sbom(tmp_path_factory) -> bytes:
    return write_sbom(tmp_path_factory.mktemp("sbom") / "new folder" / "sbom.cdx.json")


def component(entry: dict[str, Any]) -> Locked:
    hashes = [one for ref in entry["externalReferences"] for one in ref["hashes"]]
    assert {one["alg"] for one in hashes} == {"SHA-256"}
    return Locked(entry["name"], entry["version"], frozenset(one["content"] for one in hashes))


def test_every_locked_distribution_is_named_with_version_and_hashes(sbom):
    entries = json.loads(sbom)["components"]
    assert {component(entry) for entry in entries} == locked()
    assert len(entries) == len(locked()) > 50


def test_every_distribution_has_the_address_that_scanners_know_it_by(sbom):
    for entry in json.loads(sbom)["components"]:
        purl = PackageURL.from_string(entry["purl"])
        assert (purl.type, purl.name, purl.version) == ("pypi", entry["name"], entry["version"])


def test_it_keeps_to_the_schema_of_the_format(sbom):
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(sbom.decode()) is None


def test_the_same_lock_gives_the_same_file(sbom, tmp_path):
    assert write_sbom(tmp_path / "again.json") == sbom
