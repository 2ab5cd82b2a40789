"""What Datasette asks us: functions in SQL, cells, pages of our own."""

from __future__ import annotations

import sqlite3

from pluggy import HookimplMarker

from xentara_inspect.store.sql_functions import register

hookimpl = HookimplMarker("datasette")


class Plugin:
    """Answers of ours. Datasette wants plugins to have names, as modules do."""

    __name__ = "xentara_inspect"

    @hookimpl
    def prepare_connection(self, conn: sqlite3.Connection) -> None:
        """Add our functions to a connection."""
        register(conn)
