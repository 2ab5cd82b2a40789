"""One group of the journal to one transaction. Operations are those of `wire`."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, fields

from xentara_inspect.frames import LIVE, Closing, SessionInfo
from xentara_inspect.recorder import wire
from xentara_inspect.store.bulk_insert import FrameRow, insert_frames
from xentara_inspect.store.cutting import Cut
from xentara_inspect.store.sessions import (
    end_session,
    find_flow,
    insert_session,
    is_being_recorded,
    reopen_if_closed,
)


@dataclass(slots=True, eq=False)
class SessionProgress:
    """What the process knows of a session that is being recorded.

    id: once it is stored in this file. position: frames handled so far. begun: those of them before
    this file. skipped: those that were in the database already. ignored: whether somebody else's
    recording of it is to be left alone. lost: frames that were in a file that has vanished.
    """

    info: SessionInfo
    position: int = 0
    begun: int = 0
    id: int | None = None
    skipped: int = 0
    ignored: bool = False
    lost: int = 0

    @property
    def is_live(self) -> bool:
        """Whether it is recorded while it happens."""
        return self.info.source == LIVE

    def leave_file(self, *, lost: bool) -> None:
        """Go on in another file. lost: whether this one is gone."""
        if self.id is not None and lost:
            self.lost += self.position - self.begun
        self.begun, self.id = self.position, None  # found again by its flow id where it was carried over


class Group:
    """Applies operations to the database, in order, inside a transaction. Raises sqlite3.Error.

    Where that is rolled back, `undo` makes the sessions what they were before.
    """

    def __init__(
        self, connection: sqlite3.Connection, recorder: int, sessions: Mapping[int, SessionProgress]
    ) -> None:
        self._connection = connection
        self._recorder = recorder
        self._sessions = sessions
        self._rows: list[FrameRow] = []
        self._cuts: list[tuple[int, Cut]] = []
        self._added: dict[int, int] = {}
        self._to_skip: dict[SessionProgress, int] = {}
        self._before: dict[SessionProgress, SessionProgress] = {}

    def apply(self, operations: Sequence[wire.Operation], known: int) -> None:
        """known: so many of them are in the database already, and count for the position all the same."""
        for kind, number, *_ in operations[:known]:
            self._remember(self._sessions[number]).position += kind == wire.FRAME
        for kind, number, *rest in operations[known:]:
            session = self._sessions[number]
            if session not in self._to_skip:
                self._to_skip[session] = self._meet(self._remember(session))
            if session.ignored:
                session.skipped += kind == wire.FRAME
            elif kind == wire.FRAME:
                self._record(session, *rest)
            elif kind == wire.ENDED:
                self._end(session, Closing(*rest))
            elif kind == wire.MISSED:
                self._miss(session, *rest)
        self._flush()
        for session_id in list(self._added):
            self._count(session_id)

    def undo(self) -> None:
        """Forget it."""
        for session, before in self._before.items():
            for field in fields(SessionProgress):
                setattr(session, field.name, getattr(before, field.name))

    def _remember(self, session: SessionProgress) -> SessionProgress:
        if session not in self._before:
            self._before[session] = copy(session)
        return session

    def _meet(self, session: SessionProgress) -> int:
        """Find or make a session. Returns how many of its next frames are there already."""
        if session.is_live and session.id is not None:
            return 0
        stored = find_flow(self._connection, session.info.flow_id)
        if stored is None:
            if session.id is None:
                session.id = insert_session(
                    self._connection, session.info, self._recorder, dropped=session.lost
                )
                session.lost = 0
            return 0
        if session.is_live:  # carried over, or begun by an add-on in whose place we were loaded
            session.id = stored.id
            self._connection.execute(
                "UPDATE sessions SET recorder_id = ? WHERE id = ?", (self._recorder, stored.id)
            )
            return 0
        if session.id is None:
            session.id = stored.id
            # With frames missing in between, nobody can say which of these are there already.
            session.ignored = stored.is_in_pieces or is_being_recorded(
                self._connection, stored, self._recorder
            )
        return max(0, stored.frames - session.position)

    def _record(
        self,
        session: SessionProgress,
        time: int,
        from_client: bool,
        is_text: bool,
        payload: bytes,
        looked: wire.Looked | None,
        cut: tuple[int, str, str] | None,
    ) -> None:
        session.position += 1
        if self._to_skip[session]:
            self._to_skip[session] -= 1
            session.skipped += 1
            return
        assert session.id is not None  # noqa: S101 - _meet gave it one
        if session.id not in self._added:
            self._flush()
            reopen_if_closed(self._connection, session.id, time)
            self._added[session.id] = 0
        self._added[session.id] += 1
        if cut is not None:
            self._cuts.append((len(self._rows), Cut(*cut)))
        self._rows.append((session.id, time, from_client, is_text, payload, looked is not None and looked[0]))

    def _end(self, session: SessionProgress, closing: Closing) -> None:
        self._flush()
        assert session.id is not None  # noqa: S101 - _meet gave it one
        (closed,) = self._connection.execute(
            "SELECT closed IS NOT NULL FROM sessions WHERE id = ?", (session.id,)
        ).fetchone()
        if not closed or session.is_live:
            end_session(self._connection, session.id, closing)
        self._count(session.id)

    def _miss(self, session: SessionProgress, frames: int) -> None:
        add = "SET dropped = dropped + ? WHERE id = ?"
        self._connection.execute(f"UPDATE sessions {add}", (frames, session.id))
        self._connection.execute(f"UPDATE recorders {add}", (frames, self._recorder))

    def _flush(self) -> None:
        if self._rows:
            insert_frames(self._connection, self._rows, self._cuts)
            self._rows.clear()
            self._cuts.clear()

    def _count(self, session_id: int) -> None:
        """Count what was added; a frame that still follows must look anew whether the session ended."""
        added = self._added.pop(session_id, 0)
        if added:
            self._connection.execute(
                "UPDATE sessions SET frame_count = frame_count + ? WHERE id = ?", (added, session_id)
            )
