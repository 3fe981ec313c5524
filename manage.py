#!/usr/bin/env python
"""Django's command line for TheWay."""

import os
import sys

from django.core.management import execute_from_command_line

from models_app.disk import is_full
from theway.output import survive_any_terminal


def main() -> None:
    """Run one command."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "theway.settings")
    survive_any_terminal()
    try:
        execute_from_command_line(sys.argv)
    except Exception as error:
        if not is_full(error):
            raise
        sys.exit("No space is left on a disk, or for the database. Free some, then try again.")


if __name__ == "__main__":
    main()
