"""Container and units start what the Procfile says, each shut in as far as it can be."""

from __future__ import annotations

import configparser
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deployment import dockerfile
from tests.deployment.procfile import procfile
from theway.processes.installation import ROOT

UNITS = ROOT / "docs/systemd"
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES = sorted(procfile(dict.fromkeys(("WEB_HOST", "PORT", "TRUSTED_PROXIES"), "")))
PYTHON = "/opt/theway/.venv/bin/python"


class Units(configparser.RawConfigParser):
    """A unit as systemd reads it: names have cases, and may be there more than once."""

    def __init__(self, path: Path) -> None:
        super().__init__(strict=False, delimiters=("=",), comment_prefixes=("#",))
        self.optionxform = str  # type: ignore[assignment, method-assign]
        self.read_string(path.read_text().replace("\\\n", " "))


def unit_environment() -> dict[str, str]:
    text = (UNITS / "theway-.service.d/common.conf").read_text()
    lines = re.findall(r"^Environment=(.+)$", text, re.MULTILINE)
    return dict(pair.split("=", 1) for line in lines for pair in line.split())


@pytest.mark.parametrize("name", SERVICES)
def test_the_container_starts_what_the_procfile_says(name):
    service = COMPOSE["services"][name]
    expected = procfile(dockerfile.environment() | service["environment"] | PROXIES)[name]
    assert shlex.split(service["command"]) == expected


PROXIES = {"TRUSTED_PROXIES": COMPOSE["x-app"]["environment"]["TRUSTED_PROXIES"]}


@pytest.mark.parametrize("name", SERVICES)
def test_the_unit_starts_what_the_procfile_says(name):
    command = Units(UNITS / f"theway-{name}.service")["Service"]["ExecStart"]
    env = unit_environment()
    words = [re.sub(r"\$\{(\w+)\}", lambda found: env[found[1]], word) for word in command.split()]
    expected = procfile(env)[name]
    assert [word.replace("%%", "%") for word in words] == [PYTHON, *expected[1:]]


@pytest.mark.parametrize("name", sorted(COMPOSE["services"]))
def test_no_container_has_rights_or_a_root_to_write_to(name):
    service = COMPOSE["services"][name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["restart"] == ("no" if name == "migrate" else "unless-stopped")
    # Ours are nobody by their image; the others are told to be.
    assert service["image"] == "theway" or int(service["user"].split(":")[0]) > 0


def test_databases_are_reached_from_inside_only_and_the_site_from_this_machine_only():
    services = COMPOSE["services"]
    assert COMPOSE["networks"]["inside"]["internal"] is True
    for name in ("database", "redis", "trainer"):
        assert services[name]["networks"] == ["inside"]
    ports = {name: one["ports"] for name, one in services.items() if "ports" in one}
    assert ports == {"web": ["127.0.0.1:8000:8000"]}
    outside = COMPOSE["networks"]["outside"]["ipam"]["config"][0]
    assert PROXIES["TRUSTED_PROXIES"] == f"127.0.0.1,{outside['gateway']}"


def test_secrets_come_from_the_operators_file_and_must_be_there():
    text = (ROOT / "compose.yaml").read_text()
    assert COMPOSE["x-app"]["env_file"] == ".env"
    assert text.count("${POSTGRES_PASSWORD:?") == text.count("${POSTGRES_PASSWORD") == 2
    assert COMPOSE["services"]["trainer"]["env_file"] == []


def test_everything_that_is_mounted_is_declared_and_kept():
    named = set(COMPOSE["volumes"])
    used = {
        volume.split(":")[0]
        for service in COMPOSE["services"].values()
        for volume in service.get("volumes", ())
    }
    assert used == named


def test_the_image_is_nobody_and_takes_only_what_is_locked():
    found = dockerfile.instructions()
    assert min(dockerfile.user()) >= 10000
    assert [name for name, _ in found].index("HEALTHCHECK") > 0
    assert "ADD" not in {name for name, _ in found}
    installs = [text for name, text in found if name == "RUN" and "pip install" in text]
    assert len(installs) == 1
    assert "--require-hashes" in installs[0]
    assert "--only-binary=:all:" in installs[0]
    for name, text in found:
        assert name in {"FROM", "COPY", "RUN"} or not re.search(r"SECRET|PASSWORD|_KEY", text)
    bases = [text for name, text in found if name == "ARG"]
    assert all(re.search(r":\d+\.\d+-slim-\w+$", text) for text in bases)


def test_everything_that_runs_reaches_the_image_and_nothing_else():
    lines = (ROOT / ".dockerignore").read_text()
    copied = set(dockerfile.copied())
    rooms = re.search(
        r"root_packages = \[(.+?)\]", (ROOT / "pyproject.toml").read_text(), re.DOTALL
    )
    expected = set(re.findall(r'"(\w+)"', rooms[1])) - {"emulators"}
    assert expected | {"static", "templates"} == {name for name in copied if (ROOT / name).is_dir()}
    assert "**/__pycache__" in lines
    assert not {".env", "media", "var", ".git"} & copied


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_understands_the_units_and_finds_them_closed(tmp_path):
    folder = tmp_path / "units"
    shutil.copytree(UNITS, folder)
    units = sorted(folder.glob("*.service"))
    for unit in units:  # verify asks whether the program is there
        unit.write_text(unit.read_text().replace(PYTHON, sys.executable))
    paths = [str(path) for path in (*units, folder / "theway.target")]
    command = ["systemd-analyze", "verify", "--man=no", *paths]
    env = {"SYSTEMD_UNIT_PATH": f"{folder}:", "PATH": "/usr/bin:/bin"}
    done = subprocess.run(command, env=env, capture_output=True, text=True)
    ours = [line for line in done.stderr.splitlines() if "theway" in line]
    assert (done.returncode, ours) == (0, [])
    for unit in units:
        # 0 is shut, 10 is open; 2.0 is what systemd calls OK.
        command = ["systemd-analyze", "security", "--offline=true", "--threshold=20", str(unit)]
        done = subprocess.run(command, env=env, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout[-300:]


def test_units_write_nowhere_but_to_their_data():
    common = Units(UNITS / "theway-.service.d/common.conf")["Service"]
    wanted = {
        "ProtectSystem": "strict",
        "StateDirectory": "theway",
        "PrivateTmp": "yes",
        "NoNewPrivileges": "yes",
        "UMask": "0077",
        "LimitNOFILE": "65536",
        "CapabilityBoundingSet": "",
        "EnvironmentFile": "/etc/theway/theway.env",
    }
    assert wanted.items() <= dict(common).items()
    for unit in UNITS.glob("theway-*.service"):
        assert not {"User", "ReadWritePaths", "AmbientCapabilities"} & set(Units(unit)["Service"])


def test_the_target_brings_up_every_service_but_the_trainer():
    target = Units(UNITS / "theway.target")["Unit"]
    assert target["Wants"].split() == [
        f"theway-{name}.service" for name in ("web", "worker", "poller", "beat")
    ]
