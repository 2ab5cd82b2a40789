"""How long after a message was relayed `log --events` shows it, asked again and again or with `--follow`.

`python -m benchmarks.visibility [messages a second] [seconds] [packets a message]`

A second thread asks as the command does, every 10 ms, or reads the lines of the command itself; what that
adds is part of the figure. Then what `--follow` costs where nothing comes, and over a rotation in between.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final

from benchmarks.load import proxied, receive, send_paced, serving
from benchmarks.machine import about, keep_to_last_core
from benchmarks.traffic import message, websocket_frame
from xentara_inspect.frames import frame_of
from xentara_inspect.queries.databases import open_databases
from xentara_inspect.queries.log import log
from xentara_inspect.store.addresses import parse_address

ASKED: Final = "log --events"
FOLLOWED: Final = "log --follow --events"
ROTATED: Final = "log --follow --events, rotated"

_POLL: Final = 0.01
_START: Final = 2.0
"""Seconds in which the command is surely up."""
_IDLE: Final = 5.0


def watch(database: Path, frames: int, seen: list[tuple[int, float]], stop: threading.Event) -> None:
    """Note how many frames `log --events` reaches, and when, until it reaches all of them."""
    while not stop.is_set() and (not seen or seen[-1][0] < frames):
        with open_databases([str(database)]) as databases:
            rows = list(log(databases, limit=1, with_events=True))
        if rows:
            seen.append((frame_of(parse_address(rows[0]["id"]) or 0), time.perf_counter()))
        time.sleep(_POLL)


def read_lines(lines: IO[str], frames: int, seen: list[tuple[int, float]]) -> None:
    """Note when which frame's line comes, until all have."""
    for line in lines:
        seen.append((frame_of(parse_address(json.loads(line)["id"]) or 0), time.perf_counter()))
        if seen[-1][0] >= frames:
            break


@contextlib.contextmanager
def following(database: Path) -> Iterator[subprocess.Popen[str]]:
    """`log --follow --events` as a process of its own, that looks already."""
    program = Path(sys.executable).parent / "xentara-inspect"
    command = [str(program), "log", "--follow", "--events", "--ndjson", "-d", str(database)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        time.sleep(_START)
        try:
            yield child
        finally:
            child.send_signal(signal.SIGINT)


def processor_seconds(pid: int) -> float:
    """What a process has used so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


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


async def measure(rate: int, seconds: int, packets: int, way: str) -> None:
    """Print percentiles. way: `log`, `log --follow` or `log --follow, rotated`."""
    frames = [websocket_frame(message(number, packets)) for number in range(rate * seconds)]
    sent: list[float] = []
    received: list[float] = []
    seen: list[tuple[int, float]] = []
    stop = threading.Event()
    idle = ""
    options = ["--set", "xentara_rotate_size=4M"] if way == ROTATED else []
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        database = Path(folder) / "capture.db"
        async with (
            serving(lambda writer: send_paced(writer, frames, rate, sent)) as port,
            proxied(port, database, *options) as (proxy, _),
        ):
            if way == ASKED:
                watching = asyncio.create_task(asyncio.to_thread(watch, database, len(frames), seen, stop))
            else:
                child = stack.enter_context(following(database))
                assert child.stdout is not None
                watching = asyncio.create_task(asyncio.to_thread(read_lines, child.stdout, len(frames), seen))
            try:
                await receive(proxy, frames, received)
                await asyncio.wait_for(asyncio.shield(watching), 120)
            finally:
                stop.set()
            await watching
            if way != ASKED:
                await asyncio.sleep(1)
                before = processor_seconds(child.pid)
                await asyncio.sleep(_IDLE)
                idle = f"   idle {(processor_seconds(child.pid) - before) / _IDLE:.1%} of a core"
    cuts = statistics.quantiles(delays(received, seen), n=100)
    print(f"From relay to `{way}` at {rate} messages a second of {packets} packets, {about()}:")
    print(f"  p50 {cuts[49]:.0f} ms   p99 {cuts[98]:.0f} ms   ({len(frames)} messages){idle}")


async def main(rate: int, seconds: int, packets: int) -> None:
    """Print the percentiles of each way."""
    for way in (ASKED, FOLLOWED, ROTATED):
        await measure(rate, seconds, packets, way)


if __name__ == "__main__":
    keep_to_last_core()
    given = [int(text) for text in sys.argv[1:]]
    asyncio.run(main(*(given + [1000, 10, 1][len(given) :])))
