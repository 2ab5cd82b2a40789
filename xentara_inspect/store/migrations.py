"""Making and changing the schema, by the migrations of sqlite-utils.

Imported only where a database is made or is older than this release: sqlite-utils is slow to import.
A new release adds a function here and raises `schema.SCHEMA_VERSION`.
"""

from __future__ import annotations

import sqlite3
from typing import Any

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from xentara_inspect.store.database import transaction
from xentara_inspect.store.schema import (
    APPLICATION_ID,
    DERIVED_TABLES,
    INDEXES,
    JOURNAL_TABLES,
    SCHEMA_VERSION,
    Table,
)
from xentara_inspect.store.views import VIEWS

migrations = Migrations("xentara_inspect")


@migrations(name="0001_journal_and_derived_tables")
def _first(database: Database, /) -> None:
    for name, table in {**JOURNAL_TABLES, **DERIVED_TABLES}.items():
        _create(database, name, table)
    for index in INDEXES:
        database.execute(index)
    for name, sql in VIEWS.items():
        database.create_view(name, sql)
    database.execute("INSERT INTO checkpoint VALUES (1, 0, 0, 0, 0, 0, 0, 0, 0)")


@migrations(name="0002_feeds_of_recorders")
def _feeds(database: Database, /) -> None:
    recorders = database.table("recorders")
    if "feed" not in recorders.columns_dict:  # which one that has just been made has
        recorders.add_column("feed", str)
        recorders.add_column("operation", int, not_null_default=0)


def _create(database: Database, name: str, table: Table) -> None:
    options: dict[str, Any] = {"pk": table.primary_key}
    if table.foreign_keys:
        options["foreign_keys"] = [(column, other, "id") for column, other in table.foreign_keys]
    if table.defaults:
        options["defaults"] = table.defaults
        options["not_null"] = set(table.defaults)
    database.table(name).create(table.columns, **options)


def migrate(connection: sqlite3.Connection) -> None:
    """Bring a database up to date, or make a new one, in one transaction.

    Safe beside other processes that do the same. Raises sqlite3.Error.
    """
    with transaction(connection):
        # Inside our transaction sqlite-utils uses savepoints: everything is applied, or nothing.
        migrations.apply(Database(connection, recursive_triggers=False, execute_plugins=False))
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
