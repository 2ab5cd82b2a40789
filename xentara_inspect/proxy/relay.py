"""What relays a flow in mitmproxy, and how it is kept from reading far ahead of what passes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from typing import Any, Final

from mitmproxy import ctx, http

READ_AHEAD: Final = 2 << 20
"""Bytes of a connection that mitmproxy may have read and not looked at."""

_READ: Final = 65_535  # bytes that mitmproxy reads at once, at most
_SOME: Final = 16
_TICK: Final = 0.005  # seconds between two looks at how much that is


def handler_of(flow: http.HTTPFlow) -> Any:
    """What relays a flow in mitmproxy; None of one that does not pass just now."""
    proxy = ctx.master.addons.get("proxyserver")
    return None if proxy is None else proxy.connections.get(flow.client_conn.id)


class Brakes:
    """Keep a connection from being read while too much of it waits to pass.

    mitmproxy reads on while the hook of a message runs, and keeps what it reads without end, 100 MB a
    second. Before each read it takes a lock, which it has itself while a peer takes nothing
    (`drain_writers`); so it is taken here. Not for less than `READ_AHEAD`: what is left unread of a
    connection that is closed is lost where mitmproxy meanwhile fails to write to it, and peers that both
    send before they read need somebody who holds it.
    """

    def __init__(self) -> None:
        self._taken: dict[asyncio.Lock, asyncio.Future[bool]] = {}

    def touch(self, flow: http.HTTPFlow) -> None:
        """A message of a flow passes, or waits."""
        handler = handler_of(flow)
        if handler is None or handler._drain_lock in self._taken or not _is_far_ahead(handler, flow):
            return
        self._taken[handler._drain_lock] = asyncio.ensure_future(handler._drain_lock.acquire())
        self._release_later(handler, flow)

    async def wait(self, flow: http.HTTPFlow, waiting: Awaitable[None]) -> None:
        """Wait for what a message of a flow waits for."""
        passes = asyncio.Event()

        def look() -> None:
            if not passes.is_set():
                self.touch(flow)
                asyncio.get_running_loop().call_later(_TICK, look)

        look()
        try:
            await waiting
        finally:
            passes.set()

    def _release_later(self, handler: Any, flow: http.HTTPFlow) -> None:
        asyncio.get_running_loop().call_later(_TICK, self._release, handler, flow)

    def _release(self, handler: Any, flow: http.HTTPFlow) -> None:
        if _is_far_ahead(handler, flow):
            return self._release_later(handler, flow)
        taken = self._taken.pop(handler._drain_lock)
        if not taken.cancelled() and not taken.cancel():
            handler._drain_lock.release()
        return None


def _is_far_ahead(handler: Any, flow: http.HTTPFlow) -> bool:
    """Whether more has been read than may be, by some of what waits: there may be very much of it."""
    layer = _layer_of(flow, handler.layer.context.layers)
    waiting: Sequence[Any] = layer._paused_event_queue if layer is not None else ()
    count = len(waiting)
    if count * _READ <= READ_AHEAD:
        return False
    some = [len(getattr(waiting[place], "data", b"")) for place in range(0, count, count // _SOME)]
    return sum(some) * count > READ_AHEAD * len(some)


def _layer_of(flow: http.HTTPFlow, layers: Sequence[Any]) -> Any:
    """What in mitmproxy a WebSocket is taken apart by; None where there is none any more."""
    for stream in [stream for layer in layers for stream in getattr(layer, "streams", {}).values()]:
        if getattr(stream, "flow", None) is flow:
            return stream.child_layer
        if stream.child_layer is not None:  # a tunnel, in which the same may stand again
            found = _layer_of(flow, stream.child_layer.context.layers[len(layers) :])
            if found is not None:
                return found
    return None
