"""What relays a flow in mitmproxy, and how it is kept from reading on while a message waits."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any

from mitmproxy import ctx, http


def handler_of(flow: http.HTTPFlow) -> Any:
    """What relays a flow in mitmproxy; None of one that does not pass just now."""
    proxy = ctx.master.addons.get("proxyserver")
    return None if proxy is None else proxy.connections.get(flow.client_conn.id)


class Brakes:
    """Keep both sides of a connection from being read while one of its messages waits.

    mitmproxy reads on while a hook waits, and keeps all of it in memory: 200 MB a second. Before each
    read it takes a lock, which it has itself while a peer takes nothing (`drain_writers`); so it is taken
    here. What has been read by then is at most a read of each side, and what asyncio reads ahead.
    """

    def __init__(self) -> None:
        self._taken: dict[asyncio.Lock, asyncio.Future[bool]] = {}
        self._releases: dict[asyncio.Lock, asyncio.TimerHandle] = {}

    async def wait(self, flow: http.HTTPFlow, waiting: Awaitable[None]) -> None:
        """Wait for what a message of a flow waits for."""
        handler = handler_of(flow)
        if handler is None:
            return await waiting
        lock = handler._drain_lock
        if lock in self._taken:
            self._releases.pop(lock).cancel()
        else:
            self._taken[lock] = asyncio.ensure_future(lock.acquire())
        try:
            await waiting
        finally:
            # What has been read is next: with a read between each two messages it would grow without end.
            loop = asyncio.get_running_loop()
            self._releases[lock] = loop.call_later(0, self._release, lock)

    def _release(self, lock: asyncio.Lock) -> None:
        del self._releases[lock]
        if not self._taken.pop(lock).cancel():
            lock.release()
