"""What a database is called, and what was chosen for it when it was begun: all who work on it do the same."""

from __future__ import annotations

import sqlite3
from typing import Final

DATABASE: Final = "xentara.db"
"""The database that is meant where none is named."""

ALL: Final = "all"
EXCHANGES: Final = "exchanges"
NOTATIONS: Final = (ALL, EXCHANGES)
"""Which packets have their notation stored: all, or all but events, whose is written when asked for."""


def notation_setting(connection: sqlite3.Connection) -> str:
    """One of `NOTATIONS`. Raises sqlite3.Error."""
    row = connection.execute("SELECT value FROM settings WHERE name = 'notation'").fetchone()
    return EXCHANGES if row is not None and row[0] == EXCHANGES else ALL


def set_notation(connection: sqlite3.Connection, notation: str) -> None:
    """Choose one of `NOTATIONS` for what is indexed from now on. Raises sqlite3.Error."""
    connection.execute("INSERT OR REPLACE INTO settings VALUES ('notation', ?)", (notation,))
