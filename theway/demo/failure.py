"""What ends a demo early."""


class DemoFailed(Exception):
    """The journey did not come to its end; the message says where, in one sentence."""
