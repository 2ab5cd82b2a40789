"""Seconds of whole commands on a million events and half a million reads, and rows a second of `readings`.

`python -m benchmarks.queries [events] [runs]`; a million events take a minute or two to be indexed.
Ten of the events are about an element of their own, which is what is asked for.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

import cbor2

from benchmarks.machine import about
from benchmarks.traffic import conversation, event, exchanges
from xentara_inspect.frames import Closing, Frame, SessionInfo
from xentara_inspect.index.process import catch_up
from xentara_inspect.store.importing import Importer

RARE: Final = "01234567-89ab-cdef-ffff-ffffffffffff"
_OFTEN: Final = "Plant.Line 0.Tank 5.Level"
_TIMES: Final = 10
_REPORT: Final = ("report", "-o", "-")
_COMMANDS: Final = (
    ("log",),
    ("log", "--events"),
    ("show", "1p1"),
    ("why", "203p1"),  # the subscription
    ("why", "session:1"),
    ("sessions",),
    ("findings",),
    ("subscriptions",),
    _REPORT,
    ("elements",),
    ("stats",),
    ("stats", "--by", "element"),
    ("stats", "--by", "minute"),
    ("events",),
    ("readings",),
    ("events", "--element", RARE),
    ("readings", "--element", RARE),
    ("events", "--element", _OFTEN),
    ("readings", "--element", _OFTEN),
    ("events", "--element", "plant.**"),
    ("readings", "--value", "> 1e9"),
    ("log", "--slower-than", "1m", "--sort", "latency"),
    *((command, "--grep", text) for text in ("nowhere", "tank") for command in ("log", "events", "readings")),
)
_OF_EXCHANGES: Final = (
    ("log",),
    _REPORT,
    *(("stats", "--by", by) for by in ("command", "element", "minute")),
)
_ALL_READINGS: Final = ("readings", "--limit", "0", "--format", "ndjson")


def frames(messages: int, packets: int) -> Iterator[Frame]:
    """The usual conversation, with messages about the rare element spread over it."""
    rare = event(0)
    body = rare[2]
    assert isinstance(body, dict)
    body[1] = cbor2.CBORTag(37, bytes.fromhex(RARE.replace("-", "")))
    payload = cbor2.dumps([rare])
    every = messages // _TIMES
    for number, frame in enumerate(conversation(messages, packets), -200):
        yield frame
        if number > 0 and number % every == every // 2:
            yield frame._replace(payload=payload)


def make(database: Path, said: list[Frame]) -> None:
    """Fill and index a database."""
    info = SessionInfo("1", None, None, "/api/ws", "xentara-v1", None, said[0].time, "benchmark")
    with Importer(database) as importer:
        importer.add(info, said, Closing(said[-1].time, 1000, None))
    catch_up(database)


def seconds(database: Path, *arguments: str) -> tuple[float, int]:
    """How long a command takes, and how many lines it prints into a file."""
    environment = {**os.environ, "XENTARA_DB": str(database)}
    command = [str(Path(sys.executable).parent / "xentara-inspect"), *arguments]
    with tempfile.TemporaryFile() as output:
        before = time.perf_counter()
        subprocess.run(command, env=environment, stdout=output, stderr=subprocess.DEVNULL, check=True)
        took = time.perf_counter() - before
        output.seek(0)
        return took, sum(1 for _ in output)


def measure(events: int, runs: int, packets: int) -> None:
    """Print the figures for messages of so many packets."""
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "capture.db"
        make(database, list(frames(events // packets, packets)))
        print(f"{events} events, {packets} a message, median of {runs}, {about()}:")
        _time(database, _COMMANDS, runs)
        rates = []
        for _ in range(runs):
            took, rows = seconds(database, *_ALL_READINGS)
            rates.append(rows / took)
        print(f"  {statistics.median(rates):6.0f} rows a second: {' '.join(_ALL_READINGS)}")
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "capture.db"
        make(database, list(exchanges(events // 2, packets)))
        print(f"{events // 2} reads, {packets} a message:")
        _time(database, _OF_EXCHANGES, runs)


def _time(database: Path, commands: Iterable[Sequence[str]], runs: int) -> None:
    for arguments in commands:
        took = statistics.median(seconds(database, *arguments)[0] for _ in range(runs))
        print(f"  {took:6.2f} s  {' '.join(arguments)}")


if __name__ == "__main__":
    events_wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    runs_wanted = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    for count in (1, 50):
        measure(events_wanted, runs_wanted, count)
