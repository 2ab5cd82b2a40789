"""Fleets of recorders: what archiving, decoding and asking cost, and how that grows with them and with cores.

`python -m benchmarks.fleet [--recorders N …] [--days N] [--events N] [--packets N] [--runs N] [--spread]`:
each recorder is a site, each of its days a recording of its own with so many two-attribute events of noisy
values and times. `--spread` asks a lake of 100 x 30 links to one part, too; `--no-spark` leaves Spark out.
`--one` takes a single recording instead, and compares its decoding with `import`.

CPU seconds are those of whole commands, of Spark those of JVM and workers once a first small job has warmed
them up. Of several runs the best counts; seconds on the clock mean little on a machine with other work.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple

from benchmarks.machine import about, tree_cpu
from benchmarks.traffic import noisy
from xentara_inspect.archive.parts import Parts
from xentara_inspect.archive.place import Place
from xentara_inspect.frames import Closing, SessionInfo
from xentara_inspect.lake.asking import Lake
from xentara_inspect.lake.decoding import tasks
from xentara_inspect.store.importing import Importer

_START: Final = int(datetime(2026, 3, 1, tzinfo=UTC).timestamp()) * 10**9
_DAY: Final = 86_400 * 10**9
_SITES: Final = 100
_DAYS: Final = 30
_TOOL: Final = Path(sys.executable).parent / "xentara-inspect"
_QUESTIONS: Final = {
    "element and hour": "SELECT avg(value_num) FROM readings WHERE site = 'plant-0' AND date = '2026-03-01'"
    " AND time >= '2026-03-01 14:00:00Z' AND time < '2026-03-01 15:00:00Z'"
    " AND element_name = 'Plant.Line 0.Tank 5.Level' AND attribute = 'Value'",
    "element, all of it": "SELECT date_trunc('hour', time::TIMESTAMPTZ) AS hour, avg(value_num) FROM readings"
    " WHERE element_name = 'Plant.Line 0.Tank 5.Level' AND attribute = 'Value' GROUP BY hour",
    "count of all": "SELECT count(*) FROM events",
}


class Cost(NamedTuple):
    """Seconds of CPU, of all processes together, and on the clock."""

    cpu: float
    clock: float


def cost(work: Callable[[], object]) -> Cost:
    """What something costs, here and in what it starts."""
    cpu, clock = tree_cpu(os.getpid()), time.monotonic()
    work()
    return Cost(tree_cpu(os.getpid()) - cpu, time.monotonic() - clock)


def tool(*arguments: str | Path) -> None:
    """Run a command of ours."""
    subprocess.run([_TOOL, *arguments], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def best(costs: list[Cost]) -> Cost:
    """Of several runs."""
    return Cost(min(run.cpu for run in costs), min(run.clock for run in costs))


def record(database: Path, events: int, packets: int, seed: int, start: int = _START) -> int:
    """Make a recording of a day that nobody has decoded. Returns its bytes of payload."""
    frames = list(noisy(events, packets, seed, start, _DAY - 10**9))
    info = SessionInfo("1", None, None, "/api/ws", "xentara-v1", None, start, "benchmark")
    with Importer(database) as importer:
        importer.add(info, frames, Closing(frames[-1].time, 1000, None))
    return sum(len(frame.payload) for frame in frames)


def archive(databases: list[Path], to: Path, site: str) -> None:
    """Archive recordings of a site by the command."""
    tool(
        "archive",
        *(word for path in databases for word in ("-d", path)),
        "--to",
        to,
        "--site",
        site,
        "--seal",
    )


def size(folder: Path) -> int:
    """Bytes of all files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def by_spark(cores: int, where: Path, to: Path, warm: Path) -> Cost:
    """Decode an archive by Spark on so many cores. warm: a small one, for what is done only once."""
    from pyspark.sql import SparkSession

    from xentara_inspect.lake.spark import LOCAL, decoded, task_frame

    os.environ["PYSPARK_PYTHON"] = sys.executable
    builder = SparkSession.builder.master(f"local[{cores}]")
    for name, value in LOCAL.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    try:
        session.sparkContext.setLogLevel("ERROR")
        decoded(task_frame(session, str(warm), f"{to}-warm", tasks(Parts(Place(str(warm)))))).collect()
        todo = tasks(Parts(Place(str(where))))
        return cost(decoded(task_frame(session, str(where), str(to), todo)).collect)
    finally:
        session.stop()


def by_processes(cores: int, where: Path, to: Path, _warm: Path) -> Cost:
    """Decode an archive by the command."""
    return cost(partial(tool, "lake", "decode", "--from", where, "--to", to, "--processes", str(cores)))


def decoding(
    folder: Path, where: Path, warm: Path, runs: int, *, spark: bool
) -> Iterator[tuple[str, Cost, Cost]]:
    """The ways to decode an archive: their names, what they cost on one core and on two."""
    ways = {"processes": by_processes} | ({"Spark": by_spark} if spark else {})
    for name, way in ways.items():
        costs: dict[int, list[Cost]] = {1: [], 2: []}
        for run in range(runs):
            for cores, of_it in costs.items():
                of_it.append(way(cores, where, folder / f"{name}-{cores}-{run}", warm))
        yield name, best(costs[1]), best(costs[2])


def files_read(lake: Lake, question: str) -> int:
    """How many files a question opens."""
    (plan,) = lake.ask(f"EXPLAIN ANALYZE {question}")
    return sum(map(int, re.findall(r"Total Files Read: ([0-9]+)", plan["explain_value"])))


def ask(where: Path, runs: int) -> None:
    """Print what questions cost."""
    with contextlib.closing(Lake(str(where))) as lake:
        for name, question in _QUESTIONS.items():
            run = best([cost(partial(tool, "sql", "--lake", where, question)) for _ in range(runs)])
            files = files_read(lake, question)
            print(f"    {name:20}{run.cpu:6.2f} s CPU, {run.clock:5.2f} s, {files} files read", flush=True)


def spread(where: Path, to: Path) -> None:
    """A lake of 100 sites x 30 days that each have what the first part has: links, not copies."""
    for source in where.glob("*/site=plant-0/date=2026-03-01/*.parquet"):
        for site in range(_SITES):
            for day in range(1, _DAYS + 1):
                path = to / source.parts[-4] / f"site=plant-{site}" / f"date=2026-03-{day:02}" / source.name
                path.parent.mkdir(parents=True)
                os.link(source, path)


def fleet(recorders: int, given: argparse.Namespace) -> None:
    """Print the figures of so many recorders."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        events = recorders * given.days * given.events
        archiving = []
        for number in range(recorders):
            paths = [folder / f"plant-{number}-day-{day}.db" for day in range(given.days)]
            for day, path in enumerate(paths):
                record(path, given.events, given.packets, number * given.days + day, _START + day * _DAY)
            archiving.append(cost(partial(archive, paths, folder / "archive", f"plant-{number}")))
            for path in folder.glob("*.db*"):
                path.unlink()
        warm = made_warm(folder, given.packets)
        cpu = sum(run.cpu for run in archiving)
        stored = size(folder / "archive")
        print(
            f"{recorders} recorders x {given.days} days: {events} events, {stored / 1e6:.1f} MB"
            f" ({stored / events:.1f} bytes an event); archived in {cpu:.2f} s CPU",
            flush=True,
        )
        for way, one, two in decoding(folder, folder / "archive", warm, given.runs, spark=given.spark):
            print(f"  {way:10}{told(one, two, events)}", flush=True)
        tables = folder / "processes-1-0"
        print(f"  tables {size(tables) / events:.1f} bytes an event")
        ask(tables, given.runs)
        if given.spread:
            spread(tables, folder / "spread")
            print(f"  the first part {_SITES} x {_DAYS} times")
            ask(folder / "spread", given.runs)


def told(one: Cost, two: Cost, events: int) -> str:
    """What decoding costs on one core and on two."""
    return (
        f"one core {one.cpu:6.2f} s CPU ({one.cpu / events * 1e6:.1f} us an event), {one.clock:6.2f} s;"
        f" two {two.cpu:6.2f} s CPU, {two.clock:6.2f} s: {one.clock / two.clock:.2f} times as fast"
    )


def made_warm(folder: Path, packets: int) -> Path:
    """A small archive of two parts."""
    for number in range(2):
        record(folder / f"warm-{number}.db", 10 * packets, packets, number)
    archive([folder / "warm-0.db", folder / "warm-1.db"], folder / "warm", "warm")
    return folder / "warm"


def single(given: argparse.Namespace) -> None:
    """Print the figures of one recording: its size in the archive, and each command's speed."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        events: int = given.events
        payload = record(folder / "plant.db", events, given.packets, 1)
        frames = events // given.packets
        costs: dict[str, Cost] = {}
        commands: dict[str, Callable[[Path], list[Any]]] = {
            "archive": lambda to: ["archive", "-d", folder / "plant.db", "--to", to, "--site", "x", "--seal"],
            "import": lambda to: ["import", archived, "-d", to.with_suffix(".db")],
            "import, exchanges": lambda to: [*commands["import"](to), "--notation", "exchanges"],
            "lake decode": lambda to: ["lake", "decode", "--from", archived, "--to", to],
        }  # fmt: skip
        archived = folder / "archive-0"
        for command, arguments in commands.items():
            runs = [folder / f"{command.replace(', ', '-')}-{run}" for run in range(given.runs)]
            costs[command] = best([cost(partial(tool, *arguments(to))) for to in runs])
        stored, tables = size(archived) / events, size(folder / "lake decode-0") / events
        print(f"{events} events, {given.packets} a message, {payload / events:.0f} bytes of payload each:")
        print(f"  {stored:.1f} bytes an event in the archive, {tables:.1f} as tables")
        for command, run in costs.items():
            print(
                f"  {command:20}{run.cpu:6.2f} s CPU: {frames / run.cpu:8.0f} frames"
                f" and {events / run.cpu:8.0f} events a second of a core"
            )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--one", action="store_true", help="one recording, compared with import")
    parser.add_argument("--recorders", type=int, nargs="+", default=[1, 2, 4, 8])
    parser.add_argument("--days", type=int, default=2)
    parser.add_argument("--events", type=int, default=50_000, help="of each recording")
    parser.add_argument("--packets", type=int, default=1, help="events in a message")
    parser.add_argument("--runs", type=int, default=2)
    parser.add_argument("--spread", action="store_true", help="ask 100 sites x 30 days of one part, too")
    parser.add_argument("--no-spark", dest="spark", action="store_false")
    given = parser.parse_args()
    print(f"{given.packets} events a message, best of {given.runs}, {about()}:")
    if given.one:
        single(given)
        return
    for recorders in given.recorders:
        fleet(recorders, given)


if __name__ == "__main__":
    main()
