"""Making and changing the schema, by the migrations of sqlite-utils.

Imported only where a database is made or is older than this release: sqlite-utils is slow to import.
A new release adds a script to `sql/` and a function here, and raises `schema.SCHEMA_VERSION`. Scripts
are literal for ever: what they make does not change when `schema` does.
"""

from __future__ import annotations

import os
import re
import sqlite3
import uuid
from collections.abc import Iterator
from importlib.resources import files
from typing import Final

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from xentara_inspect.store.known_names import fill_names
from xentara_inspect.store.schema import APPLICATION_ID, SCHEMA_VERSION
from xentara_inspect.store.sides import database_path

migrations = Migrations("xentara_inspect")

_NUMBERED: Final = re.compile(r".*-([1-9][0-9]{0,8})(?:\.[^.]*)?", re.DOTALL)


@migrations(name="0001_journal_and_derived_tables")
def _first(database: Database, /) -> None:
    _run(database, "0001_journal_and_derived_tables")


@migrations(name="0002_feeds_of_recorders")
def _feeds(database: Database, /) -> None:
    if "feed" not in database.table("recorders").columns_dict:  # a 0001 of its time may have made it
        _run(database, "0002_feeds_of_recorders")


@migrations(name="0003_addresses")
def _addresses(database: Database, /) -> None:
    database.conn.create_function("file_number", 1, _file_number, deterministic=True)
    _run(database, "0003_addresses")
    # Every file of a recording comes to the same name by itself.
    path = database_path(database.conn)
    stem, suffix = os.path.splitext(path)
    for (number,) in database.execute("SELECT number FROM chain").fetchall():
        first = stem.removesuffix(f"-{number}") + suffix if number > 1 else path
        recording = uuid.uuid5(uuid.NAMESPACE_URL, f"file:{first}")
        database.execute("UPDATE chain SET recording = ?", (str(recording),))


@migrations(name="0004_names_from_files")
def _names_from_files(database: Database, /) -> None:
    _run(database, "0004_names_from_files")


@migrations(name="0005_habits")
def _habits(database: Database, /) -> None:
    _run(database, "0005_habits")


@migrations(name="0006_troubles")
def _troubles(database: Database, /) -> None:
    _run(database, "0006_troubles")


@migrations(name="0007_subscriptions_of_events")
def _subscriptions_of_events(database: Database, /) -> None:
    _run(database, "0007_subscriptions_of_events")


def _file_number(name: str) -> int:
    match = _NUMBERED.fullmatch(name)
    return int(match[1]) if match is not None else 1


def _run(database: Database, name: str) -> None:
    """Run a script of `sql/`, statement by statement: `executescript` would end our transaction."""
    script = (files("xentara_inspect.store") / "sql" / f"{name}.sql").read_text()
    for statement in _statements(script):
        database.execute(statement)


def _statements(script: str) -> Iterator[str]:
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def migrate(connection: sqlite3.Connection) -> None:
    """Bring a database up to date, or make a new one. In a transaction. Raises sqlite3.Error.

    Safe beside other processes that do the same.
    """
    # Inside a transaction sqlite-utils uses savepoints: everything is applied, or nothing.
    migrations.apply(Database(connection, recursive_triggers=False, execute_plugins=False))
    fill_names(connection)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
