"""`stats`: how often it was asked, how long answers took, and how much was said, by command and the like."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from xentara_inspect.queries.carried import superseded
from xentara_inspect.queries.databases import Askable, Database, as_databases
from xentara_inspect.queries.event_counts import counted_events, counted_readings
from xentara_inspect.queries.exchanges import EXCHANGE_TIME
from xentara_inspect.queries.groupings import GROUPINGS, Grouping, Label
from xentara_inspect.queries.latencies import EXACT, PRECISION, SLOTS, Latencies
from xentara_inspect.queries.packet_sizes import ALONE, MAY_BE_ALONE, PacketSizes
from xentara_inspect.queries.values import Row, milliseconds
from xentara_inspect.queries.where import Several, Where

STATS_KEYS: Final = (
    "command", "count", "ok", "errors", "unanswered", "p50_ms", "p95_ms", "p99_ms", "max_ms",
    "request_bytes", "response_bytes", "slowest", "latency_over_time", "percentiles",
)  # fmt: skip
"""Of a row by command; by anything else the first keys are its own, and others may follow."""

_JOINED: Final = f"""
    FROM exchanges e
    LEFT JOIN frames q ON q.id = {MAY_BE_ALONE.format("e.id")}
    LEFT JOIN frames a ON a.id = {MAY_BE_ALONE.format("e.response_id")}"""


@dataclass(slots=True)
class _Counts:
    """What is counted of a row. slowest: the name of the exchange that took longest."""

    statuses: dict[str, int] = field(
        default_factory=lambda: {"ok": 0, "error": 0, "unanswered": 0, "pending": 0}
    )
    latencies: Latencies = field(default_factory=Latencies)
    asked: int = 0
    answered: int = 0
    events: int = 0
    readings: int = 0
    slowest: str | None = None

    @property
    def packets(self) -> int:
        """How busy it is."""
        return sum(self.statuses.values()) + self.events


def stats(
    asked: Askable,
    *,
    by: str = "command",
    limit: int = 0,
    session: Several[int | str] = None,
    since: int | None = None,
    until: int | None = None,
) -> Iterator[Row]:
    """Rows with `STATS_KEYS`, one for each command, or what else of `GROUPINGS`. Raises StoreError.

    limit: how many rows, the busiest, by time or session the newest; 0 for all. Percentiles are latencies
    that occurred (nearest rank), over all answers, None without any; where there are more than `EXACT`
    they are rounded, and `percentiles` says so. latency_over_time: the mean (ms) in each of `SLOTS` equal
    parts of the time asked about, of its own time in a row by time. Bytes are those of the packets of
    exchanges. since, until: nanoseconds since 1970, end exclusive. Raises QuestionError for an unknown
    session.
    """
    databases = as_databases(asked)
    grouping = GROUPINGS[by]
    later = superseded(databases)
    wanted = []
    for file, session_id in databases.asked_for(session):
        exchanges, frames = Where(), Where()
        exchanges.add(grouping.condition)
        exchanges.none_of("e.id", later[file.index].exchanges)
        exchanges.equal("e.session_id", session_id)
        exchanges.between(EXCHANGE_TIME, since, until)
        frames.equal("f.session_id", session_id)
        frames.between("f.time", since, until)
        wanted.append((file, exchanges, frames))
    slot = _slot(grouping, [(file, exchanges) for file, exchanges, _ in wanted])
    counting = _Counting(grouping)
    for file, exchanges, frames in wanted:
        counting.exchanges(file, exchanges, slot)
        counting.events(file, frames)
    for label, counts in counting.chosen(limit):
        yield grouping.row(label, databases.names) | _row(counts, grouping)


class _Counting:
    """Counts the packets of one file after the other."""

    def __init__(self, grouping: Grouping) -> None:
        self._grouping = grouping
        self._rows: dict[Label, _Counts] = {}
        self._kept = 0

    def exchanges(self, file: Database, where: Where, slot: str) -> None:
        """Count the exchanges of a file. slot: in which part of the time, in SQL."""
        rows: dict[Any, _Counts] = {}
        kept, sizes = self._kept, PacketSizes(file)
        sql = (
            f"SELECT {self._grouping.exchange}, e.status, e.latency, {slot}, e.id, e.response_id,"
            f" {ALONE.format('q')}, {ALONE.format('a')} {_JOINED}{where.sql}"
        )
        for shared, status, latency, part, place, response, asked, answered in file.tuples(
            sql, where.parameters
        ):
            counts = rows.get(shared)
            if counts is None:
                counts = rows[shared] = self._row(file, shared)
            counts.statuses[status] += 1
            counts.asked += sizes[place] if asked is None else asked
            if latency is not None:
                counts.latencies.add(latency, part, place)
                kept += 1
                if kept > EXACT:
                    kept = self._round()
            if response is not None:
                counts.answered += sizes[response] if answered is None else answered
        self._kept = kept
        self._name_slowest(file, rows.values())

    def events(self, file: Database, frames: Where) -> None:
        """Count the events and readings of a file."""
        if self._grouping.event is not None:
            for shared, count in counted_events(file, self._grouping.event, frames):
                self._row(file, shared).events += count
            if self._grouping.has_readings:
                for shared, count in counted_readings(file, self._grouping.event, frames):
                    self._row(file, shared).readings += count

    def chosen(self, limit: int) -> list[tuple[Label, _Counts]]:
        """The rows to list, in their order."""
        rows = list(self._rows.items())
        if self._grouping.newest:
            rows.sort(key=_by_label)
            return rows[-limit:]
        rows.sort(key=lambda row: (-row[1].packets, row[0]))
        rows = rows[: limit or None]
        return sorted(rows, key=_by_label) if self._grouping.in_order else rows

    def _row(self, file: Database, shared: Any) -> _Counts:
        return self._rows.setdefault(self._grouping.label(file, shared), _Counts())

    def _round(self) -> int:
        """Keep latencies rounded. Returns how many are kept as they are then."""
        for counts in self._rows.values():
            counts.latencies.round()
        return 0

    @staticmethod
    def _name_slowest(file: Database, rows: Iterable[_Counts]) -> None:
        """Addresses have names as long as it is known which file they are in."""
        for counts in rows:
            if counts.latencies.slowest is not None:
                counts.slowest = file.place_name(counts.latencies.slowest)
                counts.latencies.slowest = None


def _by_label(row: tuple[Label, _Counts]) -> Label:
    return row[0]


def _slot(grouping: Grouping, asked: Sequence[tuple[Database, Where]]) -> str:
    """In which part of the time an exchange began, in SQL."""
    if grouping.width:
        return f"{EXCHANGE_TIME} % {grouping.width} / {grouping.width // SLOTS + 1}"
    ends = []
    for file, where in asked:
        for end in ("min", "max"):
            sql = f"SELECT {end}({EXCHANGE_TIME}) AS time FROM exchanges e{where.sql}"  # noqa: S608
            ends += [time for (time,) in file.tuples(sql, where.parameters) if time is not None]
    first, last = min(ends, default=0), max(ends, default=0)
    return f"({EXCHANGE_TIME} - {first}) / {(last - first) // SLOTS + 1}"


def _row(counts: _Counts, grouping: Grouping) -> Row:
    statuses, latencies = counts.statuses, counts.latencies
    ranks = [milliseconds(rank) for rank in (*latencies.percentiles(50, 95, 99), latencies.longest)]
    row: Row = {
        "count": sum(statuses.values()),
        "ok": statuses["ok"],
        "errors": statuses["error"],
        "unanswered": statuses["unanswered"],
        **dict(zip(("p50_ms", "p95_ms", "p99_ms", "max_ms"), ranks, strict=True)),
        "request_bytes": counts.asked,
        "response_bytes": counts.answered,
        "slowest": counts.slowest,
        "latency_over_time": [milliseconds(mean) for mean in latencies.over_time()],
        "percentiles": "exact" if latencies.are_exact else PRECISION,
    }
    if grouping.event is not None:
        row["events"] = counts.events
    if grouping.has_readings:
        row["readings"] = counts.readings
    return row
