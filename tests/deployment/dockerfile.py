"""The Dockerfile, read as far as its tests need it."""

from __future__ import annotations

import json
import re
import shlex

from theway.processes.installation import ROOT


def instructions() -> list[tuple[str, str]]:
    """Return (instruction, arguments), continued lines joined."""
    text = re.sub(r"^#.*\n", "", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)
    lines = text.replace("\\\n", " ").splitlines()
    return [(line.split()[0], line.split(None, 1)[1].strip()) for line in lines if line.strip()]


def environment() -> dict[str, str]:
    """Return what the image sets."""
    pairs = [one for name, text in instructions() if name == "ENV" for one in shlex.split(text)]
    return dict(pair.split("=", 1) for pair in pairs)


def user() -> tuple[int, int]:
    """Return the ids that the image runs as."""
    last = [text for name, text in instructions() if name == "USER"][-1]
    uid, gid = last.split(":")
    return int(uid), int(gid)


def healthcheck() -> list[str]:
    text = next(text for name, text in instructions() if name == "HEALTHCHECK")
    return json.loads(text.split("CMD", 1)[1])


def copied() -> list[str]:
    """Return the names at the top that reach the image (.dockerignore)."""
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    assert "*" in lines
    return [line[1:] for line in lines if line.startswith("!")]
