"""One group of the journal to one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from copy import copy
from typing import Final, NamedTuple

from xentara_inspect.frames import LIVE, Closing, Frame, SessionInfo
from xentara_inspect.store import recorders
from xentara_inspect.store.bulk_insert import insert_rows
from xentara_inspect.store.chain import is_sealed
from xentara_inspect.store.database import transaction
from xentara_inspect.store.sessions import (
    end_session,
    find_flow,
    insert_session,
    is_being_recorded,
    reopen_if_closed,
)

FrameRow = tuple[int, int, bool, bool, bytes, bool]


class SessionHandle:
    """A session that is being recorded, as `Journal.open_session` returns it.

    What follows belongs to the writer. session_id: once it is stored. position: frames of it handled
    so far. skipped: those of them that were in the database already. ignored: whether somebody
    else's recording of it is to be left alone. file: which of the journal's files it is stored in;
    lost: frames of it that were in one that has vanished.
    """

    __slots__ = ("file", "ignored", "info", "lost", "position", "session_id", "skipped")

    def __init__(self, info: SessionInfo, position: int = 0) -> None:
        self.info = info
        self.session_id: int | None = None
        self.position = position
        self.skipped = 0
        self.ignored = False
        self.file = 0
        self.lost = 0


class Opened(NamedTuple):
    """A session began."""

    handle: SessionHandle


class Recorded(NamedTuple):
    """A frame passed. redacted: whether secrets were blanked in it."""

    handle: SessionHandle
    frame: Frame
    redacted: bool = False


class Ended(NamedTuple):
    """A session ended."""

    handle: SessionHandle
    closing: Closing


class Missed(NamedTuple):
    """Frames passed that could not be kept until now."""

    handle: SessionHandle
    frames: int


Operation = Opened | Recorded | Ended | Missed

_FRAME_COLUMNS: Final = ("session_id", "time", "from_client", "is_text", "payload", "redacted")


class SealedError(Exception):
    """The file was left for the next one, by this recorder or by another: frames belong there."""


class Place(NamedTuple):
    """Which of a recorder's files a group goes into.

    number: grows with each file. lost_before: files with lower numbers may have vanished with what
    was in them. follows: whether the recorder goes on in the next file where this one was left.
    """

    number: int = 0
    lost_before: int = 0
    follows: bool = False


_ONLY_PLACE: Final = Place()


def write_group(
    connection: sqlite3.Connection,
    recorder: int,
    operations: Sequence[Operation],
    now: int,
    *,
    place: Place = _ONLY_PLACE,
    last: int = 0,
    stored: int = 0,
    stopping: bool = False,
) -> None:
    """Commit operations, in order.

    last: the number of the last operation. stored: the number of the last one that is in the database
    already, from a process whose place this one took. All or nothing: where this raises, database and
    handles are as before and it can be tried again. Raises sqlite3.Error, SealedError.
    """
    known = max(0, min(len(operations), stored - (last - len(operations))))
    group = _Group(connection, recorder, place)
    try:
        with transaction(connection):
            if place.follows and is_sealed(connection):
                raise SealedError
            recorders.beat(connection, recorder, now, last)
            for operation in operations[:known]:
                group.pass_over(operation)
            for operation in operations[known:]:
                group.apply(operation)
            group.finish()
            if stopping:
                recorders.stop(connection, recorder, now)
    except BaseException:
        group.undo()
        raise


class _Group:
    def __init__(self, connection: sqlite3.Connection, recorder: int, place: Place) -> None:
        self._connection = connection
        self._recorder = recorder
        self._place = place
        self._rows: list[FrameRow] = []
        self._added: dict[int, int] = {}
        self._to_skip: dict[SessionHandle, int] = {}
        self._before: dict[SessionHandle, SessionHandle] = {}

    def pass_over(self, operation: Operation) -> None:
        """What is stored already counts for the position all the same."""
        self._remember(operation.handle)
        operation.handle.position += isinstance(operation, Recorded)

    def apply(self, operation: Operation) -> None:
        handle = operation.handle
        self._prepare(handle)
        if handle.ignored:
            handle.skipped += isinstance(operation, Recorded)
            return
        if isinstance(operation, Recorded):
            self._record(handle, operation)
        elif isinstance(operation, Ended):
            self._end(handle, operation.closing)
        elif isinstance(operation, Missed):
            self._miss(handle, operation.frames)

    def _remember(self, handle: SessionHandle) -> None:
        if handle not in self._before:
            self._before[handle] = copy(handle)

    def _prepare(self, handle: SessionHandle) -> None:
        if handle in self._to_skip:
            return
        self._remember(handle)
        if handle.file != self._place.number:
            if handle.session_id is not None:
                # Found again by its flow id where it was carried over.
                handle.session_id = None
                if handle.file < self._place.lost_before:
                    handle.lost = handle.position
            handle.file = self._place.number
        self._to_skip[handle] = self._meet(handle)

    def _meet(self, handle: SessionHandle) -> int:
        """Find or make the session of a handle. Returns how many of the next frames it has already."""
        live = handle.info.source == LIVE
        if live and handle.session_id is not None:
            return 0
        session = find_flow(self._connection, handle.info.flow_id)
        if session is None:
            if handle.session_id is None:
                handle.session_id = insert_session(
                    self._connection, handle.info, self._recorder, dropped=handle.lost
                )
            return 0
        if live:  # an add-on that was loaded anew goes on with its predecessor's sessions
            handle.session_id = session.id
            self._connection.execute(
                "UPDATE sessions SET recorder_id = ? WHERE id = ?", (self._recorder, session.id)
            )
            return 0
        if handle.session_id is None:
            handle.session_id = session.id
            # With frames missing in between, nobody can say which of these are there already.
            handle.ignored = session.is_in_pieces or is_being_recorded(
                self._connection, session, self._recorder
            )
        return max(0, session.frames - handle.position)

    def _record(self, handle: SessionHandle, recorded: Recorded) -> None:
        handle.position += 1
        if self._to_skip[handle]:
            self._to_skip[handle] -= 1
            handle.skipped += 1
            return
        session_id = handle.session_id
        assert session_id is not None  # noqa: S101 - _meet gave it one
        frame = recorded.frame
        if session_id not in self._added:
            self._flush()
            reopen_if_closed(self._connection, session_id, frame.time)
            self._added[session_id] = 0
        self._added[session_id] += 1
        self._rows.append(
            (session_id, frame.time, frame.from_client, frame.is_text, frame.payload, recorded.redacted)
        )

    def _end(self, handle: SessionHandle, closing: Closing) -> None:
        self._flush()
        session_id = handle.session_id
        assert session_id is not None  # noqa: S101 - _meet gave it one
        (closed,) = self._connection.execute(
            "SELECT closed IS NOT NULL FROM sessions WHERE id = ?", (session_id,)
        ).fetchone()
        if not closed or handle.info.source == LIVE:
            end_session(self._connection, session_id, closing)
        self._count(session_id)

    def _miss(self, handle: SessionHandle, count: int) -> None:
        self._connection.execute(
            "UPDATE sessions SET dropped = dropped + ? WHERE id = ?", (count, handle.session_id)
        )
        self._connection.execute(
            "UPDATE recorders SET dropped = dropped + ? WHERE id = ?", (count, self._recorder)
        )

    def finish(self) -> None:
        self._flush()
        for session_id in list(self._added):
            self._count(session_id)

    def undo(self) -> None:
        for handle, before in self._before.items():
            for name in SessionHandle.__slots__:
                setattr(handle, name, getattr(before, name))

    def _flush(self) -> None:
        if self._rows:
            size = sum(len(row[4]) for row in self._rows)
            insert_rows(self._connection, "frames", _FRAME_COLUMNS, self._rows, size)
            self._rows.clear()

    def _count(self, session_id: int) -> None:
        """Count what was added; a frame that still follows must look anew whether the session ended."""
        added = self._added.pop(session_id, 0)
        if added:
            self._connection.execute(
                "UPDATE sessions SET frame_count = frame_count + ? WHERE id = ?", (added, session_id)
            )
