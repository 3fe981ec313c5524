#!/usr/bin/env python
"""Django's command line for TheWay."""

import os
import sys

from django.core.management import execute_from_command_line


def main() -> None:
    """Run one command; a reader that has seen enough (`| head`) is no error."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "theway.settings")
    try:
        execute_from_command_line(sys.argv)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    main()
