"""The files of a recording that goes on: those that paths and patterns mean, and those behind them."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator, Sequence

from xentara_inspect.queries.databases import Database, Databases, open_databases
from xentara_inspect.queries.files import matching_files
from xentara_inspect.store.chain import chain_at, chain_files, following_file, load_chain
from xentara_inspect.store.database import Reading, file_identity
from xentara_inspect.store.errors import Kind, StoreError, from_sqlite


class Followed:
    """Databases that are opened again whenever there are other files than before."""

    def __init__(self, patterns: Sequence[str]) -> None:
        """Raises StoreError."""
        self._patterns = patterns
        self._stack = contextlib.ExitStack()
        self._identities: dict[str, object] = {}
        self.databases: Databases
        self._open()

    def follow(self) -> bool:
        """Look for files that are new, gone or others than before. Returns whether all were opened again.

        Raises StoreError; then those of before stay open.
        """
        if not self._is_outdated():
            return False
        self._open()
        return True

    def close(self) -> None:
        """Close them all."""
        self._stack.close()

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[None]:
        """Nothing changes inside; what is put into temporary tables goes in the end. Raises StoreError."""
        files = self.databases.files
        try:
            for file in files:
                _execute(file, "BEGIN")
            yield
        finally:
            for file in files:
                if file.connection.in_transaction:
                    _execute(file, "ROLLBACK")

    def _open(self) -> None:
        paths = list(self._paths())
        while True:
            if not paths:
                raise StoreError(f"{' '.join(self._patterns)} is not there any more", Kind.MISSING)
            stack = contextlib.ExitStack()
            try:
                self.databases = stack.enter_context(open_databases(paths))
                break
            except StoreError:
                # The oldest file may be deleted between our finding and opening it.
                before, paths = paths, list(self._paths())
                if paths == before:
                    raise
        self._stack.close()
        self._stack = stack
        self._identities = {file.path: file_identity(file.path) for file in self.databases.files}

    def _paths(self) -> Iterator[str]:
        """The files that are meant, and those that go on with them."""
        seen = set()
        for path in [*self._meant(), *filter(os.path.lexists, self._identities), *self._next_ones()]:
            following: str | None = path
            while following is not None and os.path.realpath(following) not in seen:
                seen.add(os.path.realpath(following))
                yield following
                place = chain_at(following)
                following = following_file(following, place) if place is not None else None

    def _meant(self) -> Iterator[str]:
        """The files that paths and patterns mean."""
        for pattern in self._patterns:
            try:
                found = matching_files(pattern)
            except StoreError:
                if not self._identities:
                    raise
                continue
            for path in found:
                # Of a recording the first file is named, which may be deleted by now.
                left = [path] if os.path.lexists(path) else [*chain_files(path).values()]
                yield from left if left or self._identities else [path]

    def _is_outdated(self) -> bool:
        connections = [file.connection for file in self.databases.files]
        if any(isinstance(each, Reading) and each.is_outdated() for each in connections):
            return True
        opened = set(self._identities.values())
        candidates = [*self._meant(), *self._next_ones()]
        return any(file_identity(path) not in opened for path in candidates)

    def _next_ones(self) -> Iterator[str]:
        """What recordings that are open are continued in; files tell it also where they are deleted by now.

        Asked of the last file only: each look opens what it names, and a long recording has many.
        """
        for recording in self.databases.recordings if self._identities else ():
            following = _following(recording.files[-1])
            if following is not None:
                yield following


def _following(file: Database) -> str | None:
    try:
        place = load_chain(file.connection)
    except sqlite3.Error as error:
        raise from_sqlite(file.path, error) from None
    return following_file(file.path, place) if place is not None else None


def _execute(file: Database, sql: str) -> None:
    try:
        file.connection.execute(sql)
    except sqlite3.Error as error:
        raise from_sqlite(file.path, error) from None
