"""One indexer per database: a lock that dies with its process."""

from __future__ import annotations

import fcntl
import os

from xentara_inspect.store.database import Path
from xentara_inspect.store.errors import from_os


class IndexerLock:
    """An advisory lock on a file beside the database, which is there only while an indexer runs.

    Not on the database itself: a process that closes any descriptor of that file loses the locks
    that SQLite holds on it. A killed process leaves an empty file behind, and no lock.
    """

    def __init__(self, path: Path) -> None:
        self._path = f"{os.path.abspath(path)}-indexer"
        self._descriptor: int | None = None

    def acquire(self) -> bool:
        """Take the lock if nobody else has it. Returns whether this one has it now. Raises StoreError."""
        while self._descriptor is None:
            try:
                descriptor = os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600)
            except OSError as error:
                raise from_os(self._path, error) from None
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                os.close(descriptor)
                return False
            if self._is_at_its_place(descriptor):
                self._descriptor = descriptor
            else:  # its last holder removed it while we opened it
                os.close(descriptor)
        return True

    def release(self) -> None:
        """Let others index."""
        if self._descriptor is not None:
            if self._is_at_its_place(self._descriptor):
                os.unlink(self._path)
            os.close(self._descriptor)
            self._descriptor = None

    def _is_at_its_place(self, descriptor: int) -> bool:
        try:
            there = os.stat(self._path)
        except FileNotFoundError:
            return False
        return os.path.samestat(there, os.fstat(descriptor))
