"""What the checks of habits remember, as rows: a state by session, kind and subject, in JSON."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from typing import Final

from xentara_inspect.traffic.memory import Remembered

_REMEMBER: Final = "INSERT OR REPLACE INTO habits VALUES (?, ?, ?, ?)"
_FORGET: Final = "DELETE FROM habits WHERE session_id = ? AND kind = ? AND subject = ?"


def write_habits(connection: sqlite3.Connection, changes: Mapping[int, Remembered]) -> None:
    """Write what has changed, by session."""
    for session_id, states in changes.items():
        forgotten = [(session_id, *key) for key, state in states.items() if state is None]
        told = [(session_id, *key, json.dumps(state)) for key, state in states.items() if state is not None]
        connection.executemany(_FORGET, forgotten)
        connection.executemany(_REMEMBER, told)
