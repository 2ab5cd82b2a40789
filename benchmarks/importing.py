"""Event packets a second of indexing and of `import`, on one core, against `tshark -V` on the same traffic.

`python -m benchmarks.importing [events] [runs]`; with `--profile` where the time of indexing goes.

Each run's time is the CPU time of its process, start and end left out of `indexing` alone. tshark is
asked for the text of its CBOR dissector, written to a file that nobody reads; it stores nothing.
"""

from __future__ import annotations

import argparse
import contextlib
import cProfile
import pstats
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from mitmproxy.io import FlowWriter
from mitmproxy.test import tflow
from mitmproxy.websocket import WebSocketMessage
from wsproto.frame_protocol import Opcode

from benchmarks.machine import about, keep_to_last_core
from benchmarks.pcap import PORT, WIRESHARK_SCRIPT, write_pcap
from benchmarks.traffic import conversation
from xentara_inspect.frames import Closing, SessionInfo
from xentara_inspect.index.process import catch_up
from xentara_inspect.store.database import open_for_writing
from xentara_inspect.store.importing import Importer
from xentara_inspect.store.settings import ALL, NOTATIONS, set_notation

EVENTS: Final = 200_000
RUNS: Final = 5


def fill(database: Path, messages: int, packets: int, notation: str = ALL) -> None:
    """Put a conversation into a database, not indexed."""
    with contextlib.closing(open_for_writing(database)) as connection:
        set_notation(connection, notation)
    frames = list(conversation(messages, packets))
    info = SessionInfo("1", None, None, "/api/ws", "xentara-v1", None, frames[0].time, "benchmark")
    with Importer(database) as importer:
        importer.add(info, frames, Closing(frames[-1].time, 1000, None))


def write_flow(path: Path, messages: int, packets: int) -> None:
    """The same conversation as a flow file."""
    flow = tflow.twebsocketflow()
    assert flow.websocket is not None
    assert flow.response is not None
    flow.request.path = "/api/ws"
    flow.response.headers["sec-websocket-protocol"] = "xentara-v1"
    flow.websocket.messages = [
        WebSocketMessage(Opcode.BINARY, frame.from_client, frame.payload, frame.time / 1e9)
        for frame in conversation(messages, packets)
    ]
    with path.open("wb") as file:
        FlowWriter(file).add(flow)


def index(notation: str, folder: Path, messages: int, packets: int) -> float:
    """CPU seconds of decoding, notation and SQLite, in this process."""
    database = folder / "indexed.db"
    fill(database, messages, packets, notation)
    before = time.process_time()
    catch_up(database)
    return time.process_time() - before


def import_flow(notation: str, folder: Path, messages: int, packets: int) -> float:
    """CPU seconds of the command: reading the file, the journal, and all of `index`."""
    write_flow(folder / "a.flow", messages, packets)
    command = [str(Path(sys.executable).parent / "xentara-inspect"), "import", "--notation", notation]
    return _cpu([*command, "-d", str(folder / "imported.db"), str(folder / "a.flow")])


def tshark(folder: Path, messages: int, packets: int) -> float:
    """CPU seconds of `tshark -V`."""
    write_pcap(folder / "a.pcap", conversation(messages, packets))
    (folder / "a.lua").write_text(WIRESHARK_SCRIPT)
    options = ["-X", f"lua_script:{folder / 'a.lua'}", "-d", f"tcp.port=={PORT},http", "-V"]
    return _cpu(["tshark", "-r", str(folder / "a.pcap"), *options])


def _cpu(command: list[str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with tempfile.TemporaryFile() as output:
        subprocess.run(command, check=True, stdout=output, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def compare(events: int, runs: int, packets: int) -> None:
    """Print the rates for messages of so many packets."""
    ways: dict[str, Callable[[Path, int, int], float]] = {}
    for notation in NOTATIONS:
        ways[f"indexing, {notation}"] = partial(index, notation)
        ways[f"import, {notation}"] = partial(import_flow, notation)
    if shutil.which("tshark"):
        ways["tshark -V"] = tshark
    rates: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(runs):
        for name, way in ways.items():
            with tempfile.TemporaryDirectory() as folder:
                rates[name].append(events / way(Path(folder), events // packets, packets))
    print(f"{packets} packets a message, {events} events, median of {runs}, {about()}:")
    for name, values in rates.items():
        rate = statistics.median(values)
        line = f"  {name:20} {rate:8.0f} events a second, {1e6 / rate:5.1f} us each"
        if "tshark -V" in rates:
            ratios = [value / other for value, other in zip(values, rates["tshark -V"], strict=True)]
            line += f"   ratio to tshark {statistics.median(ratios):.2f}"
        print(line)
    if "tshark -V" not in ways:
        print("  tshark is not installed")


def profile(events: int, packets: int) -> None:
    """Print where the time of indexing goes; with the profiler on, all of it takes twice as long."""
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "a.db"
        fill(database, events // packets, packets)
        profiler = cProfile.Profile()
        profiler.runcall(catch_up, database)
    pstats.Stats(profiler).sort_stats("tottime").print_stats(25)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("events", nargs="?", type=int, default=EVENTS)
    parser.add_argument("runs", nargs="?", type=int, default=RUNS)
    parser.add_argument("--profile", action="store_true", help="print where the time of indexing goes")
    arguments = parser.parse_args()
    keep_to_last_core()
    for packets in (1, 50):
        if arguments.profile:
            profile(arguments.events, packets)
        else:
            compare(arguments.events, arguments.runs, packets)


if __name__ == "__main__":
    main()
