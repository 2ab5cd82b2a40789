"""Opening databases: for writing and for reading, with one clear line where that cannot be done."""

from __future__ import annotations

import contextlib
import itertools
import os
import sqlite3
import stat
import time
from collections.abc import Iterator
from typing import Final, TypeVar
from urllib.parse import quote

from xentara_inspect.store import sides
from xentara_inspect.store.errors import Kind, StoreError, from_os, from_sqlite, kind_of
from xentara_inspect.store.processes import recording_now
from xentara_inspect.store.schema import APPLICATION_ID, SCHEMA_VERSION

Path = str | os.PathLike[str]
FileIdentity = tuple[int, int]

AnyConnection = TypeVar("AnyConnection", bound=sqlite3.Connection)

_LOCK_TIMEOUT: Final = 5.0
_LOCK_POLL: Final = 0.005
_MODE: Final = 0o600
_PAGE_SIZE: Final = 16_384  # bytes
_STEPS_UNHEARD: Final = 100_000  # of SQLite's machine: some milliseconds


def open_for_writing(
    path: Path, *, timeout: float = _LOCK_TIMEOUT, durable: bool = False, new: bool = False
) -> sqlite3.Connection:
    """A connection in autocommit mode to our database at `path`, which is made or migrated if need be.

    timeout: seconds to wait for a lock, whenever one is needed. durable: commits survive a loss of
    power, not only a crash of the process. new: refuse any file that is there, and leave none where it
    cannot be made. The connection may be used by several threads in turn. Raises StoreError; a file that
    is not ours stays as it is.
    """
    name = os.fspath(path)
    sides.check_places(name)
    _create_private(name, new)
    try:
        return _opened(name, timeout, durable)
    except StoreError:
        if new:
            with contextlib.suppress(OSError):
                sides.remove(name)
        raise


def _opened(name: str, timeout: float, durable: bool) -> sqlite3.Connection:
    with _reported(name):
        if os.path.getsize(name):
            _check_application(name, timeout)
        connection = _connect(sqlite3.Connection, name, "mode=rw", timeout)
    with _reported(name, connection):
        _check_tables(name, connection)
        version = _version(connection)
        _check_not_newer(name, version)
        if version < SCHEMA_VERSION:
            from xentara_inspect.store.migrations import migrate

            # By a connection of its own: sqlite-utils leaves statements open until they are collected.
            with contextlib.closing(_connect(sqlite3.Connection, name, "mode=rw", timeout)) as maker:
                # Of a new file only. Messages of a few thousand bytes leave a quarter of small pages empty.
                maker.execute(f"PRAGMA page_size = {_PAGE_SIZE}")
                with transaction(maker):
                    migrate(maker)
        # Only now: until a database is whole it is not in WAL mode, so that one without -wal is whole.
        _write_ahead(connection, timeout)
        connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
    return connection


def _check_tables(name: str, connection: sqlite3.Connection) -> None:
    """Make sure that no view stands in the place of a table: one that never ends could not be stopped.

    Raises StoreError.
    """
    others = "SELECT name FROM sqlite_master WHERE type = 'view' AND name NOT GLOB '*_readable'"  # ours are
    for (view,) in connection.execute(others):
        from xentara_inspect.store.derived_tables import DERIVED_TABLES  # slow, and seldom needed
        from xentara_inspect.store.journal_tables import JOURNAL_TABLES

        if view in JOURNAL_TABLES or view in DERIVED_TABLES:
            raise StoreError(f"{name} is damaged: {view} is no table", Kind.DAMAGED)


def _write_ahead(connection: sqlite3.Connection, timeout: float) -> None:
    """Switch to WAL mode, for which SQLite does not wait by itself while another process does the same."""
    deadline = time.monotonic() + timeout
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL").fetchone()
            return
        except sqlite3.OperationalError as error:
            if kind_of(error) is not Kind.LOCKED or time.monotonic() >= deadline:
                raise
            time.sleep(_LOCK_POLL)


def new_beside(path: Path, addition: str) -> str:
    """Make a new database beside another one, named like it with an addition. Returns its path.

    Raises StoreError.
    """
    stem, suffix = os.path.splitext(path)
    for number in itertools.count(1):
        name = f"{stem}-{addition}{f'-{number}' if number > 1 else ''}{suffix}"
        if not os.path.lexists(name):
            break
    open_for_writing(name, timeout=0, new=True).close()
    return name


class Reading(sqlite3.Connection):
    """A connection that can only read."""

    _seen: tuple[str, bool, object] = "", False, None

    def sees(self, path: str, *, quiet: bool, state: object) -> None:
        """Remember what it was opened on, and how. state: of the file, from before that."""
        self._seen = path, quiet, state

    def is_outdated(self) -> bool:
        """Whether it sees no more what is in its file: that is another, or somebody began to write to it."""
        path, quiet, state = self._seen
        return sides.state_of(path, quiet=quiet) != state


def open_for_reading(path: Path, *, timeout: float = _LOCK_TIMEOUT) -> Reading:
    """A connection that can only read our database at `path`, and leaves no trace beside it.

    Raises StoreError.
    """
    name = os.fspath(path)
    with _reported(name):
        if not stat.S_ISREG(os.stat(name).st_mode):
            raise StoreError(
                f"{name} is {'a directory' if os.path.isdir(name) else 'not a file'}, not a database"
            )
        if not os.access(name, os.R_OK):
            raise StoreError(f"{name} cannot be opened: permission denied", Kind.DENIED)
        recording = _check_application(name, timeout)
        # A database in WAL mode cannot be opened with mode=ro without making -wal and -shm, which
        # fails in a directory that cannot be written and leaves them behind elsewhere. Where there
        # is no -wal nobody has it open, and the file alone is the database. (A copy of a database
        # that was being recorded into may say that it still is.)
        writable = os.access(os.path.dirname(os.path.abspath(name)), os.W_OK)
        place = os.path.abspath(name)
        states = {quiet: sides.state_of(place, quiet=quiet) for quiet in (True, False)}
        quiet = not sides.has_log(name) and not (recording and writable)
        connection = _connect(Reading, name, "mode=ro&immutable=1" if quiet else "mode=ro", timeout)
        connection.sees(place, quiet=quiet, state=states[quiet])
        # Python hears a signal between two of its own steps, and a question may take SQLite minutes. It
        # is ended by what the signal raises in here.
        connection.set_progress_handler(lambda: 0, _STEPS_UNHEARD)
    with _reported(name, connection):
        _check_tables(name, connection)
        version = _version(connection)
        _check_not_newer(name, version)
        if version < SCHEMA_VERSION:
            raise StoreError(
                f"{name} was made by an older version: run `xentara-inspect reindex` on it", Kind.VERSION
            )
    return connection


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All that is written inside is committed together, or none of it. Takes the write lock at once.

    connection: in autocommit mode, as `open_for_writing` makes it. Raises sqlite3.Error.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def file_identity(path: Path) -> FileIdentity | None:
    """What tells a file from any other that may take its name; None if there is none."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def readable_by_others(path: Path) -> int | None:
    """The mode of a file that others than its owner may read or write; None where that is not so."""
    try:
        mode = stat.S_IMODE(os.stat(path).st_mode)
    except OSError:
        return None
    return mode if mode & 0o066 else None


def _create_private(name: str, new: bool) -> None:
    """Make an empty file that only its owner may read, if there is none. -wal and -shm inherit that."""
    try:
        descriptor = os.open(name, os.O_CREAT | os.O_EXCL | os.O_RDWR, _MODE)
    except FileExistsError:
        if new:
            raise StoreError(f"{name} is there already") from None
        _check_file(name)
    except FileNotFoundError:
        raise StoreError(f"{name} cannot be made: its directory does not exist", Kind.MISSING) from None
    except OSError as error:
        raise from_os(name, error) from None
    else:
        os.fchmod(descriptor, _MODE)
        os.close(descriptor)


def _check_file(name: str) -> None:
    with _reported(name):
        mode = os.stat(name).st_mode
    if not stat.S_ISREG(mode):
        raise StoreError(f"{name} is {'a directory' if stat.S_ISDIR(mode) else 'not a file'}, not a database")
    if not os.access(name, os.R_OK | os.W_OK):
        raise StoreError(f"{name} cannot be written: permission denied", Kind.DENIED)


def _check_application(name: str, timeout: float) -> bool:
    """Make sure that a file is our database, without touching it. Returns whether it is recorded into.

    By SQLite itself: closing a descriptor of our own would end the locks that this process holds.
    """
    try:
        return _probe(name, "mode=ro&immutable=1", timeout)
    except sqlite3.DatabaseError:
        # In the middle of a checkpoint, which may be where somebody was killed, a file is whole only
        # together with its -wal.
        return _probe(name, "mode=ro" if sides.has_log(name) else "mode=ro&immutable=1", timeout)


def _probe(name: str, options: str, timeout: float) -> bool:
    with contextlib.closing(_connect(sqlite3.Connection, name, options, timeout)) as probe:
        (application,) = probe.execute("PRAGMA application_id").fetchone()
        if application != APPLICATION_ID:
            if not os.path.getsize(name):
                raise StoreError(f"{name} is empty, not a database of xentara-inspect", Kind.NOT_OURS)
            if not _is_blank(probe):
                raise StoreError(f"{name} is a database of another program", Kind.NOT_OURS)
            return False
        with contextlib.suppress(sqlite3.Error):  # what it says while being written to may be torn
            return recording_now(probe)
        return True


def _is_blank(connection: sqlite3.Connection) -> bool:
    """Whether a database holds nothing, so that it may become ours."""
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    return not tables and not _version(connection)


def _connect(kind: type[AnyConnection], name: str, options: str, timeout: float) -> AnyConnection:
    uri = f"file:{quote(os.fsencode(os.path.abspath(name)))}?{options}"
    return sqlite3.connect(
        uri, uri=True, timeout=timeout, isolation_level=None, check_same_thread=False, factory=kind
    )


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _check_not_newer(name: str, version: int) -> None:
    if version > SCHEMA_VERSION:
        raise StoreError(
            f"{name} was made by a newer version of xentara-inspect (schema {version})", Kind.VERSION
        )


@contextlib.contextmanager
def _reported(name: str, connection: sqlite3.Connection | None = None) -> Iterator[None]:
    """Turn errors of SQLite and the system into StoreError, and close the connection then."""
    try:
        yield
    except BaseException as error:
        if connection is not None:
            connection.close()
        if isinstance(error, sqlite3.Error):
            raise from_sqlite(name, error) from None
        if isinstance(error, UnicodeDecodeError):  # what SQLite complains of is itself no text
            raise StoreError(f"{name} is damaged (corrupt schema)", Kind.DAMAGED) from None
        if isinstance(error, OSError):
            raise from_os(name, error) from None
        raise
