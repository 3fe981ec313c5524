"""`python -m trainer`: the service with its configured engine. `models` and `doctor` beside it."""

from __future__ import annotations

import argparse
import sys

from environment.errors import SettingError
from environment.reading import Environment
from trainer.app import create_app
from trainer.commands import doctor, models
from trainer.config import Config
from trainer.server import serve

WRONG_USAGE = 2
COMMANDS = {"models": (models.add_to, models.run), "doctor": (doctor.add_to, doctor.run)}


def main() -> int:
    """Serve, or do what the arguments say; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m trainer", description="Without a command: serve."
    )
    commands = parser.add_subparsers(dest="command")
    for add_to, _run in COMMANDS.values():
        add_to(commands)
    asked = parser.parse_args()
    if not asked.command:
        return serve(create_app)
    try:
        config = Config.from_environment(Environment.load())
    except SettingError as error:
        parser.exit(WRONG_USAGE, f"{error}\n")
    _add_to, run = COMMANDS[asked.command]
    return run(asked, config)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
