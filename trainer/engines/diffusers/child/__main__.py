"""One child process: reads one order, does it, and ends; one that draws may be given more orders.
Its argument is the pipe for messages."""

from __future__ import annotations

import ctypes
import signal
import sys

from trainer.engines.diffusers.child.messages import Ending, Messages
from trainer.engines.diffusers.protocol import (
    DrawOrder,
    Message,
    Order,
    TrainOrder,
    read_order,
)

FAILED = 3  # the exit status after a failure that was told


def main() -> int:
    """Do what the order says; return the exit status."""
    _die_with_parent()
    order = read_order(sys.stdin.buffer.readline())
    messages = Messages(int(sys.argv[1]))
    ending = Ending() if isinstance(order, TrainOrder) else None
    try:
        from trainer.engines.diffusers.child.failures import code_of
        from trainer.engines.diffusers.child.loop import Stopped
    except ImportError as error:
        messages.send(Message(fail="packages", text=str(error)[:500]))
        return FAILED
    try:
        _do(order, messages, ending)
    except Stopped:
        return 0
    except Exception as error:
        sys.excepthook(type(error), error, error.__traceback__)  # into the log
        messages.send(Message(fail=code_of(error), text=str(error)[:500]))
        return FAILED
    return 0


def _do(order: Order, messages: Messages, ending: Ending | None) -> None:
    if isinstance(order, TrainOrder):
        from trainer.engines.diffusers.child.training import train

        train(order, messages, ending or Ending())
        return
    from trainer.engines.diffusers.child.pictures import Drawing

    drawing = Drawing(order.base)
    drawing.draw(order)
    messages.send(Message(done=True))
    for line in sys.stdin.buffer:  # with the same base model, until nobody orders any more
        further = read_order(line)
        assert isinstance(further, DrawOrder)  # noqa: S101 - narrows the type
        drawing.draw(further)
        messages.send(Message(done=True))


def _die_with_parent() -> None:
    """Where the system can: at once. Elsewhere the end of the standard input tells (`Ending`)."""
    if sys.platform == "linux":
        set_death_signal = 1  # PR_SET_PDEATHSIG, prctl(2)
        ctypes.CDLL(None).prctl(set_death_signal, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main())
