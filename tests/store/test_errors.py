"""Errors of the store have a kind, which does not depend on words in a path."""

from __future__ import annotations

import errno
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from xentara_inspect.store.database import open_for_writing
from xentara_inspect.store.errors import Kind, StoreError, from_os, from_sqlite, kind_of


def failing(connection: sqlite3.Connection, sql: str) -> sqlite3.Error:
    with pytest.raises(sqlite3.Error) as raised:
        connection.execute(sql)
    return raised.value


def test_a_full_disk_is_no_lock_whatever_the_path_says(tmp_path: Path) -> None:
    place = tmp_path / "blocked and locked"
    place.mkdir()
    with closing(open_for_writing(place / "locked.db")) as connection:
        connection.execute("PRAGMA max_page_count = 1")
        error = failing(connection, "CREATE TABLE more AS SELECT zeroblob(1000000)")
    assert kind_of(error) is Kind.FULL
    told = from_sqlite(str(place / "locked.db"), error)
    assert told.message == f"{place}/locked.db cannot be written: the disk is full"
    assert told.kind is Kind.FULL


def test_a_lock_is_one(database: Path) -> None:
    with (
        closing(open_for_writing(database)) as holder,
        closing(open_for_writing(database, timeout=0)) as other,
    ):
        holder.execute("BEGIN IMMEDIATE")
        assert kind_of(failing(other, "BEGIN IMMEDIATE")) is Kind.LOCKED


def test_a_value_that_is_too_large_is_not_the_database_s_fault(database: Path) -> None:
    with closing(open_for_writing(database)) as connection:
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 1000)
        with pytest.raises(sqlite3.Error) as raised:
            connection.execute("INSERT INTO frames (payload) VALUES (?)", [bytes(2000)])
    assert kind_of(raised.value) is Kind.TOO_LARGE
    assert kind_of(OverflowError()) is kind_of(MemoryError()) is Kind.TOO_LARGE


@pytest.mark.parametrize(
    ("number", "kind", "words"),
    [
        (errno.ENOENT, Kind.MISSING, "x.db does not exist"),
        (errno.ENOSPC, Kind.FULL, "x.db cannot be opened: no space left on device"),
        (errno.EACCES, Kind.DENIED, "x.db cannot be opened: permission denied"),
        (errno.ELOOP, Kind.OTHER, "x.db is a link, which is not followed"),
    ],
)
def test_errors_of_the_system_have_a_kind_too(number: int, kind: Kind, words: str) -> None:
    error = OSError(number, __import__("os").strerror(number))
    assert kind_of(error) is kind
    assert from_os("x.db", error).message == words


def test_what_was_found_out_keeps_its_kind() -> None:
    assert kind_of(StoreError("x.db is there", Kind.DAMAGED)) is Kind.DAMAGED
    assert kind_of(StoreError("x.db is there")) is Kind.OTHER
