"""The broker in a folder, for installations without Redis: kombu's, made fit for torn files."""

from __future__ import annotations

import logging
import time
import uuid
from pathlib import Path
from queue import Empty
from typing import Any

from kombu.exceptions import ChannelError
from kombu.transport import filesystem, virtual
from kombu.utils.json import dumps, loads

from theway.broker.messages import is_readable

log = logging.getLogger(__name__)


class FolderChannel(filesystem.Channel):
    """Sets a message aside that cannot be read, instead of ending the worker with it.

    Messages also stay inside the installation's own folder: kombu's channel moves each through
    the shared temporary folder while it is read. Which queue belongs to which exchange is kept
    in memory: kombu's file of it can be torn by two starting workers, and then none starts.
    """

    supports_fanout = False
    get_table = virtual.Channel.get_table  # type: ignore[assignment]
    _delete = virtual.Channel._delete

    def _put(self, queue: str, message: Any, **_: Any) -> None:  # type: ignore[override]
        """Write a message in one step: no worker may see half of it."""
        name = f"{time.time_ns()}_{uuid.uuid4()}.{queue}.msg"
        draft = Path(self.data_folder_out) / f".{name}.draft"
        try:
            draft.write_text(dumps(message))
            draft.rename(draft.with_name(name))
        except OSError as error:
            raise ChannelError(f"{queue}: the message cannot be stored: {error}") from error

    def _get(self, queue: str, timeout: float | None = None) -> Any:
        unreadable = Path(self.data_folder_in).with_name("unreadable")
        unreadable.mkdir(mode=0o700, parents=True, exist_ok=True)
        for path in sorted(Path(self.data_folder_in).glob(f"*.{queue}.msg")):
            taken = unreadable / path.name
            try:
                path.rename(taken)
            except FileNotFoundError:
                continue  # another worker was first
            if message := self._message_in(taken):
                taken.unlink()
                return message
            log.error("a message cannot be read and is set aside: %s", taken)
        raise Empty

    def _message_in(self, path: Path) -> dict[str, Any] | None:
        try:
            message = loads(path.read_bytes())
        except Exception:  # torn, or nested deeper than a reader can follow
            return None
        return dict(message) if is_readable(message, self) else None


class FolderTransport(filesystem.Transport):
    Channel = FolderChannel
