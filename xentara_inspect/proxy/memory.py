"""What stays in memory of the messages that have passed.

mitmproxy keeps all, which on a socket that lives for weeks is all of the memory (146 MiB for 100,000
messages of 1,000 bytes). What is forgotten is in the database, as far as it is recorded.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from mitmproxy import ctx, http
from mitmproxy.tools.dump import DumpMaster

from xentara_inspect.captures.flows import SWITCHING
from xentara_inspect.proxy.content_view import Viewer

MESSAGES: Final = 2_000
"""Messages of all connections together that are kept, with connections and requests that are over.

With each message mitmweb looks at all of its connection again: 65 µs with so many, 250 with 10,000.
"""
BYTES: Final = 64 << 20
"""Bytes of them; the newest message is kept whatever its size."""

_SAVING: Final = ("save_stream_file", "hardump")


def is_saved() -> bool:
    """Whether mitmproxy needs all messages of a flow at its end, to save them."""
    return any(getattr(ctx.options, name, None) for name in _SAVING)


def nobody_looks() -> bool:
    """Whether nobody but us looks at the messages of a flow once they have passed.

    mitmweb and the console show them; what saves them and filters on bodies need them at the end.
    """
    asked = is_saved() or getattr(ctx.options, "dumper_filter", None)
    return isinstance(ctx.master, DumpMaster) and not asked


class Window:
    """An add-on for mitmweb: the newest messages of all connections are kept, the others forgotten."""

    def __init__(self, viewer: Viewer, messages: int = MESSAGES, size: int = BYTES) -> None:
        """viewer: shows those that are kept, by what those before them told."""
        self._viewer = viewer
        self._messages = messages
        self._bytes = size
        self._size = 0
        self._kept: deque[tuple[http.HTTPFlow, int | None]] = deque()  # bytes of a message, None: its end

    def websocket_message(self, flow: http.HTTPFlow) -> None:
        """A message passes."""
        if flow.websocket is not None:
            self._keep(flow, len(flow.websocket.messages[-1].content))

    def websocket_end(self, flow: http.HTTPFlow) -> None:
        """A connection is over."""
        self._keep(flow, None)

    def response(self, flow: http.HTTPFlow) -> None:
        """A request that opened no connection is over."""
        if flow.response is None or flow.response.status_code != SWITCHING:
            self._keep(flow, None)

    def error(self, flow: http.HTTPFlow) -> None:
        """A request failed."""
        self._keep(flow, None)

    def _keep(self, flow: http.HTTPFlow, size: int | None) -> None:
        if is_saved():
            return
        self._kept.append((flow, size))
        self._size += size or 0
        while len(self._kept) > 1 and (len(self._kept) > self._messages or self._size > self._bytes):
            self._forget(*self._kept.popleft())

    def _forget(self, flow: http.HTTPFlow, size: int | None) -> None:
        if size is None:
            ctx.master.commands.call("view.flows.remove", [flow])
            return
        self._size -= size
        if flow.websocket is not None and len(flow.websocket.messages) > 1:
            self._viewer.leaves(flow)
            del flow.websocket.messages[0]
