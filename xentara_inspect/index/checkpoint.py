"""How far the journal is indexed: one row, moved in the transaction that writes what was derived."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass

from xentara_inspect.traffic.records import BEGINNING, Reached


@dataclass(slots=True)
class Position:
    """The checkpoint: the last frame and session end that are indexed, and the ids given to findings.

    reached: how far the frame behind that is indexed.
    """

    frame_id: int
    session_end_id: int
    findings: int
    reached: Reached


def load_position(connection: sqlite3.Connection) -> Position:
    """Where the indexer stopped."""
    frame_id, session_end_id, findings, position, counted = connection.execute(
        "SELECT frame_id, session_end_id, findings, position, counted FROM checkpoint"
    ).fetchone()
    reached = Reached(position, json.loads(counted)) if position else BEGINNING
    return Position(frame_id, session_end_id, findings, reached)


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
        self._stored = self._place()

    @property
    def has_moved(self) -> bool:
        """Whether something was indexed that is not written yet."""
        return self._stored != self._place()

    def check(self, connection: sqlite3.Connection) -> None:
        """Make sure that the database stands where we think. Raises CheckpointMovedError."""
        stands = connection.execute("SELECT frame_id, session_end_id, position FROM checkpoint").fetchone()
        if stands != self._stored:
            raise CheckpointMovedError

    def move(self, connection: sqlite3.Connection) -> None:
        """Write the new position. Raises CheckpointMovedError if the database stands elsewhere."""
        counted = json.dumps(dict(self.position.reached.findings)) if self.position.reached.position else None
        moved = connection.execute(
            "UPDATE checkpoint SET frame_id = ?, session_end_id = ?, position = ?, findings = ?, counted = ?"
            " WHERE frame_id = ? AND session_end_id = ? AND position = ?",
            (*self._place(), self.position.findings, counted, *self._stored),
        )
        if not moved.rowcount:
            raise CheckpointMovedError

    def _place(self) -> tuple[int, int, int]:
        position = self.position
        return position.frame_id, position.session_end_id, position.reached.position


def reset(connection: sqlite3.Connection) -> None:
    """Begin again at the first frame. In a transaction."""
    connection.execute(
        "UPDATE checkpoint SET frame_id = 0, session_end_id = 0, position = 0, findings = 0, counted = NULL"
    )
