"""How long after a message was relayed `log --events` shows it, while recording goes on.

`python -m benchmarks.visibility [messages a second] [seconds] [packets a message]`

A second thread asks as the command does, every 10 ms; what that adds is part of the figure.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

from benchmarks.load import proxied, receive, send_paced, serving
from benchmarks.machine import about, keep_to_last_core
from benchmarks.traffic import message, websocket_frame
from xentara_inspect.frames import frame_of
from xentara_inspect.queries.databases import open_databases
from xentara_inspect.queries.log import log
from xentara_inspect.store.addresses import parse_address

_POLL = 0.01


def watch(database: Path, frames: int, seen: list[tuple[int, float]], stop: threading.Event) -> None:
    """Note how many frames `log --events` reaches, and when, until it reaches all of them."""
    while not stop.is_set() and (not seen or seen[-1][0] < frames):
        with open_databases([str(database)]) as databases:
            rows = list(log(databases, limit=1, with_events=True))
        if rows:
            seen.append((frame_of(parse_address(rows[0]["id"]) or 0), time.perf_counter()))
        time.sleep(_POLL)


def delays(received: list[float], seen: list[tuple[int, float]]) -> list[float]:
    """Milliseconds from each frame's arrival to the first answer that reached it."""
    taken = []
    looks = iter(seen)
    reached, when = next(looks)
    for number, arrived in enumerate(received, 1):
        while reached < number:
            reached, when = next(looks)
        taken.append((when - arrived) * 1e3)
    return taken


async def main(rate: int, seconds: int, packets: int) -> None:
    """Print percentiles."""
    frames = [websocket_frame(message(number, packets)) for number in range(rate * seconds)]
    sent: list[float] = []
    received: list[float] = []
    seen: list[tuple[int, float]] = []
    stop = threading.Event()
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "capture.db"
        async with (
            serving(lambda writer: send_paced(writer, frames, rate, sent)) as port,
            proxied(port, database) as (proxy, _),
        ):
            watching = asyncio.create_task(asyncio.to_thread(watch, database, len(frames), seen, stop))
            try:
                await receive(proxy, frames, received)
                await asyncio.wait_for(asyncio.shield(watching), 120)
            finally:
                stop.set()
            await watching
    cuts = statistics.quantiles(delays(received, seen), n=100)
    print(f"From relay to `log --events` at {rate} messages a second of {packets} packets, {about()}:")
    print(f"  p50 {cuts[49]:.0f} ms   p99 {cuts[98]:.0f} ms   ({len(frames)} messages, {len(seen)} looks)")


if __name__ == "__main__":
    keep_to_last_core()
    given = [int(text) for text in sys.argv[1:]]
    asyncio.run(main(*(given + [1000, 10, 1][len(given) :])))
