"""`stats`: how often each command was asked, and how long its answers took."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from xentara_inspect.queries.carried import continued
from xentara_inspect.queries.databases import Asked, Part, recording_of
from xentara_inspect.queries.values import Row, clear_errors, milliseconds
from xentara_inspect.queries.where import Where

STATS_KEYS: Final = (
    "command", "count", "ok", "errors", "unanswered", "p50_ms", "p95_ms", "p99_ms", "max_ms",
)  # fmt: skip


@dataclass(slots=True)
class _Counts:
    ok: int = 0
    error: int = 0
    unanswered: int = 0
    pending: int = 0
    latencies: array[int] = field(default_factory=lambda: array("q"))


def stats(
    asked: Asked,
    *,
    session: int | str | None = None,
    since: int | None = None,
    until: int | None = None,
) -> Iterator[Row]:
    """Rows with `STATS_KEYS`, one a command, in the order of opcodes. Raises StoreError.

    Percentiles are latencies that occurred (nearest rank), over all answers; None without any.
    """
    counts: dict[tuple[bool, int | str, str | None], _Counts] = {}
    recording = recording_of(asked)
    later = continued(recording)
    for part, sessions in recording.asked_for(session):
        where = Where()
        where.add("(request_id IS NOT NULL OR carried_id IS NOT NULL)")
        where.none_of("id", later[part.index].exchanges)
        where.one_of("session_id", sessions)
        where.between("time", since, until)
        for opcode, command, status, latency in _exchanges(part, where):
            # What does not fit 64 bits is text, and comes behind as it does in SQLite.
            counted = counts.setdefault((isinstance(opcode, str), opcode, command), _Counts())
            setattr(counted, status, getattr(counted, status) + 1)
            if latency is not None:
                counted.latencies.append(latency)
    for (_, opcode, command), counted in sorted(counts.items(), key=lambda item: item[0][:2]):
        ordered = sorted(counted.latencies)
        total = counted.ok + counted.error + counted.unanswered + counted.pending
        ranks = [milliseconds(_percentile(ordered, share)) for share in (50, 95, 99, 100)]
        name = command or f"opcode {opcode}"
        row = (name, total, counted.ok, counted.error, counted.unanswered, *ranks)
        yield dict(zip(STATS_KEYS, row, strict=True))


@clear_errors
def _exchanges(part: Part, where: Where) -> Iterator[tuple[int | str, str | None, str, int | None]]:
    yield from part.connection.execute(
        f"SELECT opcode, command, status, latency FROM exchanges{where.sql}",  # noqa: S608
        where.parameters,
    )


def _percentile(ordered: Sequence[int], share: int) -> int | None:
    """The least value that `share` percent of the values do not exceed."""
    return ordered[max(0, math.ceil(len(ordered) * share / 100) - 1)] if ordered else None
