"""The journal's database file through good and bad times: opened, lost, locked, full, back again."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from collections.abc import Callable, Sequence
from typing import Final

from xentara_inspect.recorder.groups import Operation, Place, SealedError, write_group
from xentara_inspect.recorder.rotation import Rotation, delete_surplus, remove_files
from xentara_inspect.store import recorders
from xentara_inspect.store.chain import (
    begin,
    beside,
    claim,
    first_path,
    free_number,
    is_sealed,
    load_chain,
    newest_file,
    numbered_path,
    seal,
)
from xentara_inspect.store.database import file_identity, open_for_writing, transaction
from xentara_inspect.store.errors import StoreError, problem
from xentara_inspect.store.processes import HEARTBEAT_INTERVAL

LOCK_PATIENCE: Final = 2.0
"""Seconds that the database may be locked before anybody is told."""

_FAST_RETRIES: Final = 0.2  # seconds of trying every 2 ms: the indexer holds the lock no longer
_PAUSES: Final = (0.002, 0.02, 0.25)
_ROTATION_PAUSE: Final = 30.0  # seconds until a next file that could not be made is tried again


class _VanishedError(Exception):
    """The file that we write to is not at its place any more."""


class JournalFile:
    """Writes groups of operations; says how long to wait where that fails. For one thread at a time."""

    def __init__(
        self,
        path: str,
        durable: bool,
        on_problem: Callable[[str], None],
        on_recovery: Callable[[str], None],
        clock: Callable[[], int],
        rotation: Rotation | None,
        on_rotation: Callable[[str], None],
        feed: str | None = None,
        on_notice: Callable[[str], None] | None = None,
    ) -> None:
        """rotation: how to go from file to file; None for this one file only. feed: see `Journal`.

        on_notice: told what is wrong though frames are written; otherwise on_problem is.
        """
        self._path = path
        self._rotation = rotation
        self._on_rotation = on_rotation
        self._first = path
        self._durable = durable
        self._on_problem = on_problem
        self._on_notice = on_notice or on_problem
        self._on_recovery = on_recovery
        self._clock = clock
        self._connection: sqlite3.Connection | None = None
        self._identity: tuple[int, int] | None = None
        self._feed = feed
        self._stored: int | None = None  # the feed's last operation before this process
        self._recorder = 0
        self._place = Place(follows=rotation is not None)
        self._chain_number = 1
        self._has_vanished = False
        self._next_rotation = 0.0
        self._next_deletion: float | None = 0.0
        self._failing_since: float | None = None
        self._next_beat = 0.0
        self.in_trouble = False
        """Whether on_problem was told of something that is not over yet."""

    @property
    def is_open(self) -> bool:
        """Whether the database is held open."""
        return self._connection is not None

    def write(self, group: Sequence[Operation], last: int, *, stopping: bool) -> float:
        """Commit a group, or only the heartbeat where it is empty. last: the number of its last operation.

        Returns 0, or the seconds after which to try again. stopping: leave the database then.
        """
        now = time.monotonic()
        if not group and not stopping and now < self._next_beat:
            return 0
        if stopping and not group and self._connection is None:
            return 0
        try:
            connection = self._open()
            if self._rotation is not None and not stopping and now >= self._next_rotation:
                connection = self._rotate_if_due(connection, self._rotation)
            self._write_group(connection, group, last, stopping)
        except (sqlite3.Error, StoreError, OSError, _VanishedError) as error:
            return self._failed(error)
        self._next_beat = now + HEARTBEAT_INTERVAL
        self._succeeded()
        if self._rotation is not None:
            self._delete_surplus(self._rotation, now)
        if stopping:
            self._leave()
        return 0

    def _write_group(
        self,
        connection: sqlite3.Connection,
        group: Sequence[Operation],
        last: int,
        stopping: bool,
    ) -> None:
        while True:
            try:
                write_group(
                    connection,
                    self._recorder,
                    group,
                    self._clock(),
                    place=self._place,
                    last=last,
                    stored=self._stored or 0,
                    stopping=stopping,
                )
                return
            except SealedError:
                connection = self._move(connection)

    def _open(self) -> sqlite3.Connection:
        # Also where it was left because of an error: somebody may have deleted it to make room.
        if self._identity is not None and file_identity(self._path) != self._identity:
            self._vanished()
        if self._connection is not None:
            return self._connection
        if self._rotation is not None and not self._recorder and not self._has_vanished:
            self._first = first_path(self._path)
            self._path = newest_file(self._path)
        connection = open_for_writing(self._path, timeout=0, durable=self._durable)
        try:
            if self._rotation is not None:
                claim(connection, self._chain_number, self._clock())
            if self._rotation is None or not is_sealed(connection):
                self._register(connection)
        except BaseException:
            connection.close()
            raise
        self._take(connection)
        return connection

    def _vanished(self) -> None:
        """The file was taken away. Raises _VanishedError unless another recorder had left it before."""
        self._leave()
        self._identity = None
        self._recorder = 0
        number = self._place.number + 1
        newest = newest_file(self._first) if self._rotation is not None else self._path
        if newest != self._path and os.path.exists(newest):
            self._place = self._place._replace(number=number)
            self._path = newest
            return
        # Sessions go on in the next file, without what this one had of them.
        self._place = self._place._replace(number=number, lost_before=number)
        self._has_vanished = True
        raise _VanishedError

    def _register(self, connection: sqlite3.Connection) -> None:
        if self._recorder:
            return
        follows = self._rotation is not None
        self._recorder, stored = recorders.register(
            connection, self._clock(), follows=follows, feed=self._feed
        )
        if self._stored is None:
            self._stored = stored

    def _take(self, connection: sqlite3.Connection) -> None:
        """Write to this connection from now on."""
        self._connection = connection
        self._identity = file_identity(self._path)
        self._has_vanished = False
        place = load_chain(connection)
        self._chain_number = place.number if place is not None else 1

    def _rotate_if_due(self, connection: sqlite3.Connection, rotation: Rotation) -> sqlite3.Connection:
        if is_sealed(connection) or not rotation.is_due(connection, self._clock()):
            return connection
        path = numbered_path(self._first, free_number(self._first))
        with transaction(connection):
            if not is_sealed(connection):
                self._make_next(connection, path)
        return self._move(connection) if is_sealed(connection) else connection

    def _make_next(self, connection: sqlite3.Connection, path: str) -> None:
        """Promise that recording goes on in another file, which is made first: that may fail."""
        try:
            open_for_writing(path, timeout=0, durable=self._durable).close()
        except StoreError as error:
            with contextlib.suppress(OSError):
                remove_files(path)
            self._next_rotation = time.monotonic() + _ROTATION_PAUSE
            self._on_notice(f"{error.message}; recording goes on in {self._path}")
            return
        seal(connection, os.path.basename(path), self._clock())

    def _move(self, old: sqlite3.Connection) -> sqlite3.Connection:
        """Go on in the file that the old one names. Raises sqlite3.Error, StoreError."""
        left = load_chain(old)
        assert left is not None  # noqa: S101 - it is sealed
        path = beside(self._path, left.continued_in or "")
        new = open_for_writing(path, timeout=0, durable=self._durable)
        try:
            begin(new, old, os.path.basename(self._path), self._clock())
            if not recorders.carried_over(new, old, self._recorder):
                self._recorder = 0
            self._register(new)
        except BaseException:
            new.close()
            raise
        self._leave()
        self._path = path
        self._place = self._place._replace(number=self._place.number + 1)
        self._next_deletion = 0.0
        self._take(new)
        self._on_rotation(path)
        return new

    def _delete_surplus(self, rotation: Rotation, now: float) -> None:
        if self._next_deletion is None or now < self._next_deletion:
            return
        some_left = delete_surplus(self._first, self._path, rotation)
        self._next_deletion = now + HEARTBEAT_INTERVAL if some_left else None

    def _leave(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(sqlite3.Error):
                connection.close()

    def _failed(self, error: Exception) -> float:
        now = time.monotonic()
        if self._failing_since is None:
            self._failing_since = now
        failing = now - self._failing_since
        if _is_lock(error):
            if failing >= LOCK_PATIENCE:
                self._tell(error)
            return _PAUSES[0] if failing < _FAST_RETRIES else _PAUSES[1 if failing < LOCK_PATIENCE else 2]
        self._tell(error)
        if not isinstance(error, _VanishedError):
            # A connection that met a damaged file or a full disk may remember it; the next is new.
            self._leave()
        return _PAUSES[2]

    def _tell(self, error: Exception) -> None:
        if self.in_trouble:
            return
        self.in_trouble = True
        if isinstance(error, StoreError):
            said = error.message
        elif isinstance(error, sqlite3.Error):
            said = f"{self._path} {problem(error)}"
        elif isinstance(error, _VanishedError):
            said = f"{self._path} was deleted or replaced; recording goes on in a new file of that name"
        else:
            said = f"{self._path} cannot be written: {error}"
        self._on_problem(f"{said}; frames are kept in memory meanwhile")

    def _succeeded(self) -> None:
        self._failing_since = None
        if self.in_trouble:
            self.in_trouble = False
            self._on_recovery(self._path)


def _is_lock(error: Exception) -> bool:
    return "locked" in str(error)
