"""Read-only questions to a database; each answer is rows with the keys that are contract.

Functions take a connection of `database.open_for_reading` and raise StoreError. Times are ISO 8601 in
UTC with nanoseconds; integers that JSON numbers cannot carry exactly, NaN and infinities are strings.
Text from the network is as it came: whoever prints it must escape it. Summaries and notation are
escaped already.
"""

from __future__ import annotations

import sqlite3

from xentara_inspect.store.database import database_path
from xentara_inspect.store.errors import from_sqlite
from xentara_inspect.store.query_lists import (
    ELEMENT_KEYS,
    EVENT_KEYS,
    FINDING_KEYS,
    READING_KEYS,
    SESSION_KEYS,
    SUBSCRIPTION_KEYS,
    elements,
    events,
    findings,
    readings,
    sessions,
    subscriptions,
)
from xentara_inspect.store.query_log import LOG_KEYS, log
from xentara_inspect.store.query_show import SHOW_KEYS, show
from xentara_inspect.store.query_stats import STATS_KEYS, stats
from xentara_inspect.store.resume import load_names

__all__ = [
    "ELEMENT_KEYS",
    "EVENT_KEYS",
    "FINDING_KEYS",
    "LOG_KEYS",
    "READING_KEYS",
    "SESSION_KEYS",
    "SHOW_KEYS",
    "STATS_KEYS",
    "SUBSCRIPTION_KEYS",
    "elements",
    "events",
    "findings",
    "load_names",
    "log",
    "readings",
    "sessions",
    "show",
    "stats",
    "subscriptions",
    "unindexed_frames",
]


def unindexed_frames(connection: sqlite3.Connection) -> int:
    """How many frames are not indexed yet. Raises StoreError."""
    try:
        (frames,) = connection.execute(
            "SELECT count(*) FROM frames WHERE id > (SELECT frame_id FROM checkpoint)"
        ).fetchone()
    except sqlite3.Error as error:
        raise from_sqlite(database_path(connection), error) from None
    return int(frames)
