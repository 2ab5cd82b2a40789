"""Sessions from files into the journal: each in one transaction, none of them twice."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from xentara_inspect.frames import Closing, Frame, SessionInfo
from xentara_inspect.store.bulk_insert import insert_frames
from xentara_inspect.store.chain import is_sealed, newest_file
from xentara_inspect.store.cutting import MOST, Cut, cut, too_large
from xentara_inspect.store.database import Path, open_for_writing, transaction
from xentara_inspect.store.errors import StoreError, from_sqlite
from xentara_inspect.store.sessions import (
    STORED_SESSION,
    StoredSession,
    end_session,
    find_flow,
    insert_session,
    is_being_recorded,
    reopen_if_closed,
)
from xentara_inspect.traffic.echoes import SessionSecrets


class ImportResult(NamedTuple):
    """What became of a session. added, skipped: frames; the skipped ones were there already."""

    session_id: int
    added: int
    skipped: int


class Importer:
    """Adds sessions that are over, or as far as they are known, to the database at `path`."""

    def __init__(self, path: Path, *, keep_secrets: bool = False, largest: int | None = None) -> None:
        """Makes the database if there is none. Raises StoreError, also for a file that is sealed.

        In the file that goes on with a sealed one nobody would look for what is in that already: whoever
        means that file says so. largest: bytes of a frame that is kept whole; None for as many as can be.
        """
        self._path = str(path)
        self._keep_secrets = keep_secrets
        self._largest = MOST if largest is None else largest
        self._connection = open_for_writing(path)
        try:
            self._refuse_sealed()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Leave the database."""
        self._connection.close()

    def __enter__(self) -> Importer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def add(
        self,
        info: SessionInfo,
        frames: Iterable[Frame],
        closing: Closing | None = None,
        secrets: tuple[bytes, ...] = (),
    ) -> ImportResult:
        """Add a session, or those of its frames that are missing at the end. All or nothing.

        closing: None where the source does not know that the connection ended. secrets: that came with
        the request for it. Raises StoreError.
        """
        given = list(frames)
        cuts = {}
        for index, frame in enumerate(given):
            if (why := too_large(len(frame.payload), self._largest)) is not None:
                given[index], cuts[index] = cut(frame, why)
        known = SessionSecrets(secrets)
        clean = [known.without(frame, is_cut=index in cuts) for index, frame in enumerate(given)]
        redacted = [False] * len(given)
        if not self._keep_secrets:
            redacted = [new is not old for new, old in zip(clean, given, strict=True)]
            given = clean
            closing = closing and closing._replace(reason=known.without_in(closing.reason))
        try:
            with transaction(self._connection):
                self._refuse_sealed()  # it may have been left since
                return self._add(info, given, clean, redacted, cuts, closing)
        except sqlite3.Error as error:
            raise from_sqlite(self._path, error) from None

    def _add(
        self,
        info: SessionInfo,
        given: Sequence[Frame],
        clean: Sequence[Frame],
        redacted: Sequence[bool],
        cuts: Mapping[int, Cut],
        closing: Closing | None,
    ) -> ImportResult:
        connection = self._connection
        fingerprint = _fingerprint(info, clean) if info.flow_id is None else None
        session = self._find(info, fingerprint, clean)
        if session is None:
            session_id, known = insert_session(connection, info, fingerprint=fingerprint), 0
        elif session.is_in_pieces or is_being_recorded(connection, session):
            # With frames missing in between nobody can say which of these are there already; and
            # what is being recorded will be there anyway.
            return ImportResult(session.id, 0, len(given))
        else:
            session_id, known = session.id, min(session.frames, len(given))
        added = len(given) - known
        if added:
            reopen_if_closed(connection, session_id, given[known].time)
            insert_frames(
                connection,
                [
                    (session_id, *frame, blanked)
                    for frame, blanked in zip(given[known:], redacted[known:], strict=True)
                ],
                [(index - known, rest) for index, rest in cuts.items() if index >= known],
            )
            connection.execute(
                "UPDATE sessions SET frame_count = frame_count + ? WHERE id = ?", (added, session_id)
            )
        if closing is not None and (session is None or added or not session.closed):
            end_session(connection, session_id, closing)
        return ImportResult(session_id, added, known)

    def _refuse_sealed(self) -> None:
        if is_sealed(self._connection):
            raise StoreError(
                f"{self._path} is an older file of a recording, which nothing is added to:"
                f" it goes on in {newest_file(self._path)}"
            )

    def _find(
        self, info: SessionInfo, fingerprint: str | None, clean: Sequence[Frame]
    ) -> StoredSession | None:
        if info.flow_id is not None:
            return find_flow(self._connection, info.flow_id)
        for row in self._connection.execute(
            f"{STORED_SESSION} WHERE fingerprint = ? ORDER BY id", (fingerprint,)
        ).fetchall():
            session = StoredSession._make(row)
            if self._has_same_frames(session.id, clean):
                return session
        return None

    def _has_same_frames(self, session_id: int, clean: Sequence[Frame]) -> bool:
        """Whether a stored session and these frames are the same as far as both go."""
        stored = self._connection.execute(
            "SELECT time, from_client, is_text, payload FROM frames WHERE session_id = ? ORDER BY id",
            (session_id,),
        )
        known = SessionSecrets()
        return all(
            known.without(Frame(time, bool(from_client), bool(is_text), payload)) == frame
            for (time, from_client, is_text, payload), frame in zip(stored, clean, strict=False)
        )


def _fingerprint(info: SessionInfo, clean: Sequence[Frame]) -> str:
    """A hash of how a session began, which stays the same when more of it becomes known."""
    first = clean[0] if clean else None
    identity = (info.client, info.server, info.path, info.subprotocol, info.user, info.opened, first)
    return hashlib.sha256(repr(identity).encode(errors="backslashreplace")).hexdigest()
