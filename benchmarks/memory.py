"""Memory of the proxy while many messages pass on one socket, with the add-on and without.

`python -m benchmarks.memory [messages] [bytes in each]`
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from benchmarks.load import flood, proxied, send_all, serving
from benchmarks.machine import about, keep_to_last_core, most_resident
from benchmarks.throughput import VARIANTS
from benchmarks.traffic import message, websocket_frame

MIB = 1 << 20
_WARM = 1000  # messages before the first look


async def one_run(frames: list[bytes], database: Path | None, *options: str) -> tuple[int, int]:
    """Bytes that the proxy occupied at most behind a connection of a few messages, and behind one of all."""

    async def send(writer: asyncio.StreamWriter) -> None:
        await send_all(writer, counts.pop(0))

    counts = [frames[:_WARM], frames]
    async with (
        serving(send) as port,
        proxied(port, database, *options) as (proxy, pid),
    ):
        await flood(proxy, sum(map(len, frames[:_WARM])))
        before = most_resident(pid)
        await flood(proxy, sum(map(len, frames)))
        return before, most_resident(pid)


async def main(messages: int, size: int) -> None:
    """Print how the memory of the proxy grows."""
    frames = [websocket_frame(message(number % 1000, 1, size - 60)) for number in range(messages)]
    mean = sum(map(len, frames)) / messages
    print(f"Memory of the proxy, {messages} messages of {mean:.0f} bytes on one socket, {about()}:")
    for name, options in VARIANTS.items():
        with tempfile.TemporaryDirectory() as folder:
            database = None if options is None else Path(folder) / "capture.db"
            before, after = await one_run(frames, database, *options or ())
        print(
            f"  {name:24} {before / MIB:6.1f} MiB before, {after / MIB:6.1f} at most,"
            f" {(after - before) / MIB:+7.1f}",
            flush=True,
        )


if __name__ == "__main__":
    keep_to_last_core()
    given = [int(text) for text in sys.argv[1:]]
    asyncio.run(main(*(given + [200_000, 1_000][len(given) :])))
