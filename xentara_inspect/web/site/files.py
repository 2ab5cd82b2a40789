"""The files of a recording in Datasette: only read, and seen as they are now."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import threading
from collections.abc import Callable
from typing import Any, Final

from datasette.database import Database

from xentara_inspect.store.database import open_for_reading
from xentara_inspect.store.errors import StoreError
from xentara_inspect.store.sides import state_of

_PATIENCE: Final = 5.0
"""Seconds to wait for a lock."""


class RecordedFile(Database):  # type: ignore[misc]  # Datasette has no types
    """A database that Datasette reads through connections of ours.

    Datasette opens with mode=ro, which leaves files beside a database that nobody has open, and a file that
    it was told will never change it never looks at again. Ours see a recording that begins, or goes on.
    """

    def __init__(self, datasette: Any, path: str) -> None:
        super().__init__(datasette, path=path, is_mutable=True)
        self._own = threading.local()

    def connect(self, write: bool = False) -> sqlite3.Connection:
        """A connection that only reads. Raises StoreError."""
        if write:
            raise StoreError(f"{self.path} is only read here")
        return open_for_reading(self.path, timeout=_PATIENCE)

    async def execute_fn(self, fn: Callable[[sqlite3.Connection], Any]) -> Any:
        """Call a function with a connection, in a thread of Datasette's."""
        return await self._execute_fn(fn)

    async def _execute_fn(self, fn: Callable[[sqlite3.Connection], Any]) -> Any:
        """What versions from 1.0 on call in its place."""
        return await asyncio.get_running_loop().run_in_executor(self.ds.executor, self._call, fn)

    def _call(self, fn: Callable[[sqlite3.Connection], Any]) -> Any:
        state = state_of(self.path)
        if getattr(self._own, "state", None) != state:
            with contextlib.suppress(AttributeError):
                self._own.connection.close()
            self._own.connection = self.connect()
            self.ds._prepare_connection(self._own.connection, self.name)
            self._own.state = state
        try:
            return fn(self._own.connection)
        except sqlite3.DatabaseError:
            self._own.state = None  # somebody may have begun to write just now
            raise
