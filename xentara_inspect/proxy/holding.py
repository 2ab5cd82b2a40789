"""Messages that wait until they are on disk, and the end of connections that wait too long."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from mitmproxy import http
from mitmproxy.websocket import WebSocketMessage
from wsproto.connection import Connection, ConnectionType
from wsproto.events import CloseConnection

from xentara_inspect.frames import Closing
from xentara_inspect.proxy.relay import handler_of

TRY_AGAIN_LATER: Final = 1013
"""The close code, as registered, of a server that cannot do it now."""

LINGER: Final = 5.0
"""Seconds that a peer has to take what it was told, before its connection is cut off."""

logger: Final = logging.getLogger("xentara_inspect")


class Gate:
    """Lets a message through once it is on disk, and nothing of a connection that was given up."""

    def __init__(self) -> None:
        self._given_up: dict[str, str] = {}

    async def hold(
        self, flow: http.HTTPFlow, message: WebSocketMessage, committed: asyncio.Future[None], wait: float
    ) -> None:
        """Keep a message until it is on disk. wait: seconds after which its connection is closed."""
        if flow.id not in self._given_up:
            try:
                await asyncio.wait_for(committed, wait)
                return
            except TimeoutError:
                reason = f"not on disk within {wait:g} seconds, so not forwarded"
                self._given_up[flow.id] = reason
                logger.error("xentara_inspect: a connection was closed: a message was %s", reason)
                _close(flow, reason)
        message.drop()

    def closing(self, flow: http.HTTPFlow, seen: Closing) -> Closing:
        """How a connection ended. seen: what mitmproxy saw of it, which leaves it for good."""
        reason = self._given_up.pop(flow.id, None)
        return seen if reason is None else seen._replace(code=TRY_AGAIN_LATER, reason=reason, by=None)


def _close(flow: http.HTTPFlow, reason: str) -> None:
    """Close both connections of a flow, telling why.

    mitmproxy has no command for it: what it is told is what it would see of peers that are gone, and
    what the peers are told is written to their connections before that. One that takes nothing would keep
    its connection open for as long as it likes, and with it the other's.
    """
    handler = handler_of(flow)
    for connection, side in (
        (flow.client_conn, ConnectionType.SERVER),
        (flow.server_conn, ConnectionType.CLIENT),
    ):
        transport = handler.transports.get(connection) if handler is not None else None
        if transport is not None and transport.writer is not None:
            said = Connection(side).send(CloseConnection(code=TRY_AGAIN_LATER, reason=reason))
            transport.writer.write(said)
            transport.writer.close()
            if isinstance(transport.writer, asyncio.StreamWriter):  # not so in its mode local
                asyncio.get_running_loop().call_later(LINGER, transport.writer.transport.abort)
