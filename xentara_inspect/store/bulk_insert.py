"""Many rows with few statements.

`executemany` gives up the interpreter lock and takes it back once a row. Beside a thread that wants
it all the time, as the event loop of a proxy does, each of these is a switch of threads, and dearer
than the row itself. So here a statement inserts many rows.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain
from typing import Any, Final

_MOST_ROWS: Final = 128
"""Rows in one statement: its parameters must be fewer than 1,000 for the oldest SQLite."""

_MOST_BYTES: Final = 1 << 20
"""SQLite copies the parameters of a statement: not all of a big group at once."""


def insert_rows(
    connection: sqlite3.Connection, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], size: int
) -> None:
    """Insert rows, in order. size: bytes in them all, about. Raises sqlite3.Error."""
    done = 0
    if size <= _MOST_BYTES * max(1, len(rows) // _MOST_ROWS):
        count = _MOST_ROWS
        while count > 1:
            # Powers of two: few different statements, which stay prepared, make up any number.
            while len(rows) - done >= count:
                values = chain.from_iterable(rows[done : done + count])
                connection.execute(_insert(table, tuple(columns), count), tuple(values))
                done += count
            count //= 2
    connection.executemany(_insert(table, tuple(columns), 1), rows[done:])


@lru_cache(maxsize=64)
def _insert(table: str, columns: tuple[str, ...], rows: int) -> str:
    row = f"({', '.join('?' * len(columns))})"
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES {', '.join([row] * rows)}"  # noqa: S608
