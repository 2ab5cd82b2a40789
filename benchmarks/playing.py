"""How far from their recorded pace the events of `mock` are, and how long it takes to answer.

`python -m benchmarks.playing [messages a second] [seconds]`

The recording is made here: one subscription, and messages with an event each as far apart as is said. The
client is in a process of its own; what is told is by how much each message came later than it should,
counted from the answer to the subscription. A bare server in the same run tells what the machine can do.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final
from uuid import UUID

import cbor2
from websockets.asyncio.server import ServerConnection, serve

from benchmarks.machine import about, process_cpu
from xentara_inspect.frames import Closing, Frame, SessionInfo
from xentara_inspect.index.process import catch_up
from xentara_inspect.playback.recording import Recording
from xentara_inspect.playback.server import Mock
from xentara_inspect.playback.serving import Manner
from xentara_inspect.protocol import commands
from xentara_inspect.queries.databases import open_databases
from xentara_inspect.simulator import Client
from xentara_inspect.store.importing import Importer

ELEMENT: Final = UUID("e3ee1071-4d88-4ba1-8e5d-0f1e4ce25ee8")
SUBSCRIPTION: Final = UUID("0b5c2f4e-9a1d-4c3b-8e7f-112233445566")
START: Final = 1_700_000_000_000_000_000
HELLO: Final = {0: 1, 1: 1}
SUBSCRIBE: Final = {0: [{0: ELEMENT, 1: [11]}]}
_REQUESTS: Final = 1000


def recording(path: Path, rate: float, seconds: float) -> None:
    """A database with a connection that hears of an element."""
    said: list[tuple[bool, object]] = [
        (True, [[0, 1, commands.CLIENT_HELLO, HELLO]]),
        (False, [[1, 1, {0: 1}]]),
        (True, [[0, 2, commands.GET_STAGE]]),
        (False, [[1, 2, 2]]),
        (True, [[0, 3, commands.SUBSCRIBE, SUBSCRIBE]]),
        (False, [[1, 3, SUBSCRIPTION]]),
    ]
    frames = [Frame(START, from_client, False, cbor2.dumps(packets)) for from_client, packets in said]
    for number in range(1, int(rate * seconds) + 1):
        time_point = cbor2.CBORTag(1001, {4: cbor2.CBORTag(4, [-9, START + number])})
        event = [8, 0, {0: time_point, 1: ELEMENT, 2: {11: cbor2.CBORTag(121, float(number))}}]
        frames.append(Frame(START + int(number / rate * 1e9), False, False, cbor2.dumps([event])))
    info = SessionInfo("one", "client:1", "server:1", "/api/ws", "xentara-v1", None, START)
    with Importer(path) as importer:
        importer.add(info, frames, Closing(frames[-1].time, 1000))
    catch_up(path)


async def listen(url: str, rate: float, count: int) -> None:
    """Be the client, and print by how much messages are late."""
    async with Client(url) as client:
        await client.request(commands.CLIENT_HELLO, HELLO)
        took = []
        for _ in range(_REQUESTS):
            began = time.perf_counter()
            await client.request(commands.GET_STAGE)
            took.append((time.perf_counter() - began) * 1e3)
        before = len(client.received)
        await client.request(commands.SUBSCRIBE, SUBSCRIBE)
        await client.wait_for_events(count, timeout=count / rate * 2 + 60)
        subscribed, *events = [message.time for message in client.received[before:]]
    late = [(came - subscribed) / 1e6 - number / rate * 1e3 for number, came in enumerate(events, 1)]
    print(f"{count} messages, {rate:g} a second: {_spread([abs(one) for one in late])} from their time")
    print(f"{_REQUESTS} requests, one after the other: {_spread(took)} until answered")


def _spread(values: list[float]) -> str:
    hundredths = statistics.quantiles(values, n=100)
    return f"p50 {hundredths[49]:.2f}, p99 {hundredths[98]:.2f}, most {max(values):.2f} ms"


class Bare:
    """A server that knows what it sends and when, and does nothing else: what the machine can do."""

    def __init__(self, rate: float, count: int) -> None:
        self.rate, self.count, self.url = rate, count, ""

    async def __aenter__(self) -> Bare:
        self._server = await serve(self._serve, "127.0.0.1", 0)
        self.url = f"ws://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, websocket: ServerConnection) -> None:
        async for message in websocket:
            _, message_id, opcode = cbor2.loads(message if isinstance(message, bytes) else message.encode())[
                0
            ][:3]
            await websocket.send(cbor2.dumps([[1, message_id]]))
            if opcode == commands.SUBSCRIBE:
                await self._push(websocket)

    async def _push(self, websocket: ServerConnection) -> None:
        began = time.monotonic()
        event = cbor2.dumps([[8, 0, {0: 0, 1: ELEMENT, 2: {11: cbor2.CBORTag(121, 1.0)}}]])
        for number in range(1, self.count + 1):
            await asyncio.sleep(began + number / self.rate - time.monotonic())
            await websocket.send(event)


async def measure(server: Bare | Mock, rate: float, count: int) -> None:
    """Serve a client in another process."""
    async with server:
        before = process_cpu(os.getpid())
        command = [sys.executable, "-m", "benchmarks.playing", server.url, str(rate), str(count)]
        process = await asyncio.create_subprocess_exec(*command)
        if await process.wait():
            raise subprocess.CalledProcessError(process.returncode or 1, command)
        spent = (process_cpu(os.getpid()) - before) / (count + _REQUESTS) * 1e6
        print(f"CPU {spent:.0f} µs a message\n")


def main() -> None:
    """Measure, or be the client that is measured."""
    if len(sys.argv) == 4:
        asyncio.run(listen(sys.argv[1], float(sys.argv[2]), int(sys.argv[3])))
        return
    rate, seconds = (float(given) for given in (*sys.argv[1:], *("200", "10")[len(sys.argv) - 1 :]))
    print(about())
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "recorded.db"
        recording(path, rate, seconds)
        count = int(rate * seconds)
        with open_databases([str(path)]) as databases:
            for name, server in (("bare", Bare(rate, count)), ("mock", Mock(Recording(databases), Manner()))):
                print(name, flush=True)
                asyncio.run(measure(server, rate, count))


if __name__ == "__main__":
    main()
