"""Messages a second through mitmdump, with the add-on against without, in one alternating run.

python -m benchmarks.throughput [messages] [runs]
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
from pathlib import Path

from benchmarks.load import flood, frame, message, proxied, send_all, serving


async def one_run(frames: list[bytes], database: Path | None, *options: str) -> float:
    """Messages a second of one flood."""
    async with (
        serving(lambda writer: send_all(writer, frames)) as port,
        proxied(port, database, *options) as proxy,
    ):
        seconds = await flood(proxy[0], sum(map(len, frames)))
    return len(frames) / seconds


async def main(messages: int, runs: int) -> None:
    """Print the rates and their ratio for 1 and 50 packets a message."""
    for packets in (1, 50):
        frames = [frame(message(number, packets)) for number in range(messages)]
        plain, index, record = [], [], []
        for _ in range(runs):
            with tempfile.TemporaryDirectory() as folder:
                plain.append(await one_run(frames, None))
                record.append(await one_run(frames, Path(folder) / "a.db", "--set", "xentara_index=off"))
                index.append(await one_run(frames, Path(folder) / "b.db"))
        print(f"{packets} packets a message, {messages} messages, median of {runs}:")
        for name, rates in (("plain", plain), ("recording", record), ("recording and indexing", index)):
            ratios = [rate / base for rate, base in zip(rates, plain, strict=True)]
            print(f"  {name:24} {statistics.median(rates):8.0f}/s   ratio {statistics.median(ratios):.3f}")


if __name__ == "__main__":
    asyncio.run(main(*(int(text) for text in (sys.argv[1:] + ["20000", "5"][len(sys.argv) - 1 :]))))
