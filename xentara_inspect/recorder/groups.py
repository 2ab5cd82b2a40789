"""One group of the journal to one transaction. Operations are those of `wire`."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from xentara_inspect.frames import Closing, SessionInfo
from xentara_inspect.recorder import wire
from xentara_inspect.recorder.feed import Operation
from xentara_inspect.recorder.shared import Told
from xentara_inspect.store.bulk_insert import FrameRow, insert_frames
from xentara_inspect.store.cutting import Cut
from xentara_inspect.store.sessions import (
    end_session,
    find_flow,
    insert_session,
    reopen_if_closed,
)
from xentara_inspect.traffic.echoes import SessionSecrets


@dataclass(slots=True, eq=False)
class SessionProgress:
    """What the process knows of a session that is being recorded.

    secrets: that it has sent. missed: frames that found no room. id: once it is stored in this file.
    stored: frames of it in there, by this process. lost: those that were in a file that has vanished.
    """

    info: SessionInfo
    secrets: SessionSecrets = field(default_factory=SessionSecrets)
    missed: int = 0
    id: int | None = None
    stored: int = 0
    lost: int = 0

    @property
    def told(self) -> Told:
        """What a process that goes on for this one has to know."""
        return self.info, self.secrets.values, self.missed

    def leave_file(self, *, lost: bool) -> None:
        """Go on in another file. lost: whether this one is gone."""
        self.lost += self.stored if lost else 0
        self.id, self.stored = None, 0  # found again by its flow id where it was carried over


class Group:
    """Applies operations to the database, in order, inside a transaction. Raises sqlite3.Error.

    sessions: what becomes of those that it speaks of, once that is committed.
    """

    def __init__(
        self, connection: sqlite3.Connection, recorder: int, sessions: Mapping[int, SessionProgress]
    ) -> None:
        self.sessions: dict[int, SessionProgress] = {}
        self._connection = connection
        self._recorder = recorder
        self._before = sessions
        self._open: set[int] = set()  # sessions that are known not to be taken for ended, by id
        self._rows: list[FrameRow] = []
        self._cuts: list[tuple[int, Cut]] = []

    def apply(self, operations: Sequence[Operation], known: int) -> None:
        """known: so many of them are in the database already."""
        for index, (kind, number, *rest) in enumerate(operations):
            session = self._session(number)
            if kind == wire.MISSED:
                session.missed += rest[0]
            if index < known:
                continue
            if session.id is None:
                self._meet(session)
            if kind == wire.FRAME:
                self._record(session, rest)
            elif kind == wire.ENDED:
                self._end(session, Closing(*rest))
            elif kind == wire.MISSED:
                self._miss(session, *rest)
        self._flush()

    def _session(self, number: int) -> SessionProgress:
        session = self.sessions.get(number)
        if session is None:
            session = self.sessions[number] = replace(self._before[number])
        return session

    def _meet(self, session: SessionProgress) -> None:
        """Make a session, unless it was carried over, or begun by an add-on in whose place we were loaded."""
        stored = find_flow(self._connection, session.info.flow_id)
        if stored is None:
            session.id = insert_session(self._connection, session.info, self._recorder, dropped=session.lost)
            session.lost = 0
        else:
            session.id = stored.id
            self._connection.execute(
                "UPDATE sessions SET recorder_id = ? WHERE id = ?", (self._recorder, stored.id)
            )

    def _record(self, session: SessionProgress, frame: Sequence[Any]) -> None:
        time, from_client, is_text, payload, looked, cut = frame
        assert session.id is not None  # noqa: S101 - _meet gave it one
        if session.id not in self._open:
            self._flush()
            reopen_if_closed(self._connection, session.id, time)
            self._open.add(session.id)
        if cut is not None:
            self._cuts.append((len(self._rows), Cut(*cut)))
        session.stored += 1
        self._rows.append((session.id, time, from_client, is_text, payload, looked is not None and looked[0]))

    def _end(self, session: SessionProgress, closing: Closing) -> None:
        assert session.id is not None  # noqa: S101 - _meet gave it one
        self._flush()
        end_session(self._connection, session.id, closing)
        self._open.discard(session.id)

    def _miss(self, session: SessionProgress, frames: int) -> None:
        add = "SET dropped = dropped + ? WHERE id = ?"
        self._connection.execute(f"UPDATE sessions {add}", (frames, session.id))
        self._connection.execute(f"UPDATE recorders {add}", (frames, self._recorder))

    def _flush(self) -> None:
        """Insert the frames so far: what follows looks at which are there."""
        if self._rows:
            insert_frames(self._connection, self._rows, self._cuts)
            self._connection.executemany(
                "UPDATE sessions SET frame_count = frame_count + ? WHERE id = ?",
                [(count, session_id) for session_id, count in Counter(row[0] for row in self._rows).items()],
            )
            self._rows.clear()
            self._cuts.clear()
