"""Functions in SQL, and the plugin that brings them to sqlite-utils."""

from __future__ import annotations

import json
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.live import BIN
from tests.queries.asking import fill, show
from tests.store_traffic import CONVERSATION
from tests.transcript import edn
from xentara_inspect import annotate
from xentara_inspect.store.sql_functions import register


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:")) as made:
        register(made)
        yield made


def value(connection: sqlite3.Connection, expression: str, *parameters: Any) -> Any:
    return connection.execute(f"SELECT {expression}", parameters).fetchone()[0]


def test_notation_is_that_of_a_message_or_of_a_packet_in_it(connection: sqlite3.Connection) -> None:
    payload = edn("[[1, 2, {11: 121(1)}], [1, 3]]")
    assert value(connection, "xentara_notation(?, 0)", payload) == annotate(payload)
    assert value(connection, "xentara_notation(?)", payload) == annotate(payload)
    assert "# Packet 1: Success Response\n" in value(connection, "xentara_notation(?, 1)", payload)
    assert "Response to read" in value(connection, "xentara_notation(?, 1, 4)", payload)
    assert value(connection, "xentara_notation(?, 3)", payload) is None
    assert "Text Message" in value(connection, "xentara_notation('hello', 0)")


def test_numbers_are_said_in_words(connection: sqlite3.Connection) -> None:
    assert value(connection, "xentara_time(1500000000)") == "1970-01-01T00:00:01.500000000Z"
    assert value(connection, "xentara_command(4)") == "read"
    assert value(connection, "xentara_error(-32109)") == "Write Error"
    assert value(connection, "xentara_error(-32109, 4)") == "Read Error"
    assert value(connection, "xentara_time('99999999999999999999')").startswith("5138-11-16")


@pytest.mark.parametrize("given", [None, 1.5, "x", b"", 2**62, "9" * 2000])
def test_what_means_nothing_is_null_and_never_an_error(connection: sqlite3.Connection, given: Any) -> None:
    assert value(connection, "xentara_command(?)", given) is None
    assert value(connection, "xentara_error(?)", given) is None
    for expression in ("xentara_time(?)", "xentara_notation(?, ?1)", "xentara_error(1, ?)"):
        value(connection, expression, given)


def test_sqlite_utils_has_them_by_itself(database: Path) -> None:
    fill(database, *CONVERSATION)
    sql = "SELECT xentara_notation(payload, 1) AS said, xentara_time(time) AS time FROM frames WHERE id = 1"
    run = subprocess.run([BIN / "sqlite-utils", database, sql], capture_output=True, text=True, check=True)
    (row,) = json.loads(run.stdout)
    assert row["said"] == show(database, "1p1")["request"]["notation"]
    assert row["time"] == "2023-11-14T22:13:20.001000000Z"
