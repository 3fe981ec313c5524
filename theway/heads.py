"""What the head of a request must be, before anything else looks at it.

Programs between a browser and us must not read another request out of the same bytes. So what
they might understand otherwise is refused: a target that names a host of its own, several hosts,
none (RFC 9112, 3.2), a body whose end others see elsewhere (6.1), a version that nobody speaks
here. The site has no WebSockets, and says so.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from theway.bodies.answers import Answer, send_answer
from theway.bodies.asgi import TARGET, Application, Receive, Scope, Send, header

# In one piece or in many (`theway.connections.HEAD_BYTES` ends one that does not end itself).
MOST_BYTES = 64 * 1024
_VERSIONS = {"1.0", "1.1"}

ODD = Answer(
    400,
    _("This request is not understood"),
    _("Open the site's address in a browser. If a proxy stands before it, look at its settings."),
    ends_connection=True,
)
NO_WEBSOCKETS = Answer(
    400,
    _("There are no WebSockets here"),
    _("Nothing was opened. Live updates come as server-sent events."),
    ends_connection=True,
)
LONG = Answer(
    431,
    _("The head of this request is too long"),
    _("Delete this site's cookies in your browser, then try again."),
    ends_connection=True,
)


class HeadRules:
    """An ASGI application around another that answers odd heads itself."""

    def __init__(self, app: Application) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        fault = fault_of(scope) if scope["type"] == "http" else None
        if fault:
            await send_answer(fault, scope, send)
        else:
            await self._app(scope, receive, send)


def fault_of(scope: Scope) -> Answer | None:
    """Return why the head of `scope` is refused, None where nothing is wrong with it."""
    hosts = sum(name == b"host" for name, _value in scope["headers"])
    version = scope.get("http_version", "1.1")
    if version not in _VERSIONS or hosts > 1 or (version == "1.1" and not hosts):
        return ODD
    coding = header(scope, b"transfer-encoding").lower()
    if coding not in {b"", b"chunked"} or (coding and version == "1.0"):
        return ODD
    if not scope.get(TARGET, b"/").startswith(b"/"):
        return ODD
    if header(scope, b"upgrade").lower() == b"websocket":
        return NO_WEBSOCKETS
    return LONG if _size(scope) > MOST_BYTES else None


def _size(scope: Scope) -> int:
    head = sum(len(name) + len(value) + 4 for name, value in scope["headers"])
    return head + len(scope.get(TARGET, b""))
