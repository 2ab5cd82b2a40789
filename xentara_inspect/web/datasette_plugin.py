"""The plugin of Datasette, wherever it is started: our functions in every connection that it opens."""

from __future__ import annotations

import sqlite3

from pluggy import HookimplMarker

from xentara_inspect.store.sql_functions import register

hookimpl = HookimplMarker("datasette")


@hookimpl
def prepare_connection(conn: sqlite3.Connection) -> None:
    """Called by Datasette for each connection."""
    register(conn)
