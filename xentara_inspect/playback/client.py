"""A WebSocket client that sends recorded requests again, and keeps all that is said."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, cast

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.frames import EXTERNAL_CLOSE_CODES, CloseCode
from websockets.typing import Subprotocol

from xentara_inspect.frames import Closing, Frame
from xentara_inspect.playback.asking import Asking
from xentara_inspect.playback.logins import Credentials
from xentara_inspect.playback.plan import Plan
from xentara_inspect.protocol import identifiers

ERRORS: Final = (OSError, WebSocketException)
"""What connecting raises."""
_PATIENCE: Final = 10.0
"""Seconds to wait for an answer that there was in the recording."""
_MAXIMUM_MESSAGE: Final = 64 * 1024 * 1024


@dataclass(slots=True)
class Heard:
    """All that was said. late: how many times an answer was waited for in vain."""

    opened: int
    frames: list[Frame]
    late: int = 0
    closing: Closing | None = None


async def ask_again(
    url: str, plan: Plan, credentials: Credentials, *, fast: bool = False, tls: ssl.SSLContext | None = None
) -> Heard:
    """Send a plan to the server at a URL: at its recorded pace, or as fast as it is answered.

    Raises `ERRORS` where there is no connection.
    """
    options: dict[str, Any] = {} if tls is None else {"ssl": tls}
    async with connect(
        url,
        subprotocols=[Subprotocol(identifiers.SUBPROTOCOL)],
        additional_headers=credentials.header,
        max_size=_MAXIMUM_MESSAGE,
        proxy=None,
        **options,
    ) as websocket:
        heard = Heard(time.time_ns(), [])
        asking = Asking(plan, credentials)
        await _Talking(websocket, asking, heard).talk(plan, fast=fast)
        await _leave(websocket, plan.close_code)
    heard.closing = Closing(time.time_ns(), websocket.close_code, websocket.close_reason)
    return heard


async def _leave(websocket: ClientConnection, code: int | None) -> None:
    """Close a connection that is still open as it was closed then. code: None for the usual one."""
    if code == CloseCode.ABNORMAL_CLOSURE:
        websocket.transport.abort()
        await websocket.wait_closed()
    elif code in EXTERNAL_CLOSE_CODES or 3000 <= (code or 0) < 5000:
        await websocket.close(code or CloseCode.NORMAL_CLOSURE)
    elif code == CloseCode.NO_STATUS_RCVD:
        await websocket.close(cast("int", None))  # a close frame without a code, as browsers send it


class _Talking:
    def __init__(self, websocket: ClientConnection, asking: Asking, heard: Heard) -> None:
        self._websocket, self._asking, self._heard = websocket, asking, heard
        self._arrived = asyncio.Event()
        self._is_over = False

    async def talk(self, plan: Plan, *, fast: bool) -> None:
        """Send all messages, then wait for what is still to come."""
        listening = asyncio.create_task(self._listen())
        began = time.monotonic_ns()
        try:
            for step in plan.steps:
                if not fast:
                    await self._until(began + step.time)
                if not await self._answered(partial(self._asking.is_ready, step)):
                    self._heard.late += 1
                message = self._asking.message(step)
                self._heard.frames.append(Frame(time.time_ns(), True, False, message))
                await self._websocket.send(message)
            if not await self._answered(self._asking.is_done):
                self._heard.late += 1
            if not fast:
                await self._until(began + plan.lasts)
            if not plan.is_client_leaving:
                await self._answered(lambda: self._is_over)
        except ConnectionClosed:
            pass  # the server went away; what is missing is told by the comparison
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)

    async def _answered(self, is_so: Callable[[], bool]) -> bool:
        """Wait for answers; whether they came."""
        try:
            async with asyncio.timeout(_PATIENCE):
                while not is_so() and not self._is_over:
                    self._arrived.clear()
                    await self._arrived.wait()
        except TimeoutError:
            return False
        return is_so()

    @staticmethod
    async def _until(moment: int) -> None:
        await asyncio.sleep(max(0, moment - time.monotonic_ns()) / 1e9)

    async def _listen(self) -> None:
        try:
            async for message in self._websocket:
                is_text = isinstance(message, str)
                payload = message.encode() if isinstance(message, str) else message
                self._heard.frames.append(Frame(time.time_ns(), False, is_text, payload))
                self._asking.received(message)
                self._arrived.set()
        except ConnectionClosed:
            pass
        finally:
            self._is_over = True
            self._arrived.set()
