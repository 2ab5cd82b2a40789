"""Decoded records to rows, and rows to the database: what one transaction of the indexer writes."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from xentara_inspect.frames import Frame
from xentara_inspect.index.checkpoint import Checkpoint, load_position
from xentara_inspect.index.habit_rows import write_habits
from xentara_inspect.index.keys import Keys
from xentara_inspect.index.learned_rows import Statement, learned_statements
from xentara_inspect.index.stretches import Stretches
from xentara_inspect.index.value_rows import ValueRow, value_rows
from xentara_inspect.store.bulk_insert import insert_rows
from xentara_inspect.store.columns import stored_integer
from xentara_inspect.store.database import transaction
from xentara_inspect.store.derived_tables import DERIVED_TABLES
from xentara_inspect.traffic.memory import State
from xentara_inspect.traffic.packets import Kind
from xentara_inspect.traffic.records import (
    BEGINNING,
    Decoded,
    Exchange,
    Finding,
    Observation,
    Origin,
    PacketRecord,
    Status,
)

Notation = Callable[[PacketRecord], str | None]
"""Writes the notation of a packet, or not."""

_KINDS: Final = {kind: kind.value for kind in Kind}  # plain str: sqlite3 binds nothing else as fast
_COLUMNS: Final = {
    table: tuple(DERIVED_TABLES[table].columns)
    for table in ("packets", "exchanges", "attribute_values", "findings")
}
VALUES: Final = 30_000
"""Rows of values in one transaction, at most."""

_LEFT_OVER: Final = (
    "SELECT packet_id, position FROM attribute_values"
    " WHERE packet_id > (SELECT coalesce(max(id), 0) FROM packets)"
)
_SETTLE_EXCHANGE: Final = (
    f"INSERT INTO exchanges ({', '.join(_COLUMNS['exchanges'])})"  # noqa: S608 - names of ours
    f" VALUES ({', '.join('?' * len(_COLUMNS['exchanges']))}) ON CONFLICT (id) DO UPDATE SET "
    + ", ".join(
        f"{name} = excluded.{name}"
        for name in (
            "element_id", "status", "error_code", "error_text", "responded", "latency", "response_id",
        )
    )
)  # fmt: skip
_ADD_TOTALS: Final = """
    INSERT INTO session_totals VALUES (?, ?, ?, ?, ?) ON CONFLICT (session_id) DO UPDATE SET
      requests = requests + excluded.requests, errors = errors + excluded.errors,
      events = events + excluded.events, findings = findings + excluded.findings"""
_END_SUBSCRIPTIONS: Final = "UPDATE subscriptions SET closed = ? WHERE session_id = ? AND closed IS NULL"
_REOPEN: Final = (
    # A request of a file before has a row here only once it has come to an end.
    "DELETE FROM exchanges WHERE session_id = ? AND status = 'unanswered'"
    " AND id IN (SELECT id FROM carried_requests)",
    "UPDATE exchanges SET status = 'pending' WHERE session_id = ? AND status = 'unanswered'",
    "UPDATE session_totals SET findings = findings - (SELECT count(*) FROM findings WHERE"
    " session_id = session_totals.session_id AND (address IS NULL OR code = 'unanswered-request'))"
    " WHERE session_id = ?",
    "DELETE FROM findings WHERE session_id = ? AND (address IS NULL OR code = 'unanswered-request')",
    "UPDATE subscriptions SET closed = NULL WHERE session_id = ? AND unsubscribed = 0 AND uuid IS NOT NULL",
)


class Rows:
    """What the next transaction writes. Filled frame by frame, written at once, then empty again."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Goes on where the database stands. Raises sqlite3.Error."""
        self._connection = connection
        self.position = load_position(connection)
        self.checkpoint = Checkpoint(self.position)
        self._keys = Keys(connection)
        self._stretches = Stretches(connection)
        self._may_have_left_overs = True
        self._begin()

    def _begin(self) -> None:
        self.checkpoint = Checkpoint(self.position)
        self._packets: list[Sequence[Any]] = []
        self._opened: dict[int, tuple[Exchange, int]] = {}
        self._settled: dict[int, tuple[Exchange, int]] = {}
        self._values: list[ValueRow] = []
        self._findings: list[Sequence[Any]] = []
        self._statements: list[Statement] = []
        self._remembered: dict[int, dict[tuple[str, str], State | None]] = {}
        self._totals: dict[int, list[int]] = {}
        self._ends = False  # whether there is a portion of an end, which leaves the checkpoint where it is

    @property
    def is_empty(self) -> bool:
        """Whether the database is up to date with what was decoded."""
        return not self.checkpoint.has_moved and not self._ends

    def add_frame(
        self, session_id: int, frame_id: int, frame: Frame, decoded: Decoded, notation: Notation
    ) -> None:
        """What one frame adds, or a portion of it. notation: what to store for each packet."""
        totals = self._totals_of(session_id)
        self._add_packets(frame_id, decoded, notation, totals)
        for observation in decoded.observations:
            value_rows(self._values, observation, self._keys)
        for exchange in decoded.opened:
            self._opened[exchange.address] = exchange, session_id
            totals[1] += exchange.status is Status.ERROR
        self._settle(session_id, decoded.closed, totals)
        self._add_findings(session_id, frame.time, decoded.findings, totals)
        for learned in decoded.learned:
            self._statements += learned_statements(session_id, frame.time, learned, self._keys)
        if decoded.remembered:
            self._remembered.setdefault(session_id, {}).update(decoded.remembered)
        if decoded.reached is None:
            self.position.frame_id = frame_id
        self.position.reached = decoded.reached or BEGINNING

    def add_end(self, session_id: int, end_id: int, time: int, decoded: Decoded) -> None:
        """What the end of a session adds, or a portion of it."""
        self._ends = True
        totals = self._totals_of(session_id)
        self._settle(session_id, decoded.closed, totals)
        self._add_findings(session_id, time, decoded.findings, totals)
        if decoded.reached is None:
            self.position.session_end_id = end_id
            self._statements.append((_END_SUBSCRIPTIONS, (time, session_id)))

    def add_names(self, file_id: int, time: int, findings: Sequence[Finding]) -> None:
        """A file of names was read in, and what there is to say of it."""
        self.position.name_file_id = file_id
        self._add_findings(None, time, findings, [0] * 4)

    def add_reopening(self, session_id: int, end_id: int) -> None:
        """A session goes on after an end that had been presumed. Only while `is_empty`."""
        self.position.session_end_id = end_id
        self._statements += [(statement, (session_id,)) for statement in _REOPEN]

    def write_ahead(self) -> bool:
        """Write some of the values where there are very many, in a transaction of their own.

        Nobody sees them before their packet is there as well; those whose packet never came, because
        their indexer was killed, are deleted first. Returns whether there may be more to do before
        `write`; raises as that does.
        """
        if self._may_have_left_overs:
            self._may_have_left_overs = self._delete_left_overs()
            return True
        if len(self._values) <= VALUES:
            return False
        with transaction(self._connection):
            self.checkpoint.check(self._connection)
            self._keys.write_attributes(self._connection)
            insert_rows(
                self._connection, "attribute_values", _COLUMNS["attribute_values"], self._values[:VALUES]
            )
        self._keys.new_attributes.clear()
        del self._values[:VALUES]
        return True

    def write(self) -> None:
        """Write everything and the checkpoint, in one transaction.

        Where it raises, what is here is of no use any more. Raises sqlite3.Error, CheckpointMovedError.
        """
        with transaction(self._connection):
            self.checkpoint.move(self._connection)
            self._write(self._connection)
        self._keys.written()
        self._stretches.written()
        self._begin()

    def _delete_left_overs(self) -> bool:
        """Delete some of them. Returns whether there were any."""
        if self._connection.execute(f"{_LEFT_OVER} LIMIT 1").fetchone() is None:
            return False
        some = f"{_LEFT_OVER} LIMIT {VALUES}"
        with transaction(self._connection):
            self._connection.execute(
                f"DELETE FROM attribute_values WHERE (packet_id, position) IN ({some})"  # noqa: S608
            )
        return True

    def _write(self, connection: sqlite3.Connection) -> None:
        opened = [self._exchange_row(*entry) for entry in self._opened.values()]
        settled = [self._exchange_row(*entry) for entry in self._settled.values()]
        self._keys.write(connection)
        self._stretches.write(connection)
        for table, rows in (
            ("packets", self._packets),
            ("exchanges", opened),
            ("attribute_values", self._values),
            ("findings", self._findings),
        ):
            if rows:
                insert_rows(connection, table, _COLUMNS[table], rows)
        connection.executemany(_SETTLE_EXCHANGE, settled)
        connection.executemany(
            _ADD_TOTALS, [(session, *counts) for session, counts in self._totals.items() if any(counts)]
        )
        for statement, parameters in self._statements:
            connection.execute(statement, parameters)
        write_habits(connection, self._remembered)

    def _totals_of(self, session_id: int) -> list[int]:
        """Requests, errors, events, findings of a session since the last transaction."""
        return self._totals.setdefault(session_id, [0, 0, 0, 0])

    def _add_packets(self, frame_id: int, decoded: Decoded, notation: Notation, totals: list[int]) -> None:
        append = self._packets.append
        key_of = self._keys.element
        read_times = _read_times(decoded.observations) if decoded.closed else {}
        elements: set[int] = set()
        for record in decoded.packets:
            place, kind, _, message_id, opcode, event_type, element, source_time = record
            key = None
            if element is not None:
                key = key_of(element)
                elements.add(key)
            if kind is Kind.EVENT:
                totals[2] += 1
            elif kind is Kind.REQUEST:
                totals[0] += 1
            else:
                source_time = read_times.get(place, source_time)
            append(
                (
                    place,
                    _KINDS[kind],
                    stored_integer(message_id),
                    stored_integer(opcode),
                    stored_integer(event_type),
                    key,
                    stored_integer(source_time),
                    notation(record),
                )
            )
        begins = self.position.reached is BEGINNING
        self._stretches.add(frame_id, len(decoded.packets), elements, begins=begins)

    def _settle(self, session_id: int, exchanges: Iterable[Exchange], totals: list[int]) -> None:
        for exchange in exchanges:
            totals[1] += exchange.status is Status.ERROR
            # Those opened since the last transaction are written as they stand then.
            if exchange.address not in self._opened:
                self._settled[exchange.address] = exchange, session_id

    def _add_findings(
        self, session_id: int | None, time: int, findings: Sequence[Finding], totals: list[int]
    ) -> None:
        totals[3] += len(findings)
        for code, severity, message, place, exchange in findings:
            self.position.findings += 1
            self._findings.append(
                (self.position.findings, session_id, place, exchange, code, severity.value, message, time)
            )

    def _exchange_row(self, exchange: Exchange, session_id: int) -> Sequence[Any]:
        return (
            exchange.address,
            session_id,
            stored_integer(exchange.message_id),
            stored_integer(exchange.opcode),
            self._keys.element(exchange.element) if exchange.element is not None else None,
            exchange.status.value,
            stored_integer(exchange.error_code),
            exchange.error_text,
            exchange.requested,
            exchange.responded,
            exchange.latency,
            exchange.response,
        )


def _read_times(observations: Iterable[Observation]) -> dict[int, int]:
    """Source times of read results, by address."""
    return {
        observation.address: observation.source_time
        for observation in observations
        if observation.origin is Origin.READ and observation.source_time is not None
    }
