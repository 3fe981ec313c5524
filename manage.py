#!/usr/bin/env python
"""Django's command line for TheWay."""

import os
import sys

from django.core.management import execute_from_command_line

from theway.output import survive_any_terminal


def main() -> None:
    """Run one command."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "theway.settings")
    survive_any_terminal()
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
