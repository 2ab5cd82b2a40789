"""What relays a flow in mitmproxy, and how it is kept from reading on while a message passes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any

from mitmproxy import ctx, http


def handler_of(flow: http.HTTPFlow) -> Any:
    """What relays a flow in mitmproxy; None of one that does not pass just now."""
    proxy = ctx.master.addons.get("proxyserver")
    return None if proxy is None else proxy.connections.get(flow.client_conn.id)


@dataclass(slots=True)
class _Held:
    """A lock. taken: done once we have it. by: messages that wait. release: once none does."""

    taken: asyncio.Future[bool]
    by: int = 0
    release: asyncio.TimerHandle | None = None


class Brakes:
    """Keep both sides of a connection from being read before what was read of them has passed.

    mitmproxy reads on while the hook of a message runs, and keeps all of it in memory: 100 MB a second.
    Before each read it takes a lock, which it has itself while a peer takes nothing (`drain_writers`); so
    it is taken here. What has been read by then is at most a read of each side, and what asyncio reads ahead.
    """

    def __init__(self) -> None:
        self._held: dict[asyncio.Lock, _Held] = {}

    def touch(self, flow: http.HTTPFlow) -> None:
        """A message of a flow passes."""
        handler = handler_of(flow)
        if handler is not None:
            self._ease(handler._drain_lock, self._press(handler._drain_lock))

    async def wait(self, flow: http.HTTPFlow, waiting: Awaitable[None]) -> None:
        """Wait for what a message of a flow waits for."""
        handler = handler_of(flow)
        if handler is None:
            return await waiting
        held = self._press(handler._drain_lock)
        try:
            await waiting
        finally:
            self._ease(handler._drain_lock, held)

    def _press(self, lock: asyncio.Lock) -> _Held:
        held = self._held.get(lock)
        if held is None:
            held = self._held[lock] = _Held(asyncio.ensure_future(lock.acquire()))
        elif held.release is not None:
            held.release.cancel()
        held.by += 1
        return held

    def _ease(self, lock: asyncio.Lock, held: _Held) -> None:
        held.by -= 1
        if not held.by:
            # What has been read is next: with a read between each two messages it would grow without end.
            held.release = asyncio.get_running_loop().call_later(0, self._release, lock)

    def _release(self, lock: asyncio.Lock) -> None:
        if not self._held.pop(lock).taken.cancel():
            lock.release()
