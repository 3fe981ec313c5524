"""One child process: reads one order, does it, and ends. Its argument is the pipe for messages."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

from trainer.datasets import ExampleError
from trainer.engines.diffusers.protocol import Message, TrainOrder, read_order

FAILED = 3  # the exit status after a failure that was told


def main() -> int:
    """Do what the order says; return the exit status."""
    _die_with_parent()
    order = read_order(sys.stdin.buffer.readline())
    from trainer.engines.diffusers.child.messages import Ending, Messages

    messages, ending = Messages(int(sys.argv[1])), Ending()
    try:
        import torch

        from trainer.engines.diffusers.child.failures import code_of

        if isinstance(order, TrainOrder):
            from trainer.engines.diffusers.child.training import train

            train(order, messages, ending)
        else:
            from trainer.engines.diffusers.child.pictures import draw_picture

            draw_picture(order, messages)
    except Exception as error:
        from trainer.engines.diffusers.child.loop import Stopped

        if isinstance(error, Stopped):
            return 0
        messages.send(Message(fail=code_of(error), text=str(error)[:500]))
        return FAILED
    return 0


def _die_with_parent() -> None:
    if sys.platform == "linux":
        set_death_signal = 1  # PR_SET_PDEATHSIG, prctl(2)
        ctypes.CDLL(None).prctl(set_death_signal, signal.SIGKILL)
        if os.getppid() == 1:  # it had died before
            os._exit(FAILED)


if __name__ == "__main__":
    sys.exit(main())
