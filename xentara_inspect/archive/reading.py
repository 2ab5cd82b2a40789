"""Parts of an archive back into databases, row by row as they were, to be decoded again."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Callable, Sequence
from typing import Any

from xentara_inspect.archive import content, tables
from xentara_inspect.archive.errors import ArchiveError
from xentara_inspect.archive.layout import STATE, Part
from xentara_inspect.archive.manifest import Manifest
from xentara_inspect.archive.place import Place
from xentara_inspect.archive.verifying import faults_of
from xentara_inspect.store import sides
from xentara_inspect.store.chain import load_chain, numbered_path
from xentara_inspect.store.database import open_for_writing, transaction
from xentara_inspect.store.errors import from_sqlite
from xentara_inspect.store.journal_tables import JOURNAL_TABLES
from xentara_inspect.store.schema import SCHEMA_VERSION


def restore(
    place: Place, manifests: Sequence[Manifest], path: str, progress: Callable[[int], None]
) -> list[str]:
    """Make the files of a recording again, the first at `path`. Returns their paths, for somebody to decode.

    manifests: of parts of one recording, in order. progress: is told the frames so far. Raises
    ArchiveError, also where not every byte is as it was written, and StoreError; then nothing is left of
    it, and a file that exists stays as it is.
    """
    paths: list[str] = []
    done = 0
    try:
        for manifest in manifests:
            _check(place, manifest)
            file = numbered_path(path, manifest.part.number)
            open_for_writing(file, new=True).close()
            paths.append(file)
            done = _restore(place, manifest, file, path, progress, done)
    except BaseException:
        for file in paths:
            with contextlib.suppress(OSError):
                sides.remove(file)
        raise
    return paths


def _check(place: Place, manifest: Manifest) -> None:
    if manifest.schema > SCHEMA_VERSION:
        raise ArchiveError(
            f"{manifest.path}: of schema {manifest.schema}, this release reads up to {SCHEMA_VERSION}"
        )
    for fault in faults_of(place, manifest):
        raise ArchiveError(fault)


def has_session(place: Place, manifest: Manifest, session: int) -> bool:
    """Whether a session is in a part. Raises ArchiveError."""
    return any(table == "sessions" and row[0] == session for table, row in content.state(place, manifest))


def _restore(
    place: Place, manifest: Manifest, path: str, first: str, progress: Callable[[int], None], done: int
) -> int:
    """Make one file. done: frames of those before. Returns how many there are with its own."""
    with contextlib.closing(open_for_writing(path)) as database:
        try:
            with transaction(database):
                database.execute("DELETE FROM settings")
                sessions = set()
                for table, row in content.state(place, manifest):
                    _insert(database, table, [row])
                    if table == "sessions":
                        sessions.add(row[0])
                _rename(database, manifest.part, first)
                for batch in content.frames(place, manifest, sessions):
                    done += batch.num_rows
                    _insert(database, "frames", list(tables.frame_rows(batch)))
                    progress(done)
        except sqlite3.IntegrityError as error:  # a row is there twice
            raise ArchiveError(f"{manifest.path}: of a part that was never written ({error})") from None
        except sqlite3.Error as error:
            raise from_sqlite(path, error) from None
    return done


def _insert(database: sqlite3.Connection, table: str, rows: Sequence[Sequence[Any]]) -> None:
    """Add rows that are alike. Those of an older schema lack the last columns, where columns are added."""
    columns = list(JOURNAL_TABLES[table].columns)[: len(rows[0]) if rows else None]
    values = ", ".join("?" * len(columns))
    database.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({values})", rows)  # noqa: S608 - names of ours


def _rename(database: sqlite3.Connection, part: Part, first: str) -> None:
    """Name the files before and behind as they are named here. Raises ArchiveError, StoreError."""
    place = load_chain(database)
    if place is None or (place.recording, place.number) != (part.chain, part.number):
        raise ArchiveError(f"{part.stem}{STATE}: of another part")
    previous, following = (
        number and os.path.basename(numbered_path(first, number))
        for number in (place.number_of_previous, place.number_of_next)
    )
    database.execute("UPDATE chain SET continues = ?, continued_in = ?", (previous, following or None))
