"""Packets in the order of time, by whichever of two ways reads less."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from xentara_inspect.queries.databases import Database
from xentara_inspect.queries.where import Where

_BY_TIME: Final = """
    FROM frames f INDEXED BY frames_time
    CROSS JOIN packets p NOT INDEXED ON p.id BETWEEN f.id << 24 AND (f.id << 24) | 16777215"""
"""By the index of times: what is newest comes at once, but everything in between is read.

Without NOT INDEXED SQLite may make an index of its own of all packets first.
"""

_BY_ELEMENT: Final = """
    FROM element_stretches s
    CROSS JOIN packets p NOT INDEXED ON p.element_id = s.element_id
      AND p.id BETWEEN s.first_frame << 24
      AND (SELECT coalesce(min(n.first_frame), 1 << 38) FROM stretches n
           WHERE n.first_frame > s.first_frame) << 24
    CROSS JOIN frames f ON f.id = p.id >> 24"""
"""By the stretches of frames that an element occurs in: all that is found is sorted by time."""


def packets_in_time(
    file: Database,
    columns: str,
    where: Where,
    direction: str,
    *,
    elements: Sequence[int] | None = None,
    limit: int = 0,
    joined: str = "",
) -> str:
    """SQL for packets `p` with their frames `f`, in the order of time. Raises StoreError.

    elements: keys of those that the packets are about; None for all packets. limit: how many rows will
    be taken, 0 for all. joined: another table, joined to each packet, in the order of its r.position.
    """
    source, clause = _BY_TIME, where.sql
    if elements is not None:
        by_element = not _is_dense(file, elements, limit)
        source = _BY_ELEMENT if by_element else _BY_TIME
        clause += " AND " if clause else " WHERE "
        clause += f"{'s' if by_element else 'p'}.element_id IN ({', '.join(map(str, elements))})"
    order = ["f.time", "f.id", "p.id", *(["r.position"] if joined else [])]
    terms = ", ".join(f"{column}{direction}" for column in order)
    return f"SELECT {columns} {source} {joined}{clause} ORDER BY {terms}"


def _is_dense(file: Database, elements: Sequence[int], limit: int) -> bool:
    """Whether elements occur so often that going through time reads less than their stretches.

    Were they spread evenly, through time `limit` rows would be found within so many stretches.
    """
    marks = ", ".join("?" * len(elements))
    row = file.row(
        "SELECT (SELECT count(*) FROM stretches) AS whole,"  # noqa: S608
        f" (SELECT count(*) FROM element_stretches WHERE element_id IN ({marks})) AS hits",
        *elements,
    )
    if row is None:
        return False
    hits, whole = row["hits"], row["whole"]
    return bool(hits * hits > limit * whole) if limit else bool(hits * 3 > whole)
