"""Many connections through proxies, both ends of which write down what they say and hear."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import itertools
import random
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple

from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.typing import Subprotocol

from tests.live import Mitmdump
from tests.load import IDS_EACH, WAYS_TO_ASK, numbered_event
from xentara_inspect.frames import Frame
from xentara_inspect.protocol import identifiers
from xentara_inspect.protocol.commands import CLIENT_HELLO, OPCODES
from xentara_inspect.simulator import OPERATOR, Accounts, example_plant
from xentara_inspect.simulator.answers import Session
from xentara_inspect.simulator.dispatch import answers_to
from xentara_inspect.simulator.wire import encode
from xentara_inspect.traffic.echoes import SessionSecrets

_SUBPROTOCOLS: Final = [Subprotocol(identifiers.SUBPROTOCOL)]
_LARGEST_QUESTION: Final = 10_000  # bytes; what is larger is poison, and gets no answer
_OPTIONS: Final[dict[str, Any]] = {"max_size": None, "ping_interval": None, "close_timeout": 5}


@dataclass
class Way:
    """One direction of a connection: the SHA-256 of each message, in order."""

    sent: list[bytes] = field(default_factory=list)
    heard: list[bytes] = field(default_factory=list)


@dataclass
class Connection:
    """What both ends of a connection know of it. ways: by whether they are from the client."""

    number: int
    proxy: Mitmdump
    ways: dict[bool, Way] = field(default_factory=lambda: {True: Way(), False: Way()})


class End:
    """One end of a connection."""

    def __init__(
        self,
        websocket: ClientConnection | ServerConnection,
        connection: Connection,
        blanked: dict[bytes, bytes],
    ) -> None:
        """blanked: what is recorded in the place of messages with secrets, both as SHA-256."""
        self.websocket = websocket
        self.is_client = isinstance(websocket, ClientConnection)
        self._out = connection.ways[self.is_client]
        self._in = connection.ways[not self.is_client]
        self._blanked = blanked

    async def say(self, message: bytes | str) -> None:
        """Raises ConnectionClosed."""
        payload = message.encode() if isinstance(message, str) else message
        digest = hashlib.sha256(payload).digest()
        stored = SessionSecrets().without(Frame(0, self.is_client, isinstance(message, str), payload)).payload
        if stored is not payload:
            self._blanked[digest] = hashlib.sha256(stored).digest()
        self._out.sent.append(digest)
        await self.websocket.send(message)

    async def listen(self, on_message: Callable[[bytes | str], Any] | None = None) -> None:
        """Until the connection ends."""
        with contextlib.suppress(ConnectionClosed):
            async for message in self.websocket:
                payload = message.encode() if isinstance(message, str) else message
                self._in.heard.append(hashlib.sha256(payload).digest())
                if on_message is not None:
                    await on_message(message)


class Town:
    """A server, and people who come to it through proxies, talk, and leave in one way or the other.

    proxies: those that people use now. here: both ends of the connections that are open.
    """

    def __init__(self, seed: int, people: int) -> None:
        self.proxies: list[Mitmdump] = []
        self.connections: dict[int, Connection] = {}
        self.here: dict[int, list[End]] = {}
        self.blanked: dict[bytes, bytes] = {}
        self.most = 0
        self._seed = seed
        self._people = people
        self._numbers = itertools.count(1)
        self._plant = example_plant()
        self._server: Server | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._closes = asyncio.Event()

    @property
    def upstream(self) -> str:
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def __aenter__(self) -> Town:
        self._server = await serve(
            self._serve, "127.0.0.1", 0, subprotocols=_SUBPROTOCOLS, backlog=1000, **_OPTIONS
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()

    def open(self) -> None:
        """Let people come."""
        self._tasks = [asyncio.create_task(self._live(person)) for person in range(self._people)]

    async def close(self) -> None:
        """Let all of them leave."""
        self._closes.set()
        async with asyncio.timeout(60):
            await asyncio.gather(*self._tasks)

    # The server

    async def _serve(self, websocket: ServerConnection) -> None:
        assert websocket.request is not None
        token = websocket.request.headers["Authorization"].removeprefix("Basic ")
        number = int(base64.b64decode(token).partition(b":")[0])
        end = self._meet(number, websocket)
        session = Session(self._plant, Accounts(), OPERATOR)
        counted = itertools.count()

        async def answer(message: bytes | str) -> None:
            if len(message) <= _LARGEST_QUESTION and (next(counted) % 7 or not session.greeted):
                await end.say(encode([answer.packet for answer in answers_to(session, message)]))

        pushing = asyncio.create_task(self._push(end, number))
        try:
            await end.listen(answer)
        finally:
            pushing.cancel()
            await asyncio.gather(pushing, return_exceptions=True)
            self.here.pop(number, None)

    async def _push(self, end: End, number: int) -> None:
        chance = random.Random(f"{self._seed} {number}")
        with contextlib.suppress(ConnectionClosed):
            for event in itertools.count():
                await asyncio.sleep(chance.expovariate(0.5))
                await end.say(numbered_event(number, event))

    # The clients

    async def _live(self, person: int) -> None:
        chance = random.Random(f"{self._seed} person {person}")
        while not await self._closes_within(chance.uniform(0, 10)):
            proxy = chance.choice(self.proxies)
            number = next(self._numbers)
            self.connections[number] = Connection(number, proxy)
            try:
                headers = {"Authorization": "Basic " + base64.b64encode(f"{number}:x".encode()).decode()}
                async with connect(
                    proxy.url, subprotocols=_SUBPROTOCOLS, additional_headers=headers, proxy=None, **_OPTIONS
                ) as websocket:
                    await self._visit(self._meet(number, websocket), number, chance)
            except (OSError, EOFError, WebSocketException, TimeoutError):
                pass  # the proxy is gone

    async def _visit(self, end: End, number: int, chance: random.Random) -> None:
        listening = asyncio.create_task(end.listen())
        try:
            ids = itertools.count(number * IDS_EACH)
            await end.say(encode([[identifiers.REQUEST, next(ids), CLIENT_HELLO, {0: 1, 1: 1}]]))
            for _ in range(chance.randrange(20)):
                asks = chance.choice(WAYS_TO_ASK)
                packets = [[identifiers.REQUEST, next(ids), OPCODES[name], given] for name, given in asks]
                await end.say(encode([packet if packet[3] is not None else packet[:3] for packet in packets]))
                if await self._closes_within(chance.expovariate(0.5)) or listening.done():
                    break
            if chance.random() < 0.1:
                end.websocket.transport.abort()  # it vanishes
            await end.websocket.close()
        finally:
            await listening

    async def _closes_within(self, seconds: float) -> bool:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._closes.wait(), seconds)
        return self._closes.is_set()

    def _meet(self, number: int, websocket: ClientConnection | ServerConnection) -> End:
        end = End(websocket, self.connections[number], self.blanked)
        self.here.setdefault(number, []).append(end)
        self.most = max(self.most, len(self.here))
        return end


class Record(NamedTuple):
    """What databases have of a connection: SHA-256 of messages by direction, and how many were dropped."""

    frames: dict[bool, list[bytes]]
    dropped: int


def records(files: Sequence[Path]) -> dict[int, Record]:
    """What databases together have of each connection, those of a user with its number."""
    found: dict[int, Record] = {}
    for file in files:
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
            for user, dropped in connection.execute("SELECT user, dropped FROM sessions"):
                number = int(user)
                before = found.get(number, Record({True: [], False: []}, 0))
                found[number] = before._replace(dropped=before.dropped + dropped)
            for user, from_client, digest in _digests(connection):
                found[user].frames[from_client].append(digest)
    return found


def _digests(connection: sqlite3.Connection) -> Iterator[tuple[int, bool, bytes]]:
    for user, from_client, payload, cut in connection.execute(
        "SELECT user, from_client, payload, sha256 FROM frames JOIN sessions ON sessions.id = session_id"
        " LEFT JOIN cut_frames ON frame_id = frames.id ORDER BY frames.id"
    ):
        digest = hashlib.sha256(payload).digest() if cut is None else bytes.fromhex(cut)
        yield int(user), bool(from_client), digest


def unrecorded(connection: Connection, record: Record, blanked: dict[bytes, bytes]) -> int:
    """How many messages arrived and are not recorded. Fails where something else is than was sent."""
    sent = sum(len(way.sent) for way in connection.ways.values())
    assert sum(map(len, record.frames.values())) + record.dropped <= sent, "more than was sent"
    return sum(
        _unrecorded(way, record.frames[from_client], blanked) for from_client, way in connection.ways.items()
    )


def _unrecorded(way: Way, recorded: Sequence[bytes], blanked: dict[bytes, bytes]) -> int:
    assert way.heard == way.sent[: len(way.heard)], "relayed otherwise than sent"
    rest = iter(enumerate(blanked.get(digest, digest) for digest in way.sent))
    places = []
    for digest in recorded:
        place = next((place for place, sent in rest if sent == blanked.get(digest, digest)), None)
        assert place is not None, "recorded otherwise than sent, or in another order"
        places.append(place)
    return len(way.heard) - sum(place < len(way.heard) for place in places)
