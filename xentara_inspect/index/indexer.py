"""Follows the journal and derives everything else from it.

State lives in the tables: what is in memory can be lost at any moment, and the next indexer goes on
at the checkpoint. Decoding happens outside of transactions, so that the database is locked only
while rows are inserted.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from typing import Final

from xentara_inspect.frames import Frame, address
from xentara_inspect.index.carrying import begin_again, lacks_what_was_carried
from xentara_inspect.index.checkpoint import CheckpointMovedError, is_indexed
from xentara_inspect.index.journal import cut_frames_behind, frames_behind
from xentara_inspect.index.marks import Mark, marks_behind
from xentara_inspect.index.poison import cut_frame, internal_error, survives
from xentara_inspect.index.resume import has_unfinished, load_names, load_session
from xentara_inspect.index.rows import Rows
from xentara_inspect.index.stored_notation import notation_for
from xentara_inspect.index.watchdog import Watchdog
from xentara_inspect.store.chain import following_file, load_chain
from xentara_inspect.store.database import Path, file_identity, open_for_writing, transaction
from xentara_inspect.store.given_names import StoredNames, given_names, names_in
from xentara_inspect.store.indexer_lock import IndexerLock
from xentara_inspect.store.log_files import log_identity
from xentara_inspect.store.recorders import Watch, stop_gone
from xentara_inspect.store.settings import EXCHANGES, notation_setting
from xentara_inspect.traffic import naming
from xentara_inspect.traffic.records import BEGINNING, Decoded
from xentara_inspect.traffic.rules import finding
from xentara_inspect.traffic.session import Session

SHORT_WORK: Final = 0.005
"""Seconds of decoding in one transaction while somebody records."""

LONG_WORK: Final = 0.25
"""The same while nobody does."""

PAUSE: Final = 0.005
"""Seconds between transactions while somebody records."""

_BYTE_LIMIT: Final = 4 << 20  # of payload in one transaction, whatever the clock says

Progress = Callable[[int, int], None]
"""Told now and then: the last frame indexed, and the last one there is."""

_Begun = tuple[int, int, Frame, Iterator[Decoded]]
"""A frame that is being decoded: its id and session, itself, and what is to come of it."""


class Indexer:
    """Indexes one database. Not thread-safe."""

    def __init__(self, path: Path, lock: IndexerLock | None = None) -> None:
        """lock: held by the caller; told which frame is being decoded. Raises StoreError, sqlite3.Error."""
        self._connection = open_for_writing(path)
        self._path = path
        self._lock = lock
        self._sessions: dict[int, Session] = {}
        self._cut: dict[int, tuple[int, str]] = {}
        self._begun: _Begun | None = None
        self._closing: Iterator[Decoded] | None = None
        self._must_resume = False
        self._watch = Watch()
        self._watchdog = Watchdog()
        if lacks_what_was_carried(self._connection):
            begin_again(self._connection)
        self._resume()
        self._identity = file_identity(path), log_identity(path)

    def close(self) -> None:
        """Leave the database."""
        self._connection.close()

    def __enter__(self) -> Indexer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def frame_id(self) -> int:
        """The last frame that is indexed."""
        return self._rows.position.frame_id

    def run_once(self, progress: Progress | None = None) -> None:
        """Index everything there is. Raises sqlite3.Error."""
        self.end_gone_recorders()
        while self.step(self.pace()):
            if progress is not None:
                progress(self.frame_id, self.last_frame())

    def step(self, work: float) -> bool:
        """Index for about `work` seconds and write it. Returns whether there was anything.

        Raises sqlite3.Error; the next step goes on where the database stands.
        """
        try:
            self._collect(work)
            if self._rows.is_empty:
                return False
            while self._rows.write_ahead():
                self.pace()
            self._rows.write()
        except CheckpointMovedError:
            self._resume()
            return True
        except BaseException:
            self._resume()
            raise
        if self._must_resume:
            self._resume()
        return True

    def pace(self) -> float:
        """Seconds of work for the next step. Sleeps a little while somebody records."""
        if not self.is_recorded_into():
            return LONG_WORK
        time.sleep(PAUSE)
        return SHORT_WORK

    def is_recorded_into(self) -> bool:
        """Whether there are recorders that have not ended."""
        recorders = self._connection.execute("SELECT 1 FROM recorders WHERE stopped IS NULL")
        return recorders.fetchone() is not None

    def end_gone_recorders(self) -> None:
        """Close the sessions of recorders that are gone. Raises sqlite3.Error."""
        gone = self._watch.gone(self._connection)
        if gone:
            with transaction(self._connection):
                stop_gone(self._connection, gone)

    def has_been_left(self) -> bool:
        """Whether recording goes on in the next file of the chain, and everything here is indexed."""
        place = load_chain(self._connection)
        return (
            place is not None
            and following_file(os.fspath(self._path), place) is not None
            and self.is_up_to_date()
        )

    def is_up_to_date(self) -> bool:
        """Whether all frames and ends of sessions are indexed."""
        return is_indexed(self._connection)

    def is_at_its_place(self) -> bool:
        """Whether the file and its log are still those of their names, and not deleted or replaced."""
        return (file_identity(self._path), log_identity(self._path)) == self._identity

    def last_frame(self) -> int:
        """The newest frame of the journal."""
        (last,) = self._connection.execute("SELECT coalesce(max(id), 0) FROM frames").fetchone()
        return int(last)

    def data_version(self) -> int:
        """A number that changes when anybody else has committed something."""
        return int(self._connection.execute("PRAGMA data_version").fetchone()[0])

    def _resume(self) -> None:
        """Forget what is in memory; go on where the database stands."""
        self._sessions.clear()
        self._begun = self._closing = None
        self._names = load_names(self._connection)
        self._rows = Rows(self._connection)
        self._names.given_before = given_names(self._connection, self._rows.position.name_file_id)
        self._leaves_out_events = notation_setting(self._connection) == EXCHANGES
        self._must_resume = False

    def _collect(self, work: float) -> None:
        """Decode frames and ends in journal order, until time is up or the tables must be asked first."""
        deadline = time.perf_counter() + work
        weight = 0
        self._connection.execute("BEGIN")  # one view of frames and ends
        self._watchdog.start()
        try:
            self._rows.checkpoint.check(self._connection)
            if self._is_over(deadline):
                return
            behind = self._connection, self._rows.position
            self._cut = cut_frames_behind(*behind)
            marks = marks_behind(*behind)
            mark = next(marks, None)
            for frame_id, session_id, frame in frames_behind(*behind):
                while mark is not None and mark.after_frame < frame_id:
                    if not self._pass(mark):
                        return
                    mark = next(marks, None)
                session = self._session(session_id, frame_id)
                if session is None:
                    return
                self._begin(session, session_id, frame_id, frame)
                weight += len(frame.payload)
                if self._is_over(deadline) or weight > _BYTE_LIMIT:
                    return
            while mark is not None and self._pass(mark):
                mark = next(marks, None)
        finally:
            self._watchdog.stop()
            if self._lock is not None:
                self._lock.mark(0)
            self._connection.execute("COMMIT")

    def _begin(self, session: Session, session_id: int, frame_id: int, frame: Frame) -> None:
        """Get ready to decode a frame, or what is left of it."""
        portions: Iterator[Decoded]
        if frame_id in self._cut:
            portions = iter((cut_frame(frame_id, *self._cut[frame_id]),))
        elif self._kills(frame_id, frame):
            portions = iter((internal_error(frame_id),))
        else:
            portions = session.feed(frame, frame_id, self._rows.position.reached)
        self._begun = frame_id, session_id, frame, portions

    def _is_over(self, deadline: float) -> bool:
        """Decode the frame that was begun, if there is one, until its end. Returns whether time is up."""
        while self._begun is not None:
            frame_id, session_id, frame, portions = self._begun
            try:
                if self._lock is not None:
                    self._lock.mark(address(frame_id, self._rows.position.reached.position))
                decoded = self._watchdog.next_of(portions, len(frame.payload))
            except Exception as error:
                # A bug of ours must not stop everything behind it, now or after a restart. What it left
                # half done in memory is thrown away.
                decoded = internal_error(frame_id, error)
                self._must_resume = True
                sys.stderr.write(f"frame {frame_id} could not be decoded: {error!r}\n")
            notation = notation_for(frame, self._names, with_events=not self._leaves_out_events)
            self._rows.add_frame(session_id, frame_id, frame, decoded, notation)
            if decoded.reached is None:
                self._begun = None
            if time.perf_counter() > deadline or self._must_resume:
                return True
        return False

    def _kills(self, frame_id: int, frame: Frame) -> bool:
        """Whether decoding this frame would be the end of us, as it seems to have been of the last one."""
        lock = self._lock
        if lock is None or lock.suspect != address(frame_id, self._rows.position.reached.position):
            return False
        # Most were killed by somebody else, and the frame has nothing to do with it.
        killed = lock.deaths > 1 or not survives(frame)
        if killed:
            sys.stderr.write(f"frame {frame_id} is passed over: decoding it ends the process\n")
        return killed

    def _session(self, session_id: int, frame_id: int) -> Session | None:
        """The session of a frame; None where it has to wait until everything before is written."""
        session = self._sessions.get(session_id)
        if session is None:
            (first, continues) = self._connection.execute(
                "SELECT (SELECT min(id) FROM frames WHERE session_id = sessions.id), continues"
                " FROM sessions WHERE id = ?",
                (session_id,),
            ).fetchone()
            if first == frame_id and not continues and self._rows.position.reached is BEGINNING:
                session = Session(self._names)
            elif self._rows.is_empty:
                session = Session(self._names, load_session(self._connection, session_id))
            else:
                return None
            self._sessions[session_id] = session
        return session

    def _pass(self, mark: Mark) -> bool:
        """Apply what stands between frames; False where everything so far must be written."""
        if not mark.name_file:
            return self._end(mark)
        self._names.given = StoredNames(self._connection)
        otherwise = naming.read_in(self._names, names_in(self._connection, mark.name_file))
        # What was found in an earlier file of the recording is not said again.
        problems = [] if mark.carried else list(naming.disagreement(otherwise))
        self._rows.add_names(mark.name_file, mark.time, [finding(problem) for problem in problems])
        return True

    def _end(self, end: Mark) -> bool:
        """Apply the end (or its revocation) of a session; False where everything so far must be written."""
        if end.reopened:
            if not self._rows.is_empty:
                return False
            self._sessions.pop(end.session_id, None)
            self._rows.add_reopening(end.session_id, end.id)
            return True
        if self._closing is None:
            session = self._sessions.pop(end.session_id, None)
            if session is None and not self._rows.is_empty:
                return False
            if session is None and has_unfinished(self._connection, end.session_id):
                session = Session(self._names, load_session(self._connection, end.session_id))
            self._closing = session.close(end.time) if session is not None else iter((Decoded(),))
        decoded = next(self._closing)
        self._rows.add_end(end.session_id, end.id, end.time, decoded)
        if decoded.reached is None:
            self._closing = None
        return decoded.reached is None
