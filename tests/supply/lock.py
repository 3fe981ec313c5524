"""What requirements.lock holds, read by other code than ours."""

from __future__ import annotations

from dataclasses import dataclass

from pip_requirements_parser import RequirementsFile

from theway.processes.installation import ROOT


@dataclass(frozen=True, order=True)
class Locked:
    """One locked distribution."""

    name: str
    version: str
    hashes: frozenset[str]


def locked(file: str = "requirements.lock") -> set[Locked]:
    """Return every distribution of a lock file."""
    parsed = RequirementsFile.from_file(str(ROOT / file))
    return {
        Locked(
            one.name,
            one.get_pinned_version,
            frozenset(text.removeprefix("sha256:") for text in one.hash_options),
        )
        for one in parsed.requirements
    }
