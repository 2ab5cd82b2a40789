"""A recording into a new database of one file, row by row, in which all that the plant named is replaced."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from xentara_inspect.frames import Frame
from xentara_inspect.sharing.columns import COLUMNS, replaced
from xentara_inspect.sharing.payloads import Payloads
from xentara_inspect.store.bulk_insert import insert_rows
from xentara_inspect.store.chain import Chain, frames_given_before, load_chain
from xentara_inspect.store.database import open_for_reading, open_for_writing, transaction
from xentara_inspect.store.errors import Kind, StoreError, from_sqlite
from xentara_inspect.store.sides import database_path
from xentara_inspect.traffic.echoes import SessionSecrets

_FRAMES: Final = (
    "SELECT id, session_id, time, from_client, is_text, payload, redacted FROM frames ORDER BY id"
)
_BATCH: Final = 2000  # frames
_BATCH_BYTES: Final = 8 << 20
_SESSIONS: Final = 1000
"""Whose secrets are remembered at once."""

_CARRIED: Final = tuple(table for table in COLUMNS if table.startswith("carried_"))
_AS_THEY_WERE: Final = ("settings", "name_files", "given_names", "cut_frames")
_SESSION_GOES_ON: Final = """
    ON CONFLICT (id) DO UPDATE SET closed = excluded.closed, close_code = excluded.close_code,
      close_reason = excluded.close_reason, closed_by = excluded.closed_by, continued = excluded.continued,
      dropped = dropped + excluded.dropped, frame_count = frame_count + excluded.frame_count"""

Progress = Callable[[int, int], None]
"""Takes how many frames are done, and of how many."""


@contextlib.contextmanager
def opened(paths: Sequence[str]) -> Iterator[list[sqlite3.Connection]]:
    """The files of one recording, as they are now. Raises StoreError, also where one between is missing."""
    with contextlib.ExitStack() as stack:
        connections: list[sqlite3.Connection] = []
        before: Chain | None = None
        for path in paths:
            connection = stack.enter_context(contextlib.closing(open_for_reading(path)))
            connection.row_factory = sqlite3.Row
            try:
                connection.execute("BEGIN")  # somebody may record meanwhile
                place = load_chain(connection)
            except sqlite3.Error as error:
                raise from_sqlite(path, error) from None
            if connections and not _goes_on(place, before):
                last = paths[len(connections) - 1]
                raise StoreError(f"{path} does not go on where {last} ends: one whole recording is copied")
            connections.append(connection)
            before = place
        yield connections


def _goes_on(place: Chain | None, before: Chain | None) -> bool:
    if place is None or before is None:
        return False
    return (place.recording, place.number) == (before.recording, before.number + 1)


def copy(sources: Sequence[sqlite3.Connection], path: str, how: Payloads, progress: Progress) -> int:
    """Make the database at `path` of the journals of a recording, to be decoded. Returns the frames.

    sources: its files in order. Secrets that were kept in them are blanked first. Raises StoreError; what
    there is of the new database then is for the caller to remove.
    """
    name = path
    with contextlib.closing(open_for_writing(path, new=True)) as database:
        try:
            copied = _Copy(database, how)
            copied.begin(sources[0])
            counts = [source.execute("SELECT count(*) FROM frames").fetchone()[0] for source in sources]
            for source in sources:
                name = database_path(source)
                copied.add(source, lambda done: progress(done, sum(counts)))
            name = path
            copied.end()
        except sqlite3.Error as error:
            raise from_sqlite(name, error) from None
        except (ValueError, TypeError, AttributeError) as error:
            raise StoreError(f"{name} is damaged: {error}", Kind.DAMAGED) from None
    return sum(counts)


class _Copy:
    """A database that is filled with the files of a recording, one after the other."""

    def __init__(self, database: sqlite3.Connection, how: Payloads) -> None:
        self._database = database
        self._how = how
        self._secrets = lru_cache(maxsize=_SESSIONS)(lambda _: SessionSecrets())
        self._frames = 0

    def begin(self, source: sqlite3.Connection) -> None:
        """Take over what files tell that are not there any more. source: the first file."""
        place = load_chain(source)
        with transaction(self._database):
            self._database.execute("DELETE FROM settings")
            if place is not None and place.continues is not None:
                for table in ("chain", *_CARRIED):
                    self._rows(source, table)

    def add(self, source: sqlite3.Connection, progress: Callable[[int], None]) -> None:
        """Take over a file. progress: takes the frames so far, of all files."""
        ends = self._count("session_ends")
        rows: list[dict[str, Any]] = []
        size = 0
        for row in source.execute(_FRAMES):
            rows.append(self._frame(row))
            size += len(row["payload"])
            if len(rows) >= _BATCH or size >= _BATCH_BYTES:
                self._write_frames(rows)
                progress(self._frames)
                rows, size = [], 0
        self._write_frames(rows)
        with transaction(self._database):
            self._rows(source, "recorders", "OR REPLACE")
            self._rows(source, "sessions", behind=_SESSION_GOES_ON)
            self._rows(source, "session_ends", moved={"id": ends})
            for table in _AS_THEY_WERE:
                # What a file was told by the one before stands in both.
                self._rows(
                    source, table, "OR IGNORE", moved={"after_end": ends} if table == "name_files" else {}
                )
        progress(self._frames)

    def end(self) -> None:
        """Nobody records into a copy."""
        self._database.execute("UPDATE recorders SET stopped = coalesce(stopped, heartbeat)")

    def _frame(self, row: Mapping[str, Any]) -> dict[str, Any]:
        copied = replaced(self._how, "frames", row)
        frame = Frame(row["time"], bool(row["from_client"]), bool(row["is_text"]), row["payload"])
        clean = self._secrets(row["session_id"]).without(frame)
        copied["payload"] = self._how.of_frame(clean)
        copied["redacted"] = row["redacted"] or int(clean is not frame)
        return copied

    def _write_frames(self, rows: Sequence[Mapping[str, Any]]) -> None:
        if rows:
            size = sum(len(row["payload"]) for row in rows)
            with transaction(self._database):
                insert_rows(self._database, "frames", rows[0], [tuple(row.values()) for row in rows], size)
        self._frames += len(rows)

    def _rows(
        self,
        source: sqlite3.Connection,
        table: str,
        what_if: str = "",
        behind: str = "",
        moved: Mapping[str, int] | None = None,
    ) -> None:
        """Copy the rows of a table. moved: what to add to columns that count within a file."""
        columns = COLUMNS[table]
        before = frames_given_before(source)
        sql = (
            f"INSERT {what_if} INTO {table} ({', '.join(columns)})"  # noqa: S608 - names of ours
            f" VALUES ({', '.join(f':{column}' for column in columns)}) {behind}"
        )
        for row in source.execute(f"SELECT {', '.join(columns)} FROM {table}"):  # noqa: S608
            given = dict(row)
            if table == "sessions" and given["close_reason"] is not None:
                given["close_reason"] = self._secrets(row["id"]).without_in(given["close_reason"])
            copied = replaced(self._how, table, given)
            for column, offset in (moved or {}).items():
                copied[column] += offset
            if "after_frame" in copied:  # 0 where no frame of this file stands before
                copied["after_frame"] = max(copied["after_frame"], before)
            self._database.execute(sql, copied)

    def _count(self, table: str) -> int:
        (last,) = self._database.execute(f"SELECT coalesce(max(id), 0) FROM {table}").fetchone()  # noqa: S608
        return int(last)
