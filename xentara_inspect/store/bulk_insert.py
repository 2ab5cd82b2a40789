"""Many rows with few statements.

`executemany` gives up the interpreter lock and takes it back once a row. Beside a thread that wants
it all the time, as the event loop of a proxy does, each of these is a switch of threads, and dearer
than the row itself. So here a statement inserts many rows, which costs SQLite less as well.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any, Final

from xentara_inspect.store.chain import last_frame
from xentara_inspect.store.cutting import Cut

_MOST_PARAMETERS: Final = 999  # of a statement, where SQLite is older than 3.32
_LARGE_ROW: Final = 8 << 10
"""Bytes from which rows go one by one: SQLite copies the parameters of a statement."""


FrameRow = tuple[int, int, bool, bool, bytes, bool]
"""session_id, time, from_client, is_text, payload, redacted."""

_FRAME_COLUMNS: Final = ("id", "session_id", "time", "from_client", "is_text", "payload", "redacted")


def insert_frames(
    connection: sqlite3.Connection, rows: Sequence[FrameRow], cuts: Iterable[tuple[int, Cut]] = ()
) -> None:
    """Add frames, in order, under the next ids of the recording. In a transaction. Raises sqlite3.Error.

    cuts: which rows are only the beginning of a frame (counted from 0), and what is kept of the rest.
    """
    first = last_frame(connection) + 1
    numbered = [(number, *row) for number, row in enumerate(rows, first)]
    insert_rows(connection, "frames", _FRAME_COLUMNS, numbered, sum(len(row[4]) for row in rows))
    connection.executemany(
        "INSERT INTO cut_frames (frame_id, length, sha256, why) VALUES (?, ?, ?, ?)",
        [(first + index, *cut) for index, cut in cuts],
    )


def insert_rows(
    connection: sqlite3.Connection,
    table: str,
    columns: Iterable[str],
    rows: Sequence[Sequence[Any]],
    size: int = 0,
) -> None:
    """Insert rows, in order. size: bytes in all of them, where they may be large. Raises sqlite3.Error."""
    names = tuple(columns)
    done = 0
    # Powers of two: few different statements, which stay prepared, make up any number of rows.
    count = 1 << (_MOST_PARAMETERS // len(names)).bit_length() - 1
    while count > 1 and size <= _LARGE_ROW * len(rows):
        while len(rows) - done >= count:
            values = tuple(chain.from_iterable(rows[done : done + count]))
            connection.execute(_statement(table, names, count), values)
            done += count
        count //= 2
    connection.executemany(_statement(table, names, 1), rows[done:])


@lru_cache(maxsize=128)
def _statement(table: str, columns: tuple[str, ...], rows: int) -> str:
    row = f"({', '.join('?' * len(columns))})"
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES {', '.join([row] * rows)}"  # noqa: S608
