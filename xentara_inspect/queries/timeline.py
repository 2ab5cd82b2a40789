"""Packets in the order of time, by whichever of two ways reads less."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Final

from xentara_inspect.queries.databases import Database
from xentara_inspect.queries.found import FoundPackets
from xentara_inspect.queries.where import Where, among

_BY_TIME: Final = """
    FROM frames f INDEXED BY frames_time
    CROSS JOIN packets p NOT INDEXED ON p.id BETWEEN f.id << 24 AND (f.id << 24) | 16777215"""
"""By the index of times: what is newest comes at once, but everything in between is read.

Without NOT INDEXED SQLite may make an index of its own of all packets first.
"""

_BY_PACKET: Final = """
    FROM packets p
    CROSS JOIN frames f ON f.id = p.id >> 24"""
"""By the addresses of packets, of which only a few are asked for."""

_AMONG_FOUND: Final = """
    FROM {} found
    CROSS JOIN packets p ON p.id = found.id
    CROSS JOIN frames f ON f.id = p.id >> 24"""
"""By what was searched for: all that is found is sorted by time."""

_BY_ELEMENT: Final = """
    FROM element_stretches s
    CROSS JOIN packets p NOT INDEXED ON p.element_id = s.element_id
      AND p.id BETWEEN s.first_frame << 24
      AND (SELECT coalesce(min(n.first_frame), 1 << 38) FROM stretches n
           WHERE n.first_frame > s.first_frame) << 24
    CROSS JOIN frames f ON f.id = p.id >> 24"""
"""By the stretches of frames that an element occurs in: all that is found is sorted by time."""

_STRETCHES: Final = """
    SELECT s.first_frame, (SELECT coalesce(min(n.first_frame), 1 << 38) FROM stretches n
                           WHERE n.first_frame > s.first_frame), s.element_id
    FROM element_stretches s"""


def packets_in_time(
    file: Database,
    columns: str,
    where: Where,
    direction: str,
    *,
    elements: Sequence[int] | None = None,
    found: Sequence[FoundPackets] = (),
    limit: int = 0,
    joined: str = "",
) -> str:
    """SQL for packets `p` with their frames `f`, in the order of time. Raises StoreError.

    elements: keys of those that the packets are about; None for all packets. found: only packets that
    are among each of these. limit: how many rows will be taken, 0 for all. joined: another table, joined
    to each packet, in the order of its r.position.
    """
    source, about = _BY_TIME, "p"
    fewest = min(found, key=lambda packets: packets.size, default=None)
    if file.news is not None:
        source = _BY_PACKET
    elif fewest is not None and not _is_dense(fewest.size, _count(file, "sum(packets)"), limit):
        source = _AMONG_FOUND.format(fewest.table)
        found = [packets for packets in found if packets is not fewest]
    elif elements is not None and not _is_dense(
        _stretches_of(file, elements), _count(file, "count(*)"), limit
    ):
        source, about = _BY_ELEMENT, "s"
    conditions = [packets.have("p.id") for packets in found]
    if file.news is not None:
        conditions.append(file.news.of_packets("p.id"))
    if elements is not None:
        conditions.append(among(f"{about}.element_id", elements)[0])
    clause = where.sql
    for condition in conditions:
        clause += f"{' AND' if clause else ' WHERE'} {condition}"
    order = ["f.time", "f.id", "p.id", *(["r.position"] if joined else [])]
    terms = ", ".join(f"{column}{direction}" for column in order)
    return f"SELECT {columns} {source} {joined}{clause} ORDER BY {terms}"


def _is_dense(hits: int, whole: int, limit: int) -> bool:
    """Whether there are so many hits in the whole that going through time reads less than all of them.

    Were they spread evenly, through time `limit` rows would be found within so many.
    """
    return hits * hits > limit * whole if limit else hits * 3 > whole


def _count(file: Database, counted: str) -> int:
    """How many packets, or stretches of them, there are."""
    row = file.row(f"SELECT coalesce({counted}, 0) AS whole FROM stretches")  # noqa: S608 - words of ours
    return int(row["whole"]) if row is not None else 0


def _stretches_of(file: Database, elements: Sequence[int]) -> int:
    """How many stretches there are for each of the elements together."""
    condition, _ = among("element_id", elements)
    row = file.row(f"SELECT count(*) AS hits FROM element_stretches WHERE {condition}")  # noqa: S608
    return int(row["hits"]) if row is not None else 0


def stretches(
    file: Database, elements: Sequence[int], time: int | None = None
) -> Iterator[tuple[int, int, list[int]]]:
    """Stretches of frames that elements occur in, the last first. Raises StoreError.

    Yields the first frame, the one behind the last, and the elements. time: when they begin at the
    latest; None for all.
    """
    where = Where()
    where.add(among("s.element_id", elements)[0])
    if time is not None:
        where.add("(SELECT time FROM frames WHERE id >= s.first_frame ORDER BY id LIMIT 1) <= ?", time)
    rows = file.tuples(f"{_STRETCHES}{where.sql} ORDER BY s.first_frame DESC", where.parameters)
    for (first, end), group in groupby(rows, key=itemgetter(0, 1)):
        yield first, end, [row_id for *_, row_id in group]
