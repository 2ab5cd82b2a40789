"""`stats`: how often each command was asked, how long its answers took, and how much was said."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from xentara_inspect.queries.carried import superseded
from xentara_inspect.queries.databases import Askable, Database, as_databases
from xentara_inspect.queries.exchanges import EXCHANGE_TIME
from xentara_inspect.queries.parsed_frames import ParsedFrames
from xentara_inspect.queries.values import Row, command_name, milliseconds
from xentara_inspect.queries.where import Where

STATS_KEYS: Final = (
    "command", "count", "ok", "errors", "unanswered", "p50_ms", "p95_ms", "p99_ms", "max_ms",
    "request_bytes", "response_bytes",
)  # fmt: skip

_SIZE: Final = """
    (SELECT length(payload) - 1 FROM frames WHERE id = {0} >> 24
     AND substr(payload, 1, 1) = x'81')"""
"""Bytes of a packet that is alone in its message, behind the head of an array of one; NULL for others."""
_EXCHANGES: Final = f"""
    SELECT e.id, e.opcode, e.status, e.latency, e.response_id, {_SIZE.format("e.id")} AS asked,
           {_SIZE.format("e.response_id")} AS answered
    FROM exchanges e"""  # noqa: S608 - a text of ours


@dataclass(slots=True)
class _Counts:
    ok: int = 0
    error: int = 0
    unanswered: int = 0
    pending: int = 0
    latencies: array[int] = field(default_factory=lambda: array("q"))
    asked: int = 0
    answered: int = 0


def stats(
    asked: Askable,
    *,
    session: int | str | None = None,
    since: int | None = None,
    until: int | None = None,
) -> Iterator[Row]:
    """Rows with `STATS_KEYS`, one a command, in the order of opcodes. Raises StoreError.

    Percentiles are latencies that occurred (nearest rank), over all answers; None without any. Bytes are
    those of the packets. since, until:
    nanoseconds since 1970, end exclusive. Raises QuestionError for an unknown session.
    """
    counts: dict[tuple[bool, int | str], _Counts] = {}
    databases = as_databases(asked)
    later = superseded(databases)
    for file, session_id in databases.asked_for(session):
        where = Where()
        where.add("e.requested IS NOT NULL")
        where.none_of("e.id", later[file.index].exchanges)
        where.equal("e.session_id", session_id)
        where.between(EXCHANGE_TIME, since, until)
        sizes = _Sizes(file)
        for row in file.rows(f"{_EXCHANGES}{where.sql}", where.parameters):
            # What does not fit 64 bits is text, and comes behind as it does in SQLite.
            opcode = row["opcode"]
            counted = counts.setdefault((isinstance(opcode, str), opcode), _Counts())
            setattr(counted, row["status"], getattr(counted, row["status"]) + 1)
            if row["latency"] is not None:
                counted.latencies.append(row["latency"])
            counted.asked += sizes.of(row["id"], row["asked"])
            counted.answered += sizes.of(row["response_id"], row["answered"])
    for (_, opcode), counted in sorted(counts.items(), key=lambda item: item[0]):
        yield _row(opcode, counted)


class _Sizes:
    """Bytes of packets. Raises StoreError."""

    def __init__(self, file: Database) -> None:
        self._file = file
        self._frames = ParsedFrames(file)

    def of(self, place: int | None, alone: int | None) -> int:
        """The size of the packet at an address. alone: what is known of one alone in its message."""
        if place is None:
            return 0
        if alone is not None:
            return alone
        shown = self._frames.packet(place)
        if shown is not None:
            item = shown.packet.item
            return item.end - item.start if item is not None else len(shown.payload)
        row = self._file.row("SELECT length(packet) AS size FROM carried_requests WHERE id = ?", place)
        return int(row["size"]) if row is not None else 0


def _row(opcode: int | str, counted: _Counts) -> Row:
    ordered = sorted(counted.latencies)
    total = counted.ok + counted.error + counted.unanswered + counted.pending
    ranks = [milliseconds(_percentile(ordered, share)) for share in (50, 95, 99, 100)]
    name = command_name(opcode) or f"opcode {opcode}"
    values: tuple[Any, ...] = (name, total, counted.ok, counted.error, counted.unanswered, *ranks)
    return dict(zip(STATS_KEYS, (*values, counted.asked, counted.answered), strict=True))


def _percentile(ordered: Sequence[int], share: int) -> int | None:
    """The least value that `share` percent of the values do not exceed."""
    return ordered[max(0, math.ceil(len(ordered) * share / 100) - 1)] if ordered else None
