"""A sealed file of a recording into an archive: its frames, its state, and last the manifest."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

import pyarrow as pa
from pyarrow import parquet

from xentara_inspect.archive import tables
from xentara_inspect.archive.errors import ArchiveError
from xentara_inspect.archive.layout import FRAMES, STATE, Part
from xentara_inspect.archive.manifest import FileEntry, Manifest
from xentara_inspect.archive.parts import Parts
from xentara_inspect.archive.place import Place
from xentara_inspect.store.chain import Chain, beside, chain_files, first_path, last_frame, load_chain
from xentara_inspect.store.database import open_for_reading
from xentara_inspect.store.errors import from_sqlite
from xentara_inspect.store.journal_tables import JOURNAL_TABLES
from xentara_inspect.store.processes import recording_now
from xentara_inspect.store.schema import SCHEMA_VERSION

_ROWS: Final = 1 << 16  # of a row group, and of the memory that is needed
_SECOND: Final = 1_000_000_000

Progress = Callable[[int, int], None]
"""Is told how many frames of a file are archived, and of how many."""


class NotYet(NamedTuple):
    """Why a file of a recording is not archived now."""

    path: str
    why: str


class Archived(NamedTuple):
    """A file of a recording that is in the archive. is_new: not from before."""

    path: str
    manifest: Manifest
    is_new: bool


class Archiver:
    """Puts the sealed files of recordings into an archive, each once, in their order."""

    def __init__(
        self, place: Place, site: str, recorder: str | None = None, *, undecoded: bool = False
    ) -> None:
        """recorder: None for the name of a recording's first file. undecoded: also what no indexer came to.

        Raises ArchiveError.
        """
        self._place = place
        self._site = site
        self._recorder = recorder
        self._undecoded = undecoded
        self._parts = Parts(place, site)

    def archive(self, path: str, progress: Progress) -> list[Archived | NotYet]:
        """All files of the recording that the file at `path` is in. Raises ArchiveError, StoreError."""
        done: list[Archived | NotYet] = []
        for file in chain_files(first_path(path)).values() or [path]:
            became = self.archive_file(file, progress)
            done.append(became)
            if isinstance(became, NotYet):
                break  # what comes behind says what came before it
        return done

    def archive_file(self, path: str, progress: Progress) -> Archived | NotYet:
        """One file of a recording, behind those before it. Raises ArchiveError, StoreError."""
        recorder = os.path.splitext(os.path.basename(first_path(path)))[0]
        with contextlib.closing(open_for_reading(path)) as database:
            try:
                database.execute("BEGIN")  # one view of everything
                chain = load_chain(database)
                if chain is None or chain.recording is None or chain.continued_in is None:
                    if database.execute("SELECT 1 FROM sessions LIMIT 1").fetchone() is None:
                        return NotYet(path, "has nothing in it yet")
                    return NotYet(path, "is not over: it will be once its recording goes on in another file")
                if recording_now(database):
                    return NotYet(path, "is being recorded into")
                if (missing := self._missing_before(path, chain)) is not None:
                    return NotYet(path, f"comes behind {missing}, which is not archived")
                if not chain.carried and chain.continues is not None and not self._undecoded:
                    return NotYet(path, "waits for what the file before it tells, which is not all decoded")
                part = Part(
                    self._site,
                    self._recorder or recorder,
                    chain.recording,
                    chain.number,
                    chain.last_frame + 1,
                    last_frame(database),
                    _day(database, chain),
                )
                there = self._parts.find(part)
                if there is not None:
                    return Archived(path, there, False)
                manifest = self._write(database, chain, part, progress)
            except sqlite3.Error as error:
                raise from_sqlite(path, error) from None
            except (pa.ArrowInvalid, OverflowError, TypeError) as error:
                raise ArchiveError(f"{path}: has a frame that is none ({error})") from error
        return Archived(path, manifest, True)

    def _missing_before(self, path: str, chain: Chain) -> str | None:
        """The file before one, where it is there and not in the archive. Raises StoreError."""
        before = beside(path, chain.continues) if chain.continues is not None else None
        if before is None or not os.path.exists(before):
            return None
        open_for_reading(before).close()  # which tells what is wrong with it, if that is why
        chain_of_it = self._parts.chains.get(chain.recording or "", ())
        return None if any(part.number == chain.number_of_previous for part in chain_of_it) else before

    def _write(self, database: sqlite3.Connection, chain: Chain, part: Part, progress: Progress) -> Manifest:
        frames, begins, ends, redacted = self._write_frames(database, part, progress)
        state, sessions = self._write_state(database, part)
        before = self._parts.before(part, chain.number_of_previous)
        manifest = Manifest(
            schema=SCHEMA_VERSION,
            part=part,
            begins=begins,
            ends=ends,
            sessions=sessions,
            redacted=redacted,
            carried=chain.continues is None or chain.carried,
            follows=chain.number_of_previous,
            previous=before.sha256 if before is not None else None,
            files=(frames, state),
        )
        with self._place.writing(manifest.path) as sink:
            sink.write(manifest.to_bytes())
        self._parts.add(manifest)
        return manifest

    def _write_frames(
        self, database: sqlite3.Connection, part: Part, progress: Progress
    ) -> tuple[FileEntry, int | None, int | None, int]:
        count, begins, ends, redacted = database.execute(
            "SELECT count(*), min(time), max(time), coalesce(sum(redacted), 0) FROM frames"
        ).fetchone()
        name = part.stem + FRAMES
        rows = database.execute(f"SELECT {', '.join(tables.FRAMES.names)} FROM frames ORDER BY id")  # noqa: S608
        done = 0
        with (
            self._place.writing(name) as sink,
            parquet.ParquetWriter(sink, tables.FRAMES, **tables.PARQUET) as writer,
        ):
            while group := rows.fetchmany(_ROWS):
                writer.write_batch(tables.frame_batch(group))
                done += len(group)
                progress(done, count)
        return _entry(name, sink, done), begins, ends, redacted

    def _write_state(self, database: sqlite3.Connection, part: Part) -> tuple[FileEntry, int]:
        name = part.stem + STATE
        counts = dict.fromkeys(tables.STATE_TABLES, 0)
        with self._place.writing(name) as sink, pa.CompressedOutputStream(sink, "zstd") as stream:
            for table in tables.STATE_TABLES:
                layout = JOURNAL_TABLES[table]
                order = ", ".join(layout.key) if layout.rowless else "rowid"
                rows = f"SELECT {', '.join(layout.columns)} FROM {table} ORDER BY {order}"  # noqa: S608 - names of ours
                for row in database.execute(rows):
                    stream.write(tables.state_line(table, row))
                    counts[table] += 1
        return _entry(name, sink, sum(counts.values())), counts["sessions"]


def _entry(path: str, sink: Any, rows: int) -> FileEntry:
    return FileEntry(path.rpartition("/")[2], sink.bytes, sink.sha256, rows)


def _day(database: sqlite3.Connection, chain: Chain) -> str:
    """The day in UTC on which a file begins."""
    first = database.execute("SELECT time FROM frames ORDER BY id LIMIT 1").fetchone()
    began = first[0] if first is not None else chain.started
    try:
        return datetime.fromtimestamp(began // _SECOND, UTC).date().isoformat()
    except (ValueError, OverflowError, OSError):
        raise ArchiveError(f"a file begins at {began} ns, which is in no year") from None
