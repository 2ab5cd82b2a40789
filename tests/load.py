"""Load on a proxy: a server that pushes numbered events, clients that ask, leave and come back."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import random
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import cbor2
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.typing import Subprotocol

from tests.simulated import CODE, LEVEL, MODE, SPEED
from xentara_inspect.protocol import identifiers
from xentara_inspect.protocol.commands import OPCODES
from xentara_inspect.simulator import OPERATOR, Accounts, Client, Request, example_plant
from xentara_inspect.simulator.answers import Session
from xentara_inspect.simulator.dispatch import answers_to
from xentara_inspect.simulator.wire import encode

IDS_EACH: Final = 1_000_000
"""Message ids of a connection: all of its requests are unlike those of any other."""

ELEMENTS: Final = (LEVEL, SPEED, MODE, CODE)
WAYS_TO_ASK: Final[tuple[tuple[tuple[str, Any], ...], ...]] = (
    (("lookup", {0: "Plant.Tank 1.Level"}), ("lookup", {0: "No.Such.Thing"})),
    (("meta_data", {0: SPEED, 1: [0, 1, 2, 3]}),),
    (("read", {0: LEVEL, 1: [11, 9]}), ("read", {0: MODE, 1: [11, 200]})),
    (("write", {0: SPEED, 1: 11, 2: 42.0}), ("write", {0: LEVEL, 1: 11, 2: 1.0})),
    (("browse", {0: UUID(int=0), 1: 1}),),
    (("subscribe", {0: [{0: SPEED, 1: [11]}]}),),
    (("get_stage", None),),
)


def connection_of(message_id: int) -> int:
    """The number of the connection that a message id belongs to."""
    return message_id // IDS_EACH


def numbered_event(connection: int, number: int, padding: bytes = b"") -> bytes:
    """An event that is unlike any other. padding: what to add to it."""
    stamp = cbor2.CBORTag(1001, {4: cbor2.CBORTag(4, [-9, connection * IDS_EACH + number])})
    element = ELEMENTS[number % len(ELEMENTS)]
    values = {11: cbor2.CBORTag(121, number)}
    if padding:
        values[200] = cbor2.CBORTag(121, padding)
    return encode([[identifiers.EVENT, 0, {0: stamp, 1: element, 2: values}]])


@dataclass
class Heard:
    """What one end of a connection got: (time in ns since 1970, payload), in order."""

    messages: list[tuple[int, bytes]] = field(default_factory=list)


class LoadServer:
    """Answers requests (but leaves every seventh message unanswered) and pushes numbered events."""

    def __init__(self, pause: float = 0.004, padding: int = 0) -> None:
        """pause: seconds between two events on a connection. padding: bytes to add to each."""
        self.heard: dict[int, Heard] = {}
        self._pause = pause
        self._padding = padding
        self._plant = example_plant()
        self._server: Server | None = None

    @property
    def upstream(self) -> str:
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def __aenter__(self) -> LoadServer:
        protocols = [Subprotocol(identifiers.SUBPROTOCOL)]
        self._server = await serve(self._serve, "127.0.0.1", 0, subprotocols=protocols)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, websocket: ServerConnection) -> None:
        session = Session(self._plant, Accounts(), OPERATOR)
        heard: Heard | None = None
        pushing: asyncio.Task[None] | None = None
        try:
            async for count in _counted(websocket):
                number, message = count
                assert isinstance(message, bytes)
                answers = answers_to(session, message)
                if heard is None:
                    connection = connection_of(answers[0].message_id)
                    heard = self.heard[connection] = Heard()
                    pushing = asyncio.create_task(self._push(websocket, connection))
                heard.messages.append((time.time_ns(), message))
                if number % 7 or number == 0:
                    await websocket.send(encode([answer.packet for answer in answers]))
        except ConnectionClosed:
            pass
        finally:
            if pushing is not None:
                pushing.cancel()
                await asyncio.gather(pushing, return_exceptions=True)

    async def _push(self, websocket: ServerConnection, connection: int) -> None:
        with contextlib.suppress(ConnectionClosed):
            for number in itertools.count():
                await websocket.send(numbered_event(connection, number, bytes(self._padding)))
                await asyncio.sleep(self._pause)


async def _counted(websocket: ServerConnection) -> AsyncIterator[tuple[int, bytes | str]]:
    number = 0
    async for message in websocket:
        yield number, message
        number += 1


class Crowd:
    """Clients that connect, converse for a while, close, and come back, until `stop` or their proxy is gone.

    numbers: of connections, never to be used twice on one database.
    """

    def __init__(
        self,
        url: str,
        numbers: Iterable[int],
        chance: random.Random,
        clients: int = 4,
        stay: int = 150,
        pause: float = 0.0,
    ) -> None:
        """stay: at most so many messages are sent on one connection. pause: seconds behind each."""
        self.connections: dict[int, Client] = {}
        self._url = url
        self._numbers = iter(numbers)
        self._chance = chance
        self._clients = clients
        self._stay = stay
        self._pause = pause
        self._stopping = False
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Crowd:
        self._tasks = [asyncio.create_task(self._come_and_go()) for _ in range(self._clients)]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @property
    def received(self) -> int:
        """Messages that all clients received so far."""
        return sum(len(client.received) for client in self.connections.values())

    async def wait_for(self, count: int) -> None:
        """Wait until `count` messages more were received."""
        wanted = self.received + count
        async with asyncio.timeout(30):
            while self.received < wanted:
                for task in self._tasks:
                    if task.done():
                        await task
                await asyncio.sleep(0.005)

    async def stop(self) -> None:
        """Let all conversations end properly."""
        self._stopping = True
        await self.ended()

    async def ended(self) -> None:
        """Wait until all clients have found out that their proxy is gone, or have stopped."""
        async with asyncio.timeout(30):
            await asyncio.gather(*self._tasks)

    async def _come_and_go(self) -> None:
        while not self._stopping:
            number = next(self._numbers)
            client = Client(self._url)
            try:
                async with client:
                    self.connections[number] = client
                    await self._converse(client, number)
            except (OSError, EOFError, WebSocketException):
                return  # the proxy is gone

    async def _converse(self, client: Client, number: int) -> None:
        ids = itertools.count(number * IDS_EACH)
        await client.request(OPCODES["client_hello"], {0: 1, 1: 1}, next(ids))
        for _ in range(self._chance.randrange(1, self._stay)):
            if self._stopping:
                return
            asks = self._chance.choice(WAYS_TO_ASK)
            await client.send([Request(OPCODES[name], parameters, next(ids)) for name, parameters in asks])
            seen = len(client.received) + 2
            await client.wait_for(lambda seen=seen: len(client.received) >= seen)  # type: ignore[misc]
            await asyncio.sleep(self._pause)


def as_heard(connections: dict[int, Client]) -> dict[int, Heard]:
    """What clients received."""
    return {
        number: Heard([(frame.time, frame.payload) for frame in client.received])
        for number, client in connections.items()
    }


def oldest_missing(heard: Heard, recorded: Sequence[bytes]) -> int | None:
    """When the first message that is not recorded was heard; fails where the order differs."""
    payloads = [payload for _, payload in heard.messages]
    length = min(len(payloads), len(recorded))
    assert payloads[:length] == list(recorded[:length]), "recorded otherwise than heard"
    return heard.messages[length][0] if length < len(payloads) else None
