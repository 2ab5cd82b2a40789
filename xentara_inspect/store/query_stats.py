"""`stats`: how often each command was asked, and how long its answers took."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from xentara_inspect.store.query_filters import Where
from xentara_inspect.store.query_values import Row, clear_errors, milliseconds

STATS_KEYS: Final = (
    "command", "count", "ok", "errors", "unanswered", "p50_ms", "p95_ms", "p99_ms", "max_ms",
)  # fmt: skip


@dataclass(slots=True)
class _Counts:
    ok: int = 0
    error: int = 0
    unanswered: int = 0
    pending: int = 0
    latencies: list[int] = field(default_factory=list)


@clear_errors
def stats(
    connection: sqlite3.Connection,
    *,
    session: int | None = None,
    since: int | None = None,
    until: int | None = None,
) -> Iterator[Row]:
    """Rows with `STATS_KEYS`, one a command, in the order of opcodes. Raises StoreError.

    Percentiles are latencies that occurred (nearest rank), over all answers; None without any.
    """
    where = Where()
    where.add("request_id IS NOT NULL")
    where.equal("session_id", session)
    where.between("time", since, until)
    counts: dict[str, _Counts] = {}
    for opcode, command, status, latency in connection.execute(
        f"SELECT opcode, command, status, latency FROM exchanges{where.sql} ORDER BY opcode, latency",  # noqa: S608
        where.parameters,
    ):
        counted = counts.setdefault(command or f"opcode {opcode}", _Counts())
        setattr(counted, status, getattr(counted, status) + 1)
        if latency is not None:
            counted.latencies.append(latency)
    for command, counted in counts.items():
        total = counted.ok + counted.error + counted.unanswered + counted.pending
        ranks = [milliseconds(_percentile(counted.latencies, share)) for share in (50, 95, 99, 100)]
        row = (command, total, counted.ok, counted.error, counted.unanswered, *ranks)
        yield dict(zip(STATS_KEYS, row, strict=True))


def _percentile(ordered: Sequence[int], share: int) -> int | None:
    """The least value that `share` percent of the values do not exceed."""
    return ordered[max(0, math.ceil(len(ordered) * share / 100) - 1)] if ordered else None
