"""Rules about the whole: who imports whom, complete migrations, a text for every error."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command

from jobs.messages import ERRORS
from providers.errors import ProviderError
from providers.registry import CLASSES

ROOMS = (
    "theway",
    "dashboard",
    "api",
    "live",
    "training",
    "generation",
    "jobs",
    "models_app",
    "accounts",
    "providers",
)


def all_subclasses(cls: type) -> set[type]:
    return {cls} | {leaf for child in cls.__subclasses__() for leaf in all_subclasses(child)}


def test_imports_point_down_only():
    lint = Path(sys.executable).parent / "lint-imports"
    if not lint.exists():
        pytest.skip("import-linter is not installed")
    result = subprocess.run(
        [lint, "--no-cache"], cwd=settings.BASE_DIR, capture_output=True, text=True, timeout=120
    )
    assert result.returncode == 0, result.stdout


def test_a_provider_is_named_in_its_own_folder_and_the_registry_only():
    """A subclass of another provider may name it: that is what it speaks."""
    rooms = (*ROOMS, "templates", "static")
    sources = [
        path
        for room in rooms
        for path in (settings.BASE_DIR / room).rglob("*")
        if path.suffix in {".py", ".html", ".js", ".css"} and "migrations" not in path.parts
    ]
    named = []
    for key, cls in CLASSES.items():
        words = rf"""["']{key}["']|{cls.label}|{key.upper()}_|\b{cls.__name__}\b|providers\.{key}"""
        folders = {sub.__module__.split(".")[1] for sub in CLASSES.values() if issubclass(sub, cls)}
        allowed = {f"providers/{folder}/" for folder in folders}
        for path in sources:
            name = path.relative_to(settings.BASE_DIR).as_posix()
            is_own = name.startswith(tuple(allowed)) or name == "providers/registry.py"
            if not is_own and re.search(words, path.read_text()):
                named.append(f"{key}: {name}")
    assert named == []


@pytest.mark.django_db
def test_every_change_of_a_table_has_its_migration():
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


def test_every_provider_error_has_a_text_for_people():
    codes = {error.code for error in all_subclasses(ProviderError)}
    assert codes <= set(ERRORS)


# What is no setting of ours, and what a command looks at after it was read.
NOT_DECLARED = {
    "CUDA_VISIBLE_DEVICES",
    "DJANGO_SETTINGS_MODULE",
    "HF_TOKEN",
    "NO_COLOR",
    "PATH",
    "TMPDIR",
    "TZ",
}
LOOKED_AT = {"DJANGO_SECRET_KEY"}


def test_nothing_reads_the_environment_past_the_declarations():
    pattern = re.compile(
        r'(?:environ(?:\.\w+\(|\[)|getenv\()\s*"(\w+)"|"(\w+)" (?:not )?in os\.environ'
    )
    read = {
        name
        for room in (*ROOMS, "trainer", "emulators", "environment")
        for path in (settings.BASE_DIR / room).rglob("*.py")
        for names in pattern.findall(path.read_text())
        for name in names
        if name
    }
    assert "NO_COLOR" in read  # the pattern still finds what it is meant to find
    assert read <= NOT_DECLARED | LOOKED_AT


def test_every_direct_dependency_is_explained():
    project = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text())
    explained = (settings.BASE_DIR / "docs" / "dependencies.md").read_text()
    wanted = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    names = {re.split(r"[\[<>=;]", requirement)[0] for requirement in wanted}
    assert {name for name in names if not re.search(rf"\b{name}\b", explained)} == set()
