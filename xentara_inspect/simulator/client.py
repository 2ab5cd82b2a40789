"""A client that talks to a Xentara server and keeps everything it sent and received."""

from __future__ import annotations

import asyncio
import base64
import itertools
import ssl
import time
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Final, NamedTuple, Self

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from xentara_inspect.protocol import error_codes, identifiers
from xentara_inspect.simulator.wire import NotCborError, decode, encode, integer

TIMEOUT: Final = 10.0
"""Seconds after which something that was waited for is given up, unless told otherwise."""
_MAXIMUM_MESSAGE: Final = 64 * 1024 * 1024


class Recorded(NamedTuple):
    """A message that was sent or received. payload: of a text message its UTF-8. time: ns since 1970."""

    payload: bytes
    is_text: bool
    time: int


class Request(NamedTuple):
    """A request to send. parameters: left out of the packet if None. message_id: the next free if None."""

    opcode: int
    parameters: Any = None
    message_id: int | None = None


class Response(NamedTuple):
    """A response. result: None where there is none. error_code: None for a success."""

    message_id: int
    result: Any = None
    error_code: int | None = None
    error_text: str | None = None

    @property
    def ok(self) -> bool:
        """Whether the request was granted."""
        return self.error_code is None


class Client:
    """A client: `async with Client(url) as client: await client.request(8)`.

    subprotocol: offered to the server; None offers none. ssl_context: for wss://. user, password:
    HTTP Basic on the upgrade. token: Bearer instead. Entering raises what websockets' connect does.
    sent, received: every message, in order. events: every event packet. unmatched: responses that
    nobody waited for.
    """

    def __init__(
        self,
        url: str,
        *,
        subprotocol: str | None = identifiers.SUBPROTOCOL,
        ssl_context: ssl.SSLContext | None = None,
        user: str | None = None,
        password: str = "",
        token: str | None = None,
    ) -> None:
        self.sent: list[Recorded] = []
        self.received: list[Recorded] = []
        self.events: list[Any] = []
        self.unmatched: list[Response] = []
        # Left out, wss:// gets the default context, which verifies.
        tls: dict[str, Any] = {} if ssl_context is None else {"ssl": ssl_context}
        self._connect = connect(
            url,
            subprotocols=None if subprotocol is None else [Subprotocol(subprotocol)],
            additional_headers=_authorization(user, password, token),
            max_size=_MAXIMUM_MESSAGE,
            proxy=None,  # loopback must work on machines behind a company proxy
            **tls,
        )
        self._websocket: ClientConnection | None = None
        self._reader: asyncio.Task[None] | None = None
        self._waiting: defaultdict[int, deque[asyncio.Future[Response]]] = defaultdict(deque)
        self._arrived = asyncio.Condition()
        self._closed = False
        self._message_ids = itertools.count(1)

    @property
    def websocket(self) -> ClientConnection:
        """The connection underneath. Raises RuntimeError before it is there."""
        if self._websocket is None:
            raise RuntimeError("the client is not connected; use `async with`")
        return self._websocket

    async def __aenter__(self) -> Self:
        self._websocket = await self._connect
        self._reader = asyncio.create_task(self._read())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.websocket.close()
        if self._reader is not None:
            await self._reader

    async def request(
        self, opcode: int, parameters: Any = None, message_id: int | None = None, timeout: float = TIMEOUT
    ) -> Response:
        """Send one request and wait for its response. Raises TimeoutError, ConnectionClosed."""
        return (await self.batch([Request(opcode, parameters, message_id)], timeout))[0]

    async def batch(self, requests: Sequence[Request], timeout: float = TIMEOUT) -> list[Response]:
        """Send requests in one message and wait for all responses. Raises TimeoutError, ConnectionClosed."""
        futures = await self.send(requests)
        async with asyncio.timeout(timeout):
            return [await future for future in futures]

    async def send(self, requests: Sequence[Request]) -> list[asyncio.Future[Response]]:
        """Send requests in one message; the futures get the responses, first in, first out by id."""
        loop = asyncio.get_running_loop()
        packets: list[list[Any]] = []
        futures: list[asyncio.Future[Response]] = []
        for opcode, parameters, given in requests:
            message_id = next(self._message_ids) if given is None else given
            packet: list[Any] = [identifiers.REQUEST, message_id, opcode]
            packets.append(packet if parameters is None else [*packet, parameters])
            future: asyncio.Future[Response] = loop.create_future()
            self._waiting[message_id].append(future)
            futures.append(future)
        await self.send_raw(encode(packets))
        return futures

    async def send_raw(self, payload: bytes | str) -> None:
        """Send a message as it is: bytes as binary, str as text. Raises ConnectionClosed."""
        self.sent.append(_recorded(payload))
        await self.websocket.send(payload)

    async def wait_for_events(self, count: int, timeout: float = TIMEOUT) -> list[Any]:
        """Wait until at least `count` event packets came in all. Raises TimeoutError, ConnectionError."""
        await self.wait_for(lambda: len(self.events) >= count, timeout)
        return self.events

    async def wait_for_frames(self, count: int, timeout: float = TIMEOUT) -> list[Recorded]:
        """Wait until at least `count` messages came in all. Raises TimeoutError, ConnectionError."""
        await self.wait_for(lambda: len(self.received) >= count, timeout)
        return self.received

    async def wait_for(self, condition: Callable[[], bool], timeout: float = TIMEOUT) -> None:
        """Wait until `condition`, looked at with every message. Raises TimeoutError, ConnectionError."""
        async with asyncio.timeout(timeout), self._arrived:
            await self._arrived.wait_for(lambda: condition() or self._closed)
        if not condition():
            raise ConnectionError("the connection ended before what was waited for")

    async def each_event(self) -> AsyncIterator[Any]:
        """All event packets, those already here first, until the connection ends."""
        given = 0
        while await self._has_event(given):
            yield self.events[given]
            given += 1

    async def _has_event(self, index: int) -> bool:
        """Wait for an event; false when the connection ended before it."""
        async with self._arrived:
            await self._arrived.wait_for(lambda: len(self.events) > index or self._closed)
        return len(self.events) > index

    async def _read(self) -> None:
        try:
            async for message in self.websocket:
                self.received.append(_recorded(message))
                if isinstance(message, bytes):
                    self._take(message)
                async with self._arrived:
                    self._arrived.notify_all()
        except ConnectionClosed:
            pass  # those who wait are told below
        finally:
            self._closed = True
            for future in itertools.chain.from_iterable(self._waiting.values()):
                if not future.done():
                    future.set_exception(ConnectionError("the connection ended before the response"))
                    future.exception()  # nobody needs to be waiting for it
            async with self._arrived:
                self._arrived.notify_all()

    def _take(self, payload: bytes) -> None:
        """Hand out the packets of a message; what makes no sense is only in `received`."""
        try:
            content = decode(payload)
        except NotCborError:
            return
        if not isinstance(content, list) or not content:
            return
        packets = content if isinstance(content[0], list) else [content]
        for packet in packets:
            if isinstance(packet, list) and len(packet) >= 2:
                self._take_packet(packet)

    def _take_packet(self, packet: list[Any]) -> None:
        message_id = integer(packet[1])
        if packet[0] == identifiers.EVENT:
            self.events.append(packet)
        elif packet[0] in (identifiers.SUCCESS, identifiers.ERROR) and message_id is not None:
            response = _response(message_id, packet)
            waiting = self._waiting[message_id]
            while waiting and waiting[0].done():
                waiting.popleft()  # given up by a timeout
            if waiting:
                waiting.popleft().set_result(response)
            else:
                self.unmatched.append(response)


def _response(message_id: int, packet: list[Any]) -> Response:
    body = packet[2] if len(packet) > 2 else None
    if packet[0] == identifiers.SUCCESS:
        return Response(message_id, body)
    error: Mapping[int, Any] = body if isinstance(body, Mapping) else {}
    return Response(message_id, None, error.get(0, error_codes.INTERNAL_ERROR), error.get(1))


def _recorded(payload: bytes | str) -> Recorded:
    is_text = isinstance(payload, str)
    return Recorded(payload.encode() if isinstance(payload, str) else payload, is_text, time.time_ns())


def _authorization(user: str | None, password: str, token: str | None) -> dict[str, str]:
    if token is not None:
        return {"Authorization": f"Bearer {token}"}
    if user is not None:
        return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}
    return {}
