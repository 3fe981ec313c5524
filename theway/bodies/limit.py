"""Holds the bodies of requests to their rules, before they fill memory or disk."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from theway.bodies.answers import (
    BUSY,
    LINK_OVER,
    SIGNED_OUT,
    TOO_LARGE,
    TOO_MANY,
    TOO_SLOW,
    Answer,
    limit_reached,
    send_answer,
)
from theway.bodies.asgi import Application, Message, Receive, Scope, Send, header
from theway.bodies.rules import Rule

RuleFor = Callable[[Scope], Awaitable[Rule]]
# The page sends three photos at a time; two pages may be open.
UPLOADS_AT_ONCE = 6
# Bodies of nobody in particular wait in memory, slow ones for a while: all of them together.
SHARED_BYTES = 64 * 1024 * 1024
# A body up to here, which is every form, always has room.
FREE_BYTES = 64 * 1024
_GONE = {"type": "http.disconnect"}


class BodyLimit:
    """An ASGI application around another that refuses what breaks the rule of `rule_for`.

    A body that announces too much is never read. One that turns out too large or too slow while
    it is read is answered at once; to the application the client is gone.
    """

    def __init__(self, app: Application, rule_for: RuleFor) -> None:
        self._app, self._rule_for = app, rule_for
        self._uploads: Counter[Any] = Counter()
        self._shared = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        rule = await self._rule_for(scope)
        if _announced(scope) > rule.max_bytes:
            await _refuse(rule, _too_large(rule), scope, send)
        elif rule.reached:
            await _refuse(rule, limit_reached(rule.reached), scope, send)
        elif self._uploads[rule.sender] >= UPLOADS_AT_ONCE:
            await _refuse(rule, TOO_MANY, scope, send)
        else:
            await self._pass_on(rule, scope, receive, send)

    async def _pass_on(self, rule: Rule, scope: Scope, receive: Receive, send: Send) -> None:
        body = _Body(rule, scope, receive, send, has_room=self._has_room)
        if rule.sender is not None:
            self._uploads[rule.sender] += 1
        try:
            await self._app(scope, body.receive, body.send)
        finally:
            self._shared -= body.shared
            if rule.sender is not None:
                self._uploads[rule.sender] -= 1
                self._uploads += Counter()  # forget who sends nothing

    def _has_room(self, size: int) -> bool:
        """Take `size` bytes of what strangers share; return whether they were left."""
        if self._shared + size > SHARED_BYTES:
            return False
        self._shared += size
        return True


class _Body:
    """One request's body on its way to the application, and the answer on its way back."""

    def __init__(
        self,
        rule: Rule,
        scope: Scope,
        receive: Receive,
        send: Send,
        has_room: Callable[[int], bool],
    ) -> None:
        self.shared = 0
        self._rule, self._scope = rule, scope
        self._receive, self._send, self._has_room = receive, send, has_room
        self._received = 0
        self._is_read = self._is_refused = self._is_cut = False
        self._deadline = self._window_end = 0.0
        self._window_received = 0

    async def receive(self) -> Message:
        """Return the next part of the body; after it, what the server says."""
        if self._is_cut:
            await asyncio.Event().wait()  # until the application has kept what there is
        if self._is_refused:
            return _GONE
        if self._is_read:
            return await self._receive()
        message = await self._in_time()
        if message is None:
            return await self._refuse(TOO_SLOW)
        if message["type"] == "http.disconnect" and self._rule.keeps_start:
            return self._cut()
        size = len(message.get("body", b""))
        self._received += size
        self._window_received += size
        self._is_read = not message.get("more_body", False)
        if self._received > self._rule.max_bytes:
            return await self._refuse(_too_large(self._rule))
        if not self._fits():
            return await self._refuse(BUSY)
        return message

    async def send(self, message: Message) -> None:
        """Pass the application's answer on, unless the client has ours already."""
        if not self._is_refused:
            await self._send(message)

    def _cut(self) -> Message:
        """Return an end of the body where it was cut: the application keeps what has arrived.

        Told that the client is gone, it would throw that away.
        """
        self._is_read = self._is_cut = True
        return {"type": "http.request", "body": b"", "more_body": False}

    async def _in_time(self) -> Message | None:
        """Return the next message, None if the client is too slow."""
        now = asyncio.get_running_loop().time
        if not self._deadline:  # the clock runs from the first time that somebody waits
            self._deadline = now() + self._rule.seconds
            self._window_end = now() + self._rule.window_seconds
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout_at(min(self._deadline, self._window_end)):
                    return await self._receive()
            is_late = now() >= self._deadline
            if is_late or self._window_received < self._rule.window_bytes:
                return None
            self._window_end = now() + self._rule.window_seconds
            self._window_received = 0

    def _fits(self) -> bool:
        """Return whether there is room for what has arrived. An upload waits on the disk."""
        more = self._received - FREE_BYTES - self.shared
        if self._rule.sender is not None or more <= 0:
            return True
        if not self._has_room(more):
            return False
        self.shared += more
        return True

    async def _refuse(self, answer: Answer) -> Message:
        self._is_refused = True
        await _refuse(self._rule, answer, self._scope, self._send)
        return self._cut() if answer is TOO_SLOW and self._rule.keeps_start else _GONE


async def _refuse(rule: Rule, answer: Answer, scope: Scope, send: Send) -> None:
    await send_answer(answer, scope, send)
    if rule.on_refusal:
        await rule.on_refusal(answer.status)


def _too_large(rule: Rule) -> Answer:
    if rule.is_link_over:
        return LINK_OVER
    return SIGNED_OUT if rule.is_upload and rule.sender is None else TOO_LARGE


def _announced(scope: Scope) -> int:
    length = header(scope, b"content-length")
    return int(length[:18]) if length.isdigit() else 0
