"""The plugin of sqlite-utils: our functions in every connection that it opens."""

from __future__ import annotations

import sqlite3

from sqlite_utils import hookimpl

from xentara_inspect.store.sql_functions import register


@hookimpl
def prepare_connection(conn: sqlite3.Connection) -> None:
    """Called by sqlite-utils for each connection."""
    register(conn)
