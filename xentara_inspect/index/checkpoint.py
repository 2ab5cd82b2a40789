"""How far the journal is indexed: one row, moved in the transaction that writes what was derived."""

from __future__ import annotations

import sqlite3
from dataclasses import astuple, dataclass


@dataclass(slots=True)
class Position:
    """The checkpoint: the last frame and session end that are indexed, and the ids given to findings."""

    frame_id: int
    session_end_id: int
    findings: int


def load_position(connection: sqlite3.Connection) -> Position:
    """Where the indexer stopped."""
    row = connection.execute("SELECT frame_id, session_end_id, findings FROM checkpoint").fetchone()
    return Position(*row)


def is_indexed(connection: sqlite3.Connection) -> bool:
    """Whether all frames and ends of sessions are indexed."""
    (behind,) = connection.execute(
        "SELECT EXISTS (SELECT 1 FROM frames WHERE id > frame_id)"
        " OR EXISTS (SELECT 1 FROM session_ends WHERE id > session_end_id) FROM checkpoint"
    ).fetchone()
    return not behind


class CheckpointMovedError(Exception):
    """Somebody else indexed or reset the database meanwhile: what was decoded here is of no use."""


class Checkpoint:
    """The checkpoint from one transaction to the next.

    position: what the next transaction will say; counts up while rows are made.
    """

    def __init__(self, position: Position) -> None:
        self.position = position
        self._stored = (position.frame_id, position.session_end_id)

    @property
    def has_moved(self) -> bool:
        """Whether something was indexed that is not written yet."""
        return self._stored != (self.position.frame_id, self.position.session_end_id)

    def check(self, connection: sqlite3.Connection) -> None:
        """Make sure that the database stands where we think. Raises CheckpointMovedError."""
        if connection.execute("SELECT frame_id, session_end_id FROM checkpoint").fetchone() != self._stored:
            raise CheckpointMovedError

    def move(self, connection: sqlite3.Connection) -> None:
        """Write the new position. Raises CheckpointMovedError if the database stands elsewhere."""
        moved = connection.execute(
            "UPDATE checkpoint SET frame_id = ?, session_end_id = ?, findings = ?"
            " WHERE frame_id = ? AND session_end_id = ?",
            (*astuple(self.position), *self._stored),
        )
        if not moved.rowcount:
            raise CheckpointMovedError
