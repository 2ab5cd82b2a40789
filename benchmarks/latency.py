"""How much later a message arrives because of the add-on, at a rate that leaves the proxy time.

`python -m benchmarks.latency [messages a second] [seconds] [runs]`
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
from pathlib import Path

from benchmarks.load import proxied, receive, send_paced, serving
from benchmarks.machine import about, keep_to_last_core
from benchmarks.throughput import VARIANTS
from benchmarks.traffic import message, websocket_frame

Percentiles = tuple[float, float]


async def one_run(frames: list[bytes], rate: float, database: Path | None, *options: str) -> Percentiles:
    """Milliseconds from server to client through one proxy: median and 99th percentile."""
    sent: list[float] = []
    received: list[float] = []
    async with (
        serving(lambda writer: send_paced(writer, frames, rate, sent)) as port,
        proxied(port, database, *options) as (proxy, _),
    ):
        await receive(proxy, frames, received)
    taken = [(after - before) * 1e3 for before, after in zip(sent, received, strict=True)]
    taken = taken[len(taken) // 10 :]  # without the start
    cuts = statistics.quantiles(taken, n=100)
    return cuts[49], cuts[98]


async def main(rate: int, seconds: int, runs: int) -> None:
    """Print percentiles of each variant, and by how much they exceed those without the add-on."""
    frames = [websocket_frame(message(number, 1)) for number in range(rate * seconds)]
    results: dict[str, list[Percentiles]] = {name: [] for name in VARIANTS}
    for _ in range(runs):
        for name, options in VARIANTS.items():
            with tempfile.TemporaryDirectory() as folder:
                database = None if options is None else Path(folder) / "capture.db"
                results[name].append(await one_run(frames, rate, database, *options or ()))
    print(f"Latency at {rate} messages a second, {len(frames)} messages, median of {runs}, {about()}:")
    plain = results["plain"]
    for name, values in results.items():
        p50, p99 = (statistics.median(column) for column in zip(*values, strict=True))
        added50, added99 = (
            statistics.median([run[index] - base[index] for run, base in zip(values, plain, strict=True)])
            for index in (0, 1)
        )
        print(f"  {name:24} p50 {p50:.3f} ms   p99 {p99:.3f} ms   added {added50:+.3f} and {added99:+.3f} ms")


if __name__ == "__main__":
    keep_to_last_core()
    given = [int(text) for text in sys.argv[1:]]
    asyncio.run(main(*(given + [500, 10, 5][len(given) :])))
