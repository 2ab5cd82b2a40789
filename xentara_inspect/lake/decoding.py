"""A part of an archive to the tables of a lake, by the very decoder of a single machine."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
from pyarrow import compute, parquet

from xentara_inspect._version import __version__
from xentara_inspect.archive.layout import ROOT, Part
from xentara_inspect.archive.manifest import Manifest, load_manifest
from xentara_inspect.archive.parts import Parts
from xentara_inspect.archive.place import Place
from xentara_inspect.archive.reading import restore
from xentara_inspect.frames import frame_of, position_in
from xentara_inspect.index.process import catch_up
from xentara_inspect.lake.columns import Columns
from xentara_inspect.lake.table_types import PACKET, USERS, LakeTable
from xentara_inspect.lake.tables import TABLES
from xentara_inspect.queries.sessions import sessions
from xentara_inspect.store.chain import numbered_path
from xentara_inspect.store.database import open_for_reading, open_for_writing
from xentara_inspect.store.errors import from_sqlite
from xentara_inspect.store.settings import EXCHANGES, set_notation
from xentara_inspect.traffic.packets import parse
from xentara_inspect.traffic.plain_events import plain_event_bytes

MARKS: Final = "_decoded"
"""Where it is noted which parts are decoded, from what and by which release."""

_FRAMES: Final = 64  # whose packets are kept
_ROWS: Final = 1 << 15  # of a row group, and held in memory
_PARQUET: Final[dict[str, Any]] = {"compression": "zstd", "compression_level": 1}

Task = tuple[str, ...]
"""Paths of manifests to be decoded in turn: a part that has its own beginning, and those that have none."""


def tasks(parts: Parts) -> list[Task]:
    """What can be decoded by itself, in any order; the largest first, for which nobody waits at the end.

    Raises ArchiveError.
    """
    found: list[list[Manifest]] = []
    for chain in parts.chains.values():
        for number, manifest in enumerate(map(parts.manifest, chain)):
            if manifest.carried or not number:
                found.append([])
            found[-1].append(manifest)
    found.sort(key=lambda task: -sum(map(_frames, task)))
    return [tuple(manifest.path for manifest in task) for task in found]


def _frames(manifest: Manifest) -> int:
    return manifest.frames.rows


def decode(archive: str, lake: str, task: Task, folder: str | None = None) -> int:
    """Decode the parts of a task, unless they are. Returns how many frames that were.

    folder: where databases are for the time; None for the system's choice. Raises ArchiveError, StoreError.
    Done again it writes the same files.
    """
    source, target = Place(archive), Place(lake)
    manifests = [load_manifest(source, path) for path in task]
    if all(_is_decoded(target, manifest) for manifest in manifests):
        return 0
    with tempfile.TemporaryDirectory(prefix="xentara-lake-", dir=folder) as own:
        path = str(Path(own, "part.db"))
        restore(source, manifests, path, lambda _: None)
        for manifest in manifests:
            file = numbered_path(path, manifest.part.number)
            with contextlib.closing(open_for_writing(file)) as connection:
                set_notation(connection, EXCHANGES)  # nobody reads it here
            catch_up(file)
            _write(target, manifest, file)
    return sum(map(_frames, manifests))


def _write(target: Place, manifest: Manifest, file: str) -> None:
    origin = (manifest.part.recorder, manifest.part.chain, manifest.part.number)
    rows: dict[str, dict[str, int]] = {}
    with contextlib.closing(open_for_reading(file)) as asked:
        named = [(row["id"], row["user"]) for row in sessions(asked, limit=0)]
    with contextlib.closing(open_for_reading(file)) as database:
        try:
            database.execute(f"CREATE TEMP TABLE {USERS} (session_id INTEGER PRIMARY KEY, user TEXT)")
            database.executemany(f"INSERT INTO {USERS} VALUES (?, ?)", named)  # noqa: S608 - a name of ours
            database.create_function(PACKET, 1, _PacketBytes(database), deterministic=True)
            for name, table in TABLES.items():
                batches = _batches(database, table, origin)
                rows[name] = _write_table(target, name, manifest.part, table, batches)
        except sqlite3.Error as error:
            raise from_sqlite(file, error) from None
    # What another release had made of the part, and this one does not, would be there twice.
    for path in {*_files(_noted(target, manifest))} - {*_files({"rows": rows})}:
        target.delete(path)
    with target.writing(_mark(manifest)) as sink:
        sink.write(json.dumps(_said(manifest) | {"rows": rows}, indent=1).encode() + b"\n")


class _PacketBytes:
    """The bytes of packets that are not alone in their message, by address."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        self._found = lru_cache(_FRAMES)(self._read)  # lists ask for neighbours

    def __call__(self, address: int | None) -> bytes | None:
        return self._found(frame_of(address)).get(position_in(address)) if address is not None else None

    def _read(self, frame: int) -> dict[int, bytes]:
        """The packets of a message by position."""
        row = self._database.execute("SELECT payload FROM frames WHERE id = ?", (frame,)).fetchone()
        if row is None:  # it is in the file before
            return {}
        (payload,) = row
        events = plain_event_bytes(payload)  # of which there are most
        if events is not None:
            return dict(enumerate(events, 1))
        return {
            packet.position: payload[packet.item.start : packet.item.end]
            for packet in parse(payload).packets
            if packet.item is not None
        }


def _batches(
    database: sqlite3.Connection, table: LakeTable, origin: Sequence[Any]
) -> Iterator[pa.RecordBatch]:
    """The rows of a table."""
    columns = Columns(database, table, origin)
    rows = database.execute(table.select)
    while group := rows.fetchmany(_ROWS):
        yield columns.batch(group)


def _write_table(
    target: Place, name: str, part: Part, table: LakeTable, batches: Iterator[pa.RecordBatch]
) -> dict[str, int]:
    """Write the rows of a table, a file for each day. Returns how many are in each, by its path."""
    counts: dict[str, int] = {}
    with contextlib.ExitStack() as stack:
        writers: dict[str, parquet.ParquetWriter] = {}
        for batch in batches:
            for day, rows in _by_day(batch) if table.is_timed else [(part.date, batch)]:
                path = table_path(name, part, day)
                if path not in writers:
                    sink = stack.enter_context(target.writing(path))
                    writer = parquet.ParquetWriter(sink, table.schema, **_PARQUET)
                    writers[path] = stack.enter_context(writer)
                writers[path].write_batch(rows)
                counts[path] = counts.get(path, 0) + rows.num_rows
    return counts


def _by_day(batch: pa.RecordBatch) -> Iterator[tuple[str, pa.RecordBatch]]:
    """Rows by the day of their time, in UTC; nearly always all are of one."""
    days = compute.floor_temporal(batch.column("time"), unit="day")
    for day in compute.unique(days):
        rows = batch.filter(compute.equal(days, day))
        yield day.cast(pa.timestamp("s", "UTC")).as_py().date().isoformat(), rows


def table_path(name: str, part: Part, day: str) -> str:
    """Where the rows of a part and a day are in a lake."""
    return f"{name}/site={part.site}/date={day}/{part.stem.rpartition('/')[2]}.parquet"


def _mark(manifest: Manifest) -> str:
    return f"{MARKS}{manifest.part.stem.removeprefix(ROOT)}.json"


def _said(manifest: Manifest) -> dict[str, Any]:
    return {"manifest": manifest.sha256, "decoder": __version__}


def _is_decoded(target: Place, manifest: Manifest) -> bool:
    noted = _noted(target, manifest)
    return all(noted.get(key) == value for key, value in _said(manifest).items())


def _noted(target: Place, manifest: Manifest) -> dict[str, Any]:
    """What was noted of a part once it was decoded; empty where nothing was."""
    mark = _mark(manifest)
    try:
        noted = json.loads(target.read(mark)) if target.is_there(mark) else {}
    except ValueError:
        noted = {}
    return noted if isinstance(noted, dict) else {}


def _files(noted: Mapping[str, Any]) -> Iterator[str]:
    """Paths of what was made of a part."""
    for counts in noted.get("rows", {}).values():
        yield from counts if isinstance(counts, dict) else ()
