"""What ends a demo early."""


class DemoError(Exception):
    """The journey was not completed. The message says in one sentence where it ended."""
