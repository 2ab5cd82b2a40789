"""What this release knows by itself, in the database: names of numbers, and the views that use them."""

from __future__ import annotations

import sqlite3

from xentara_inspect.protocol import commands
from xentara_inspect.store.schema import NAME_TABLES, WELL_KNOWN_ATTRIBUTES
from xentara_inspect.store.views import VIEWS


def fill_names(connection: sqlite3.Connection) -> None:
    """Bring what this release knows by itself up to date: names of numbers, and the views.

    In a transaction. Raises sqlite3.Error.
    """
    for table, (_, names) in NAME_TABLES.items():
        connection.execute(f"DELETE FROM {table}")  # noqa: S608 - a name of ours, as below
        connection.executemany(f"INSERT INTO {table} VALUES (?, ?)", names.items())  # noqa: S608
    connection.executemany("INSERT OR IGNORE INTO attributes VALUES (?, ?, ?, ?)", WELL_KNOWN_ATTRIBUTES)
    connection.execute("DELETE FROM command_errors")
    connection.executemany(
        "INSERT INTO command_errors VALUES (?, ?, ?)",
        [
            (command.opcode, number, name)
            for command in commands.COMMANDS.values()
            for number, name in command.error_names.items()
        ],
    )
    for view, sql in VIEWS.items():
        connection.execute(f"DROP VIEW IF EXISTS {view}")
        connection.execute(f"CREATE VIEW {view} AS {sql}")
