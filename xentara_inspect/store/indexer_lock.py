"""One indexer per database: a lock that dies with its process, and remembers what killed it."""

from __future__ import annotations

import contextlib
import fcntl
import mmap
import os
import struct
from typing import Final

from xentara_inspect.store import sides
from xentara_inspect.store.database import Path
from xentara_inspect.store.errors import Kind, StoreError, from_os

_MARK: Final = struct.Struct("<QQ")  # the frame being decoded, and how many indexers it has killed


def is_taken(path: Path) -> bool:
    """Whether an indexer of the database runs; also where one was killed and left its file behind."""
    return os.path.exists(_lock_path(path))


def _lock_path(path: Path) -> str:
    return f"{os.path.abspath(path)}{sides.INDEXER}"


class IndexerLock:
    """An advisory lock on a file beside the database, which is there only while an indexer runs.

    Not on the database itself: a process that closes any descriptor of that file loses the locks
    that SQLite holds on it. A killed process leaves the file behind, with the number of the frame
    that it was decoding, and no lock.
    """

    def __init__(self, path: Path) -> None:
        self._path = _lock_path(path)
        self._descriptor: int | None = None
        self._mark: mmap.mmap | None = None
        self.suspect = 0
        """The frame that the last holder was decoding when it was killed; 0 for none."""
        self.deaths = 0
        """How many holders in a row were killed while they decoded the suspect."""

    def acquire(self) -> bool:
        """Take the lock if nobody else has it. Returns whether this one has it now. Raises StoreError."""
        while self._descriptor is None:
            try:
                descriptor = os.open(self._path, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW, 0o600)
            except OSError as error:
                raise from_os(self._path, error) from None
            if os.fstat(descriptor).st_size not in (0, _MARK.size):
                os.close(descriptor)
                raise StoreError(f"{self._path} is somebody else's file", Kind.NOT_OURS)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                os.close(descriptor)
                return False
            if self._is_at_its_place(descriptor):
                self._descriptor = descriptor
                self._read_mark(descriptor)
                self._map_mark(descriptor)
            else:  # its last holder removed it while we opened it
                os.close(descriptor)
        return True

    def mark(self, frame_id: int) -> None:
        """Remember, beyond the death of this process, which frame is being decoded; 0 for none."""
        if self._mark is not None:
            deaths = self.deaths if frame_id == self.suspect else 0
            self._mark[:] = _MARK.pack(frame_id, deaths)

    def release(self) -> None:
        """Let others index."""
        if self._descriptor is not None:
            if self._is_at_its_place(self._descriptor):
                os.unlink(self._path)
            if self._mark is not None:
                self._mark.close()  # it has a descriptor of its own, which holds the lock as well
            os.close(self._descriptor)
            self._descriptor = self._mark = None

    def _read_mark(self, descriptor: int) -> None:
        left = os.pread(descriptor, _MARK.size, 0)
        if len(left) == _MARK.size:
            self.suspect, deaths = _MARK.unpack(left)
            self.deaths = deaths + 1

    def _map_mark(self, descriptor: int) -> None:
        """Map the file, since a system call a frame would cost more than much of its decoding."""
        with contextlib.suppress(OSError):  # a full disk is no reason not to decode
            if not os.fstat(descriptor).st_size:  # it needs its place on the disk before
                os.pwrite(descriptor, _MARK.pack(0, 0), 0)
            self._mark = mmap.mmap(descriptor, _MARK.size)

    def _is_at_its_place(self, descriptor: int) -> bool:
        try:
            there = os.stat(self._path)
        except FileNotFoundError:
            return False
        return os.path.samestat(there, os.fstat(descriptor))
