"""What the owner of the machine asks in a terminal: `python -m trainer models` and `doctor`."""

PROGRAM = ".venv/bin/python -m trainer"  # as people call it, from the project's folder
