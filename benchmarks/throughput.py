"""Messages a second through mitmdump, with the add-on against without, in one alternating run.

`python -m benchmarks.throughput [messages] [runs]`

Beside the rates it prints what a message costs the process of the proxy in CPU time, which does not
depend on what else the machine does.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Final, NamedTuple

from benchmarks.load import flood, proxied, send_all, serving
from benchmarks.machine import about, keep_to_last_core, process_cpu
from benchmarks.traffic import message, websocket_frame

MESSAGES: Final = 20_000
RUNS: Final = 5
VARIANTS: Final = {
    "plain": None,
    "recording": ("--set", "xentara_index=off"),
    "recording and indexing": (),
}


class Rate(NamedTuple):
    """What one run gave: messages a second, and CPU microseconds of the proxy a message."""

    rate: float
    cpu: float


async def one_run(frames: list[bytes], database: Path | None, *options: str) -> Rate:
    """One flood through one proxy."""
    async with (
        serving(lambda writer: send_all(writer, frames)) as port,
        proxied(port, database, *options) as (proxy, pid),
    ):
        before = process_cpu(pid)
        seconds = await flood(proxy, sum(map(len, frames)))
        cpu = process_cpu(pid) - before
    return Rate(len(frames) / seconds, cpu / len(frames) * 1e6)


async def measure(frames: list[bytes], runs: int) -> dict[str, list[Rate]]:
    """All variants turn by turn, the first one another in each round."""
    results: dict[str, list[Rate]] = {name: [] for name in VARIANTS}
    names = list(VARIANTS)
    for turn in range(runs):
        first = turn % len(names)
        for name in names[first:] + names[:first]:
            options = VARIANTS[name]
            with tempfile.TemporaryDirectory() as folder:
                database = None if options is None else Path(folder) / "capture.db"
                results[name].append(await one_run(frames, database, *options or ()))
    return results


async def main(messages: int, runs: int) -> None:
    """Print the rates and their ratio for 1 and 50 packets a message."""
    for packets in (1, 50):
        frames = [websocket_frame(message(number, packets)) for number in range(messages)]
        results = await measure(frames, runs)
        print(f"{packets} packets a message, {messages} messages, median of {runs}, {about()}:")
        for name, rates in results.items():
            ratio = statistics.median(
                [run.rate / base.rate for run, base in zip(rates, results["plain"], strict=True)]
            )
            rate, cpu = (statistics.median(column) for column in zip(*rates, strict=True))
            print(f"  {name:24} {rate:8.0f}/s   ratio {ratio:.3f}   CPU of the proxy {cpu:6.1f} us a message")


if __name__ == "__main__":
    keep_to_last_core()
    given = [int(text) for text in sys.argv[1:]]
    asyncio.run(main(*(given + [MESSAGES, RUNS][len(given) :])))
