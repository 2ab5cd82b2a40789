"""What must be true of a database whatever happened to those who wrote it."""

from __future__ import annotations

from contextlib import closing
from itertools import chain
from pathlib import Path
from typing import Any

from tests.load import connection_of
from tests.store_traffic import derived, read
from xentara_inspect.index.process import catch_up
from xentara_inspect.simulator.wire import decode
from xentara_inspect.store.database import open_for_reading, open_for_writing
from xentara_inspect.store.journal_tables import JOURNAL_TABLES

Rows = dict[str, list[Any]]


def check_integrity(database: Path) -> None:
    """The database opens as queries open it, and is sound."""
    with closing(open_for_reading(database)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def recorded_by_connection(*files: Path) -> dict[tuple[int, bool], list[bytes]]:
    """Payloads in journal order by (number of the connection, from the client?). files: of one recording."""
    names: dict[int, int] = {}
    recorded: dict[tuple[int, bool], list[bytes]] = {}
    frames = "SELECT session_id, from_client, payload FROM frames ORDER BY id"
    for session, from_client, payload in chain.from_iterable(read(file, frames) for file in files):
        if session not in names:
            assert from_client, "a session begins with the client's hello"
            names[session] = connection_of(decode(payload)[0][1])
        recorded.setdefault((names[session], bool(from_client)), []).append(payload)
    assert len(set(names.values())) == len(names), "a connection is one session"
    return recorded


def indexed_anew(database: Path, fresh: Path) -> Rows:
    """What one uninterrupted index makes of the same journal, in a database of its own."""
    with closing(open_for_writing(fresh)) as connection:
        connection.execute("ATTACH ? AS old", [str(database)])
        connection.execute("BEGIN")
        for table in JOURNAL_TABLES:
            connection.execute(f"INSERT INTO main.{table} SELECT * FROM old.{table}")
        connection.execute("COMMIT")
    assert catch_up(fresh)
    return comparable(fresh)


def comparable(database: Path) -> Rows:
    """All derived rows, without the ids of findings: those taken back are not given out again."""
    rows = derived(database)
    rows["findings"] = [row[1:] for row in rows["findings"]]
    rows["checkpoint"] = [row[:-1] for row in rows["checkpoint"]]
    return rows


def check_derived(database: Path, fresh: Path) -> None:
    """The derived rows are those of an uninterrupted index of the same frames."""
    assert catch_up(database)
    found, wanted = comparable(database), indexed_anew(database, fresh)
    for table, rows in wanted.items():
        for got, want in zip(found[table], rows, strict=True):
            assert got == want, table
