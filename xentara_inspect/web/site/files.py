"""The files of a recording in Datasette: only read, and seen as they are now."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
import threading
from collections.abc import Callable, Sequence
from typing import Any, Final

from datasette.database import Database

from xentara_inspect.queries.files import file_labels, meant_files
from xentara_inspect.store.database import Reading, open_for_reading
from xentara_inspect.store.errors import StoreError
from xentara_inspect.web.site.configuration import TITLE, configuration

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
        self._all: list[_Opened] = []

    def connect(self, write: bool = False) -> Reading:
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

    def release(self) -> None:
        """Close all connections, each once it is not used: the disk of a deleted file is free then."""
        for opened in list(self._all):
            with opened.used:
                opened.close()

    def _call(self, fn: Callable[[sqlite3.Connection], Any]) -> Any:
        opened: _Opened | None = getattr(self._own, "opened", None)
        if opened is None:
            opened = self._own.opened = _Opened()
            self._all.append(opened)
        with opened.used:
            if opened.connection is None or opened.connection.is_outdated():
                opened.close()
                opened.connection = self.connect()
                self.ds._prepare_connection(opened.connection, self.name)
            try:
                return fn(opened.connection)
            except sqlite3.DatabaseError:
                opened.close()  # somebody may have begun to write just now
                raise


class _Opened:
    """The connection of a thread. used: held while it is."""

    def __init__(self) -> None:
        self.connection: Reading | None = None
        self.used = threading.Lock()

    def close(self) -> None:
        if self.connection is not None:
            self.connection.close()
            self.connection = None


class ServedFiles:
    """The files that are meant, those that come and go while they are served, too.

    told: what Datasette is told of them, kept up to date. Each keeps the name that it has first.
    """

    def __init__(self, patterns: Sequence[str]) -> None:
        """Raises StoreError."""
        self.told: dict[str, Any] = {"title": TITLE, "databases": {}}
        self._patterns = patterns
        self._site: Any = None
        self._names: dict[str, str] = {}
        self._lock = threading.Lock()
        for path, name in self._new():
            self._tell(path, name)

    def serve_by(self, site: Any) -> None:
        """Give the files to Datasette. site: it was told of them."""
        self._site = site
        for path, name in self._names.items():
            site.add_database(RecordedFile(site, path), name=name)

    def look(self) -> None:
        """Look for files that came or went."""
        with self._lock:
            self._look()

    def _look(self) -> None:
        for path in [path for path in self._names if not os.path.lexists(path)]:
            name = self._names.pop(path)
            gone = self._site.databases[name]
            self._site.remove_database(name)
            gone.release()
        with contextlib.suppress(StoreError):  # a recording that is just begun; or all are gone
            for path, name in self._new():
                self._tell(path, name)
                self._site.add_database(RecordedFile(self._site, path), name=name)

    def _new(self) -> list[tuple[str, str]]:
        """Files that have no name yet, and what they are called."""
        paths = [os.path.abspath(path) for path in meant_files(self._patterns)]
        named = zip(paths, file_labels(paths), strict=True)
        taken = self._names.values()
        return [(path, name) for path, name in named if path not in self._names and name not in taken]

    def _tell(self, path: str, name: str) -> None:
        with contextlib.closing(open_for_reading(path)) as file:
            about = configuration(file)
        self.told["databases"][name] = about
        self._names[path] = name
        if hasattr(self._site, "config"):  # from 1.0 on; what was told at the beginning it has copied
            self._site.config.setdefault("databases", {})[name] = about
