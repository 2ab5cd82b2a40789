"""What a database has that we never write: others have, or bytes of its file have changed."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator
from typing import Final

from xentara_inspect.store.database import Path, open_for_reading
from xentara_inspect.store.derived_tables import DERIVED_TABLES
from xentara_inspect.store.errors import Kind as ErrorKind
from xentara_inspect.store.errors import StoreError, from_sqlite
from xentara_inspect.store.journal_tables import JOURNAL_TABLES
from xentara_inspect.store.schema import Column
from xentara_inspect.traffic.packets import Kind
from xentara_inspect.traffic.records import Status
from xentara_inspect.traffic.rules import RULES

_TYPES: Final = {int: "'integer'", float: "'real', 'integer'", str: "'text'"}
"""What a column may have. Those of `bytes` keep whatever it is, for integers from the wire."""

_HEX: Final = "[0-9a-f]"
_UUID: Final = "-".join(_HEX * digits for digits in (8, 4, 4, 4, 12))
_WORDS: Final = {
    "packets.kind": frozenset(map(str, Kind)),
    "exchanges.status": frozenset(map(str, Status)),
    "findings.code": frozenset(RULES),
}


def damage(connection: sqlite3.Connection) -> str | None:
    """The first value that we never write, such as `sessions.opened is text`. Raises sqlite3.Error.

    Reads all there is: for when something has failed.
    """
    for table, columns in (JOURNAL_TABLES | DERIVED_TABLES).items():
        for name, column in columns.columns.items():
            for condition, what in _wrong(f"{table}.{name}", column):
                row = connection.execute(
                    f"SELECT {what} FROM {table} WHERE {name} IS NOT NULL AND {condition} LIMIT 1"  # noqa: S608 - ours
                ).fetchone()
                if row is not None:
                    return f"{table}.{name} is {row[0]}"
    return None


def _wrong(place: str, column: Column) -> Iterator[tuple[str, str]]:
    """Conditions that a value never fulfils, and what it is then, in SQL. place: table.column."""
    name = place.partition(".")[2]
    types = "'blob'" if place == "frames.payload" else _TYPES.get(column.type)
    if types is not None:
        yield f"typeof({name}) NOT IN ({types})", f"typeof({name})"
    if name == "uuid":
        yield f"lower({name}) NOT GLOB '{_UUID}'", "'no UUID'"
    if words := _WORDS.get(place):
        known = ", ".join(f"'{word}'" for word in sorted(words))
        yield f"{name} NOT IN ({known})", "'a word that is not known'"


@contextlib.contextmanager
def telling_damage(paths: Iterable[Path]) -> Iterator[None]:
    """Where something fails since a database is damaged, and not by a mistake of ours, say so: StoreError."""
    try:
        yield
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        for path in paths:
            with contextlib.closing(open_for_reading(path)) as connection:
                try:
                    what = damage(connection)
                except sqlite3.Error as error:
                    raise from_sqlite(str(path), error) from None
            if what is not None:
                raise StoreError(f"{path} is damaged: {what}", ErrorKind.DAMAGED) from None
        raise
