"""The recordings that our own pages ask, as one, by the questions of `queries`."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Sequence
from typing import TypeVar

from xentara_inspect.queries.databases import Databases
from xentara_inspect.queries.following import Followed
from xentara_inspect.store.errors import StoreError

Answer = TypeVar("Answer")


class Recordings:
    """Databases that are open as long as the pages are shown, with the files that come meanwhile."""

    def __init__(self, patterns: Sequence[str]) -> None:
        """Raises StoreError."""
        self.patterns = patterns
        self._followed = Followed(patterns)
        self._lock = threading.Lock()
        self._versions: list[int] = []

    def close(self) -> None:
        """Close the databases."""
        with self._lock:
            self._followed.close()

    def look(self) -> None:
        """Look for files that came or went, so that the disk of those that are deleted is free."""
        with self._lock, contextlib.suppress(StoreError):
            self._followed.follow()

    async def ask(self, question: Callable[[Databases], Answer]) -> Answer:
        """What a question says to the databases as they are now; one after the other, in a thread.

        Raises what the question raises, StoreError where the databases are gone.
        """
        return await asyncio.to_thread(self._ask, question)

    def _ask(self, question: Callable[[Databases], Answer]) -> Answer:
        with self._lock:
            self._followed.follow()
            databases = self._followed.databases
            versions = [next(file.tuples("PRAGMA data_version"))[0] for file in databases.files]
            if versions != self._versions:
                databases.forget_names()
                self._versions = versions
            return question(databases)
