"""The services' commands, which are written in the Procfile and nowhere else by hand."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from string import Template

from theway.processes.installation import ROOT


def procfile(env: Mapping[str, str]) -> dict[str, list[str]]:
    """Return each service's words, with variables from `env`."""
    lines = re.findall(r"^([\w-]+):\s*(.+)$", (ROOT / "Procfile").read_text(), re.MULTILINE)
    return {name: shlex.split(Template(command).substitute(env)) for name, command in lines}
