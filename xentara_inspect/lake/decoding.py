"""A part of an archive to the tables of a lake, by the very decoder of a single machine."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from pyarrow import parquet

from xentara_inspect._version import __version__
from xentara_inspect.archive.layout import ROOT
from xentara_inspect.archive.manifest import Manifest, load_manifest
from xentara_inspect.archive.parts import Parts
from xentara_inspect.archive.place import Place
from xentara_inspect.archive.reading import restore
from xentara_inspect.index.process import catch_up
from xentara_inspect.lake.columns import Columns
from xentara_inspect.lake.tables import TABLES, USERS, LakeTable
from xentara_inspect.queries.sessions import sessions
from xentara_inspect.store.chain import numbered_path
from xentara_inspect.store.database import open_for_reading, open_for_writing
from xentara_inspect.store.errors import from_sqlite
from xentara_inspect.store.settings import EXCHANGES, set_notation

MARKS: Final = "_decoded"
"""Where it is noted which parts are decoded, from what and by which release."""

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
    return manifest.files[0].rows


def decode(archive: str, lake: str, task: Task) -> int:
    """Decode the parts of a task, unless they are. Returns how many frames that were.

    Raises ArchiveError, StoreError. Done again it writes the same files.
    """
    source, target = Place(archive), Place(lake)
    manifests = [load_manifest(source, path) for path in task]
    if all(_is_decoded(target, manifest) for manifest in manifests):
        return 0
    with tempfile.TemporaryDirectory(prefix="xentara-lake-") as folder:
        path = str(Path(folder, "part.db"))
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
    rows = {}
    with contextlib.closing(open_for_reading(file)) as asked:
        named = [(row["id"], row["user"]) for row in sessions(asked, limit=0)]
    with contextlib.closing(open_for_reading(file)) as database:
        try:
            database.execute(f"CREATE TEMP TABLE {USERS} (session_id INTEGER PRIMARY KEY, user TEXT)")
            database.executemany(f"INSERT INTO {USERS} VALUES (?, ?)", named)  # noqa: S608 - a name of ours
            for name, table in TABLES.items():
                path = table_path(name, manifest)
                rows[name] = _write_table(target, path, database, table, origin)
        except sqlite3.Error as error:
            raise from_sqlite(file, error) from None
    with target.writing(_mark(manifest)) as sink:
        sink.write(json.dumps(_said(manifest) | {"rows": rows}, indent=1).encode() + b"\n")


def _write_table(
    target: Place, path: str, database: sqlite3.Connection, table: LakeTable, origin: Sequence[Any]
) -> int:
    """Write the rows of a table. Returns how many; a table without any has no file."""
    rows = database.execute(table.select)
    group = rows.fetchmany(_ROWS)
    if not group:
        return 0
    columns = Columns(database, table, origin)
    count = 0
    with (
        target.writing(path) as sink,
        parquet.ParquetWriter(sink, table.schema, **_PARQUET) as writer,
    ):
        while group:
            writer.write_batch(columns.batch(group))
            count += len(group)
            group = rows.fetchmany(_ROWS)
    return count


def table_path(name: str, manifest: Manifest) -> str:
    """Where the rows of a part are in a lake."""
    part = manifest.part
    return f"{name}/site={part.site}/date={part.date}/{part.stem.rpartition('/')[2]}.parquet"


def _mark(manifest: Manifest) -> str:
    return f"{MARKS}{manifest.part.stem.removeprefix(ROOT)}.json"


def _said(manifest: Manifest) -> dict[str, Any]:
    return {"manifest": manifest.sha256, "decoder": __version__}


def _is_decoded(target: Place, manifest: Manifest) -> bool:
    mark = _mark(manifest)
    if not target.is_there(mark):
        return False
    try:
        said = json.loads(target.read(mark))
        return all(said[key] == value for key, value in _said(manifest).items())
    except (ValueError, KeyError, TypeError):
        return False
