"""The journal's database file through good and bad times: opened, lost, locked, full, back again."""

from __future__ import annotations

import contextlib
import importlib
import logging
import math
import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from xentara_inspect.recorder import wire
from xentara_inspect.recorder.feed import Operation
from xentara_inspect.recorder.groups import Group, SessionProgress
from xentara_inspect.recorder.retention import delete_surplus
from xentara_inspect.recorder.rotation import Rotation
from xentara_inspect.recorder.shared import Page
from xentara_inspect.store import recorders, sides
from xentara_inspect.store.chain import (
    Chain,
    begin,
    beside,
    check_name,
    claim,
    first_path,
    free_number,
    is_sealed,
    load_chain,
    newest_file,
    numbered_path,
    seal,
)
from xentara_inspect.store.cutting import HEAD
from xentara_inspect.store.database import FileIdentity, file_identity, open_for_writing, transaction
from xentara_inspect.store.errors import Kind, StoreError, from_sqlite, kind_of
from xentara_inspect.store.log_files import LogIdentity, log_identity, save_log
from xentara_inspect.store.name_files import NameFileError, import_names
from xentara_inspect.store.settings import notation_setting, set_notation

_BRIEF: Final = 0.2  # seconds; the indexer holds the lock no longer
_SHORT_PAUSE: Final = 0.002
_LONG_PAUSE: Final = 0.25
_ROTATION_PAUSE: Final = 30.0  # seconds until a next file that could not be made is tried again
_DELETION_PAUSE: Final = 5.0  # seconds between looks at which files may go


class JournalFile:
    """Writes groups of operations; says how long to wait where that fails.

    Nothing here raises for the state of the disk: it is said once what is wrong, and where recording
    goes on.
    """

    def __init__(
        self,
        settings: wire.Settings,
        sessions: dict[int, SessionProgress],
        page: Page,
        say: Callable[..., None],
        clock: Callable[[], int] = time.time_ns,
    ) -> None:
        """sessions: those that operations speak of, kept up to date. page: says whether this can be written.

        say: takes what `wire` says is reported. clock: nanoseconds since 1970.
        """
        self._settings = settings
        self._rotation = settings.rotation
        self._sessions = sessions
        self._page = page
        self._say = say
        self._clock = clock
        self._path = self._first = settings.path
        self._connection: sqlite3.Connection | None = None
        self._identity: FileIdentity | None = None
        self._log: LogIdentity | None = None  # once something is in it
        self._chain: Chain | None = None
        self._recorder = 0
        self._stored: int | None = None  # the feed's last operation that was there already
        self._next_rotation = 0.0
        self._next_deletion = 0.0
        self._failing_since: float | None = None
        self._said: set[str] = set()  # what is wrong
        if self._rotation is not None:
            # What makes a file takes a third of a second to load: not while frames wait for the next one.
            importlib.import_module("xentara_inspect.store.migrations")

    def write(self, group: list[Operation], last: int, *, stopping: bool = False) -> float:
        """Commit a group, or only the heartbeat where it is empty. last: the number of its last operation.

        A frame that is larger than the database takes, or memory, is cut in the group. Returns 0, or the
        seconds after which to try again. stopping: leave the database then.
        """
        try:
            connection = self._open()
            if self._rotation is not None and group and time.monotonic() >= self._next_rotation:
                self._rotate_if_due(connection, self._rotation)
            while not self._write_group(group, last, stopping):
                self._move()
        except (sqlite3.Error, StoreError, OSError, OverflowError, MemoryError) as error:
            sizes = list(map(wire.payload_size, group))
            if kind_of(error) is Kind.TOO_LARGE and (largest := max(sizes, default=0)) > HEAD:
                index = sizes.index(largest)
                group[index] = wire.cut_more(group[index], "larger than the database or the memory takes")
                return self.write(group, last, stopping=stopping)
            if kind_of(error) is Kind.FULL:
                self._delete_surplus()
            if kind_of(error) is not Kind.LOCKED:
                # A connection that met a damaged file or a full disk may remember it; the next is new.
                self._leave()
            return self._failed(error)
        self._log = self._log or log_identity(self._path)
        self._failing_since = None
        self._said.clear()
        self._page.written = time.monotonic()
        self._page.well = min(self._page.well, self._page.written)
        self._delete_surplus()
        if stopping:
            self._leave()
        return 0

    def _failed(self, error: Exception) -> float:
        """Say what is wrong, once, and of a lock when it lasts. Returns the seconds until another try."""
        now = time.monotonic()
        if self._failing_since is None:
            self._failing_since = now
        failing, locked = now - self._failing_since, kind_of(error) is Kind.LOCKED
        if locked and failing < _BRIEF:
            return _SHORT_PAUSE
        self._page.well = math.inf
        if isinstance(error, sqlite3.Error):
            error = from_sqlite(self._path, error)
        said = error.message if isinstance(error, StoreError) else f"{self._path} cannot be written: {error}"
        if said not in self._said:
            self._said.add(said)
            self._say(wire.PROBLEM, said, locked)
        return min(failing / 100, _LONG_PAUSE) if locked else _LONG_PAUSE

    def _write_group(self, operations: Sequence[Operation], last: int, stopping: bool) -> bool:
        """Returns whether the group is committed: not into a file that was left for the next one.

        All or nothing: where this raises, it can be tried again.
        """
        connection, now = self._connection, self._clock()
        assert connection is not None  # noqa: S101 - it was opened
        group = Group(connection, self._recorder, self._sessions)
        with transaction(connection):
            if self._rotation is not None and is_sealed(connection):
                return False
            troubles = self._page.troubles.decode(errors="replace")
            recorders.beat(connection, self._recorder, now, last, troubles)
            known = max(0, min(len(operations), (self._stored or 0) - (last - len(operations))))
            group.apply(operations, known)
            if stopping:
                recorders.stop(connection, self._recorder, now)
        self._sessions.update(group.sessions)
        return True

    # The file

    def _open(self) -> sqlite3.Connection:
        # Also where it was left because of an error: somebody may have deleted it to make room.
        if self._identity is not None and file_identity(self._path) != self._identity:
            self._vanished()
        if self._connection is not None:
            if self._log is None or self._log.log == log_identity(self._path).log:
                return self._connection
            save_log(self._connection, self._path, self._log)
        if self._rotation is not None and self._chain is None:
            check_name(self._path)
            self._first = first_path(self._path)
            self._path = newest_file(self._path)
        with self._taking(self._path) as connection:
            if self._rotation is not None:
                claim(connection, self._clock(), self._chain)
            if self._rotation is None or not is_sealed(connection):
                self._register(connection)
        return connection

    @contextlib.contextmanager
    def _taking(self, path: str) -> Iterator[sqlite3.Connection]:
        """A connection to write to from now on, unless something is wrong with it."""
        connection = open_for_writing(path, timeout=0, durable=self._settings.durable)
        try:
            yield connection
            chain = load_chain(connection)
        except BaseException:
            connection.close()
            raise
        self._leave()
        self._path, self._chain, self._connection = path, chain, connection
        self._identity, self._log = file_identity(path), None

    def _vanished(self) -> None:
        """The file was taken away. Raises StoreError unless another recorder had left it before."""
        path = self._path
        self._leave()
        self._identity = None
        self._recorder = 0
        newest = newest_file(self._first) if self._rotation is not None else path
        left = newest != path and os.path.exists(newest)
        for session in self._sessions.values():
            session.leave_file(lost=not left)
        if not left:
            raise StoreError(f"{path} was deleted or replaced; recording goes on in a new file of that name")
        self._path = newest

    def _register(self, connection: sqlite3.Connection) -> None:
        if self._recorder:
            # A commit that failed may be there all the same: whoever reads a log does not know of its fsync.
            self._stored = max(self._stored or 0, recorders.stored(connection, self._recorder))
            return
        if notation_setting(connection) != self._settings.notation:
            set_notation(connection, self._settings.notation)
        with transaction(connection):
            self._recorder, stored = recorders.register(
                connection,
                self._clock(),
                follows=self._rotation is not None,
                feed=self._settings.feed or None,
            )
        if self._stored is None:
            self._stored = stored
        for path in self._settings.names:
            try:
                import_names(connection, path, self._clock())
            except NameFileError as error:  # it was right when the proxy started
                self._say(wire.NEWS, logging.ERROR, str(error))

    def _leave(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(sqlite3.Error):
                connection.close()

    # The next file

    def _rotate_if_due(self, connection: sqlite3.Connection, rotation: Rotation) -> None:
        """Promise that recording goes on in another file, which is made first: that may fail.

        Whoever finds that this one was left goes on in the next one.
        """
        if not rotation.is_due(connection, self._clock()):
            return
        path = numbered_path(self._first, free_number(self._first))
        with transaction(connection):
            if is_sealed(connection):
                return
            try:
                open_for_writing(path, timeout=0, durable=self._settings.durable).close()
            except StoreError as error:
                with contextlib.suppress(OSError):
                    sides.remove(path)
                self._next_rotation = time.monotonic() + _ROTATION_PAUSE
                self._say(wire.NEWS, logging.ERROR, f"{error.message}; recording goes on in {self._path}")
            else:
                seal(connection, os.path.basename(path), self._clock())

    def _move(self) -> None:
        """Go on in the file that the one we have names. Raises sqlite3.Error, StoreError."""
        old = self._connection
        left = load_chain(old) if old is not None else None
        assert old is not None and left is not None  # noqa: S101, PT018 - it is sealed
        path = beside(self._path, left.continued_in or "")
        with self._taking(path) as new:
            begin(new, old, os.path.basename(self._path), self._clock())
            there = load_chain(new)
            if there is None or there.number <= left.number:
                raise StoreError(
                    f"{self._path} is damaged: what it goes on in is not behind it", Kind.DAMAGED
                )
            if not recorders.carried_over(new, old, self._recorder):
                self._recorder = 0
            self._register(new)
        for session in self._sessions.values():
            session.leave_file(lost=False)
        self._next_deletion = 0.0
        self._page.rotations += 1
        self._say(wire.NEWS, logging.INFO, f"recording goes on in {path}")

    def _delete_surplus(self) -> None:
        if self._rotation is not None and (now := time.monotonic()) >= self._next_deletion:
            self._next_deletion = now + _DELETION_PAUSE
            delete_surplus(self._first, self._path, self._settings.retention, self._clock())
