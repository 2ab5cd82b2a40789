"""How far the journal is indexed: one row, moved in the transaction that writes what was derived."""

from __future__ import annotations

import sqlite3
from dataclasses import astuple, dataclass


@dataclass(slots=True)
class Position:
    """The checkpoint: the last frame, session end and file of names that are indexed.

    findings: ids given to them so far.
    """

    frame_id: int
    session_end_id: int
    name_file_id: int
    findings: int

    @property
    def place(self) -> tuple[int, int, int]:
        """What says how far the journal is indexed."""
        return self.frame_id, self.session_end_id, self.name_file_id


def load_position(connection: sqlite3.Connection) -> Position:
    """Where the indexer stopped."""
    row = connection.execute(
        "SELECT frame_id, session_end_id, name_file_id, findings FROM checkpoint"
    ).fetchone()
    return Position(*row)


def is_indexed(connection: sqlite3.Connection) -> bool:
    """Whether all frames, ends of sessions and files of names are indexed."""
    (behind,) = connection.execute(
        "SELECT EXISTS (SELECT 1 FROM frames WHERE id > frame_id)"
        " OR EXISTS (SELECT 1 FROM session_ends WHERE id > session_end_id)"
        " OR EXISTS (SELECT 1 FROM name_files WHERE id > name_file_id) FROM checkpoint"
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
        self._stored = position.place

    @property
    def has_moved(self) -> bool:
        """Whether something was indexed that is not written yet."""
        return self._stored != self.position.place

    def check(self, connection: sqlite3.Connection) -> None:
        """Make sure that the database stands where we think. Raises CheckpointMovedError."""
        if load_position(connection).place != self._stored:
            raise CheckpointMovedError

    def move(self, connection: sqlite3.Connection) -> None:
        """Write the new position. Raises CheckpointMovedError if the database stands elsewhere."""
        moved = connection.execute(
            "UPDATE checkpoint SET frame_id = ?, session_end_id = ?, name_file_id = ?, findings = ?"
            " WHERE frame_id = ? AND session_end_id = ? AND name_file_id = ?",
            (*astuple(self.position), *self._stored),
        )
        if not moved.rowcount:
            raise CheckpointMovedError
