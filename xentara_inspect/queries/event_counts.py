"""How many events and readings there were, counted where they are: in SQL."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from xentara_inspect.queries.databases import Database
from xentara_inspect.queries.where import Where

_EVENTS: Final = "SELECT {0}, count(*) FROM packets p NOT INDEXED"
_READINGS: Final = """
    SELECT {0}, sum(r.readings)
    FROM (SELECT packet_id, count(*) + (quality_position IS NOT NULL) AS readings
          FROM attribute_values GROUP BY packet_id) r
    CROSS JOIN packets p ON p.id = r.packet_id"""
"""Quality has no row of its own where it qualifies others."""
_FRAMES: Final = " CROSS JOIN frames f ON f.id = p.id >> 24"


def counted_events(file: Database, shared: str, frames: Where) -> Iterator[tuple[Any, int]]:
    """(what they share, how many) of events. Raises StoreError.

    shared: SQL of packets `p` or their frames `f`. frames: conditions for these.
    """
    row = file.row("SELECT coalesce(sum(events), 0) AS events FROM session_totals")
    if row is not None and row["events"]:
        yield from _counted(file, _EVENTS, shared, frames.also("p.kind = 'event'"))


def counted_readings(file: Database, shared: str, frames: Where) -> Iterator[tuple[Any, int]]:
    """(what they share, how many) of readings, likewise. Raises StoreError."""
    yield from _counted(file, _READINGS, shared, frames)


def _counted(file: Database, sql: str, shared: str, where: Where) -> Iterator[tuple[Any, int]]:
    joined = _FRAMES if "f." in shared + where.sql else ""
    yield from file.tuples(f"{sql.format(shared)}{joined}{where.sql} GROUP BY 1", where.parameters)
