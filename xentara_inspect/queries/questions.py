"""Read-only questions to a database, or to several as one; answers are rows with keys that are contract.

Functions take a connection of `database.open_for_reading` or a `Recording`, and raise StoreError.
Times are ISO 8601 in UTC with nanoseconds; integers that JSON numbers cannot carry exactly, NaN and
infinities are strings. Text from the network is as it came: whoever prints it must escape it.
Summaries and notation are escaped already.
"""

from __future__ import annotations

from xentara_inspect.index.resume import load_names
from xentara_inspect.queries.databases import Asked, recording_of, reported
from xentara_inspect.queries.elements import ELEMENT_KEYS, elements
from xentara_inspect.queries.findings import FINDING_KEYS, findings
from xentara_inspect.queries.log import LOG_KEYS, log
from xentara_inspect.queries.readings import EVENT_KEYS, READING_KEYS, events, readings
from xentara_inspect.queries.sessions import SESSION_KEYS, SUBSCRIPTION_KEYS, sessions, subscriptions
from xentara_inspect.queries.show import SHOW_KEYS, show
from xentara_inspect.queries.stats import STATS_KEYS, stats

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


def unindexed_frames(asked: Asked) -> int:
    """How many frames are not indexed yet. Raises StoreError."""
    total = 0
    for part in recording_of(asked).parts:
        with reported(part):
            (frames,) = part.connection.execute(
                "SELECT count(*) FROM frames WHERE id > (SELECT frame_id FROM checkpoint)"
            ).fetchone()
        total += int(frames)
    return total
