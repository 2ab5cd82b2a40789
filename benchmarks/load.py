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
import struct
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import cbor2

ROOT = Path(__file__).parents[1]
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455 section 1.3
_CHUNK = 64


def event(number: int, size: int = 0) -> list[object]:
    """A data change event packet; with `size`, its value is a text of so many bytes."""
    time_point = cbor2.CBORTag(1001, {4: cbor2.CBORTag(4, [-9, 1_700_000_000_000_000_000 + number])})
    element = cbor2.CBORTag(37, struct.pack(">QQ", 0x0123456789ABCDEF, number % 100))
    value = "x" * size if size else number * 0.1
    return [8, 0, {0: time_point, 1: element, 2: {11: cbor2.CBORTag(121, value), 9: cbor2.CBORTag(121, 0)}}]


def message(number: int, packets: int, size: int = 0) -> bytes:
    """A message of so many event packets, each of another time."""
    return cbor2.dumps([event(number * packets + index, size) for index in range(packets)])


def frame(payload: bytes) -> bytes:
    """An unmasked binary WebSocket frame (RFC 6455 section 5.2), as servers send them."""
    length = len(payload)
    if length < 126:
        return bytes((0x82, length)) + payload
    if length < 1 << 16:
        return b"\x82\x7e" + struct.pack(">H", length) + payload
    return b"\x82\x7f" + struct.pack(">Q", length) + payload


Send = Callable[[asyncio.StreamWriter], "asyncio.Future[None] | object"]


@contextlib.asynccontextmanager
async def serving(send: Callable[[asyncio.StreamWriter], object]) -> AsyncIterator[int]:
    """A server on loopback that accepts every upgrade and then sends; yields its port."""

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        match = re.search(rb"(?i)sec-websocket-key: *(\S+)", request)
        if match is None:
            writer.close()
            return
        accepted = base64.b64encode(hashlib.sha1(match[1] + _GUID).digest())
        writer.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Protocol: xentara-v1\r\nSec-WebSocket-Accept: " + accepted + b"\r\n\r\n"
        )
        try:
            result = send(writer)
            if asyncio.iscoroutine(result):
                await result
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


async def connected(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
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
    reader, writer = await connected(port)
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


async def send_all(writer: asyncio.StreamWriter, frames: Sequence[bytes]) -> None:
    """Write all frames as fast as they are taken."""
    for start in range(0, len(frames), _CHUNK):
        writer.write(b"".join(frames[start : start + _CHUNK]))
        await writer.drain()


@contextlib.asynccontextmanager
async def proxied(port: int, database: Path | None, *options: str) -> AsyncIterator[tuple[int, int]]:
    """Mitmdump in front of a port, with the add-on if there is a database; yields its port and pid."""
    arguments = ["--mode", f"reverse:http://127.0.0.1:{port}", "--listen-host", "127.0.0.1"]
    arguments += ["--listen-port", "0", "--set", "flow_detail=0", *options]
    if database is not None:
        arguments += ["-s", str(ROOT / "addons" / "xentara.py"), "--set", f"xentara_db={database}"]
    with tempfile.TemporaryDirectory() as confdir:
        child = await asyncio.create_subprocess_exec(
            str(Path(sys.executable).parent / "mitmdump"), *arguments, "--set", f"confdir={confdir}",
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )  # fmt: skip
        assert child.stdout is not None
        try:
            async for line in child.stdout:
                match = re.search(rb"listening at \S*?:(\d+)\.?\s", line)
                if match:
                    break
            else:
                raise RuntimeError("mitmdump did not start")
            drain = asyncio.create_task(child.stdout.read())
            yield int(match[1]), child.pid
        finally:
            if child.returncode is None:
                child.terminate()
            await child.wait()
            await drain
