"""`python -m trainer models list` and `get NAME`: the base models that are here, and getting one.

Nothing is ever downloaded but by `get`. The download is huggingface_hub's own, in the Python that
has it: it goes on where an earlier one was cut off, and compares what it has with what the hub
says.
"""

from __future__ import annotations

import argparse
import getpass
import os
import shutil
import subprocess
import sys
from pathlib import Path

from trainer.commands import PROGRAM
from trainer.config import Config
from trainer.engines.diffusers.cards import Card, cards
from trainer.engines.diffusers.fitting import why_not
from trainer.engines.diffusers.installed import installed, places_of, problem_of
from trainer.engines.diffusers.known import GIB, KNOWN, SHIPPED_MODEL, Known

FAILED, WRONG_USAGE = 1, 2
_FETCHING = "trainer.engines.diffusers.fetching"
_ROOT = Path(__file__).resolve().parents[2]


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare `models` with its two actions."""
    parser = commands.add_parser("models", help="the base models on this machine")
    actions = parser.add_subparsers(dest="action", required=True)
    actions.add_parser("list", help="what is here, and what could be")
    get = actions.add_parser("get", help="fetch one from huggingface.co")
    get.add_argument("name", help="as the hub calls it; the part after the slash is enough")
    get.add_argument("--yes", action="store_true", help="do not ask before the download")


def run(asked: argparse.Namespace, config: Config) -> int:
    """Do what was asked; return the exit status."""
    if asked.action == "list":
        return list_models(config)
    known = _named(asked.name)
    if known is None:
        print(f"{asked.name} is not known here. Known are:", *KNOWN, sep="\n  ")
        return WRONG_USAGE
    return get_model(known, config, is_asked=not asked.yes)


def list_models(config: Config) -> int:
    """Print a line or two for each base model that is known."""
    here = installed(config.models, config.hub)
    card = next(iter(cards()), None)
    for known in KNOWN.values():
        folder = here.get(known.name)
        print(f"{'here' if folder else '-':6}{known.name}  ({known.licence})")
        for line in [_where(known, folder, config), _fit(known, card, list(here))]:
            if line:
                print(f"      {line}")
    print(f"\nFolder of your base models: {config.models}")
    return 0


def get_model(known: Known, config: Config, *, is_asked: bool) -> int:
    """Fetch one into the owner's folder: a gate and a full disk are said before anything is."""
    if known.name in installed(config.models, config.hub):
        print(f"{known.name} is here already.")
        return 0
    target = next(iter(places_of(known.name, config.models, config.hub)))
    if refusal := _refusal(known, config, target):
        print(refusal)
        return FAILED
    print(f"{known.name}: about {known.disk_gib:.0f} GB, to {target}\nLicence: {known.licence}")
    if is_asked and input("Fetch it? [y/N] ").strip().lower() not in {"y", "yes"}:
        return 0
    return _fetch(known, config, target)


def _fetch(known: Known, config: Config, target: Path) -> int:
    token = os.environ.get("HF_TOKEN", "")
    if known.is_gated and not token and sys.stdin.isatty():
        token = getpass.getpass("Your token of huggingface.co (it is not kept): ").strip()
    target.mkdir(parents=True, exist_ok=True)
    # The token goes by the environment: arguments can be read by everybody on this machine.
    env = {**os.environ, "HF_TOKEN": token, "HF_HUB_DISABLE_TELEMETRY": "1"}
    command = [str(config.python), "-m", _FETCHING, known.name, str(target)]
    status = subprocess.run(command, cwd=_ROOT, env=env).returncode
    if status:
        print("Run the same command again: it goes on where it stopped.")
        return FAILED
    if problem := problem_of(known.name, target):
        print(f"It has come, and cannot be used: {problem}.")
        return FAILED
    print(f"{known.name} is here. Start the trainer again if it runs.")
    return 0


def _refusal(known: Known, config: Config, target: Path) -> str:
    """Return why it cannot be fetched, in words; empty where nothing stands against it."""
    if not known.is_supported:
        return f"{known.name} cannot be trained here yet."
    if not config.python.is_file():
        return "The packages for training are missing: run `make setup-training` first."
    needed = known.disk_gib * GIB - _bytes_in(target)
    free = shutil.disk_usage(_nearest(target)).free
    if free < needed:
        return (
            f"{known.name} needs {needed / GIB:.0f} GB more on the disk of {config.models}, and "
            f"{free / GIB:.0f} GB are free. Free some, or name another folder in TRAINER_MODELS."
        )
    if known.is_gated and not os.environ.get("HF_TOKEN") and not sys.stdin.isatty():
        return _gate(known)
    return ""


def _gate(known: Known) -> str:
    return (
        f"{known.name} is given only to those who accept its licence. Sign in at "
        f"https://huggingface.co/{known.name}, accept it there, make a token that can read at "
        "https://huggingface.co/settings/tokens, and run this with HF_TOKEN=that token."
    )


def _where(known: Known, folder: Path | None, config: Config) -> str:
    if folder:
        return str(folder)
    for place in places_of(known.name, config.models, config.hub):
        if place.is_dir():
            return f"{place}: {problem_of(known.name, place)}"
    if not known.is_supported:
        return "cannot be trained here yet"
    if known.name == SHIPPED_MODEL:
        return "missing, though it comes with the project"
    gate = ", licence to be accepted at the hub first" if known.is_gated else ""
    short = known.name.partition("/")[2]
    return f"{PROGRAM} models get {short}   (about {known.disk_gib:.0f} GB{gate})"


def _fit(known: Known, card: Card | None, here: list[str]) -> str:
    if card is None or known.name == SHIPPED_MODEL:
        return ""
    return why_not(known, card, here) or f"fits {card.name}"


def _named(name: str) -> Known | None:
    if name in KNOWN:
        return KNOWN[name]
    found = [one for full, one in KNOWN.items() if full.partition("/")[2].lower() == name.lower()]
    return found[0] if len(found) == 1 else None


def _bytes_in(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _nearest(path: Path) -> Path:
    """Return the folder itself, or the first above it that exists."""
    return next(one for one in [path, *path.parents] if one.is_dir())
