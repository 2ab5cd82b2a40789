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

_MOST_PARAMETERS: Final = 999  # of a statement, where SQLite is older than 3.32
_LARGE_ROW: Final = 8 << 10
"""Bytes from which rows go one by one: SQLite copies the parameters of a statement."""


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
