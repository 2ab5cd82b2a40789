"""A WebSocket server and client that cost next to nothing, with mitmdump between them.

Frames are made beforehand and written and counted as bytes, so that what is measured is the proxy.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import os
import re
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import Final

from benchmarks.machine import allow_all_cores

Send = Callable[[asyncio.StreamWriter], Awaitable[None]]
"""What a server does with a connection once it is open."""

_ADDON: Final = Path(__file__).parents[1] / "addons" / "xentara.py"
_GUID: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455 section 1.3
_CHUNK: Final = 64  # frames written at once


@contextlib.asynccontextmanager
async def serving(send: Send) -> AsyncIterator[int]:
    """A server on loopback that accepts every upgrade and then sends; yields its port."""

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await _upgrade(reader, writer)
            await send(writer)
            await reader.read()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def _upgrade(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    match = re.search(rb"(?i)sec-websocket-key: *(\S+)", await reader.readuntil(b"\r\n\r\n"))
    if match is None:
        raise ConnectionError("no WebSocket handshake")
    accepted = base64.b64encode(hashlib.sha1(match[1] + _GUID).digest())
    writer.write(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Protocol: xentara-v1\r\nSec-WebSocket-Accept: " + accepted + b"\r\n\r\n"
    )


async def send_all(writer: asyncio.StreamWriter, frames: Sequence[bytes]) -> None:
    """Write all frames as fast as they are taken."""
    for start in range(0, len(frames), _CHUNK):
        writer.write(b"".join(frames[start : start + _CHUNK]))
        await writer.drain()


async def send_paced(
    writer: asyncio.StreamWriter, frames: Sequence[bytes], rate: float, sent: list[float]
) -> None:
    """Write frames one by one, `rate` a second. sent: gets the time of each."""
    start = time.perf_counter()
    for number, frame in enumerate(frames):
        await asyncio.sleep(start + number / rate - time.perf_counter())
        sent.append(time.perf_counter())
        writer.write(frame)


async def _connected(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A client's connection behind its upgrade."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 22)
    writer.write(
        b"GET /api/ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: xentara-v1\r\n"
        b"Sec-WebSocket-Key: " + base64.b64encode(os.urandom(16)) + b"\r\n\r\n"
    )
    await reader.readuntil(b"\r\n\r\n")
    return reader, writer


async def flood(port: int, size: int) -> float:
    """Connect and read `size` bytes of frames. Returns the seconds from the first to the last."""
    reader, writer = await _connected(port)
    left = size - len(await reader.readexactly(1))
    started = time.perf_counter()
    while left > 0:
        data = await reader.read(1 << 18)
        if not data:
            raise ConnectionError(f"the proxy closed with {left} bytes to come")
        left -= len(data)
    seconds = time.perf_counter() - started
    writer.close()
    return seconds


async def receive(port: int, frames: Sequence[bytes], received: list[float]) -> None:
    """Connect and read frames, all of one size. received: gets the time of each."""
    (size,) = {len(frame) for frame in frames}
    reader, writer = await _connected(port)
    pending = 0
    while len(received) < len(frames):
        data = await reader.read(1 << 18)
        now = time.perf_counter()
        if not data:
            raise ConnectionError("the proxy closed the connection")
        whole, pending = divmod(pending + len(data), size)
        received.extend([now] * whole)
    writer.close()


async def _line(output: asyncio.StreamReader, pattern: bytes) -> re.Match[bytes]:
    """Wait for a line of mitmdump's."""
    async for line in output:
        match = re.search(pattern, line)
        if match:
            return match
    raise RuntimeError(f"mitmdump did not say {pattern!r}")


@contextlib.asynccontextmanager
async def proxied(port: int, database: Path | None, *options: str) -> AsyncIterator[tuple[int, int]]:
    """Mitmdump in front of a port, with the add-on if there is a database; yields its port and pid.

    At its end everything is over, the indexer included.
    """
    arguments = ["--mode", f"reverse:http://127.0.0.1:{port}", "--listen-host", "127.0.0.1"]
    arguments += ["--listen-port", "0", "--set", "flow_detail=0", *options]
    if database is not None:
        arguments += ["-s", str(_ADDON), "--set", f"xentara_db={database}"]
    with tempfile.TemporaryDirectory() as confdir:
        child = await asyncio.create_subprocess_exec(
            str(Path(sys.executable).parent / "mitmdump"),
            *arguments,
            *("--set", f"confdir={confdir}"),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        allow_all_cores(child.pid)
        assert child.stdout is not None
        drain = None
        try:
            match = await _line(child.stdout, rb"listening at \S*?:(\d+)\.?\s")
            if database is not None:
                await _line(child.stdout, b"recording into")
            drain = asyncio.create_task(child.stdout.read())
            yield int(match[1]), child.pid
        finally:
            if child.returncode is None:
                child.terminate()
            await child.wait()
            if drain is not None:
                await drain  # the indexer has that pipe too
