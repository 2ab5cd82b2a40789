"""Decoded records to rows, and rows to the database: what one transaction of the indexer writes.

Ids are given out here, counting up from the checkpoint, so that rebuilding gives the same ones.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any, Final

from xentara_inspect.index.checkpoint import Checkpoint, Position
from xentara_inspect.index.learned_rows import Statement, learned_statements
from xentara_inspect.store.bulk_insert import insert_rows
from xentara_inspect.store.columns import stored_attribute, stored_integer, stored_uuid
from xentara_inspect.store.database import transaction
from xentara_inspect.store.schema import DERIVED_TABLES
from xentara_inspect.traffic.packets import Kind
from xentara_inspect.traffic.records import Decoded, Exchange, Finding, Origin, PacketRecord, Reading

_KINDS: Final = {kind: kind.value for kind in Kind}  # plain str: sqlite3 binds nothing else as fast
_ORIGINS: Final = {origin: origin.value for origin in Origin}
_NUMBERED: Final = frozenset({Kind.REQUEST, Kind.SUCCESS, Kind.ERROR})

_UPDATE_EXCHANGE: Final = (
    "UPDATE exchanges SET element = ?, status = ?, error_code = ?, error_text = ?, responded = ?,"
    " latency = ?, response_id = ? WHERE id = ?"
)
_REFUSE_WRITE: Final = "UPDATE readings SET error_code = ? WHERE packet_id = ? AND origin = 'write'"
_END_SUBSCRIPTIONS: Final = "UPDATE subscriptions SET closed = ? WHERE session_id = ? AND closed IS NULL"
_REOPEN: Final = (
    # A request of a file before has a row here only once it has come to an end.
    "DELETE FROM exchanges WHERE session_id = ? AND status = 'unanswered' AND carried_id IS NOT NULL",
    "UPDATE exchanges SET status = 'pending' WHERE session_id = ? AND status = 'unanswered'",
    "DELETE FROM findings WHERE session_id = ? AND code = 'unanswered-request'",
    "UPDATE subscriptions SET closed = NULL WHERE session_id = ? AND unsubscribed = 0",
)


class Rows:
    """What the next transaction writes. Filled frame by frame, written at once."""

    def __init__(self, position: Position) -> None:
        """position: where the database stands; counts up here."""
        self.checkpoint = Checkpoint(position)
        self.position = position
        self._packets: list[Sequence[Any]] = []
        self._opened: list[tuple[Exchange, int]] = []
        self._updated: list[Exchange] = []
        self._events: list[Sequence[Any]] = []
        self._readings: list[Sequence[Any]] = []
        self._findings: list[Sequence[Any]] = []
        self._refused: list[Exchange] = []
        self._statements: list[Statement] = []

    @property
    def is_empty(self) -> bool:
        """Whether the database is up to date with what was decoded."""
        return not self.checkpoint.has_moved

    def add_frame(self, session_id: int, frame_id: int, time: int, decoded: Decoded) -> None:
        """What one frame adds."""
        self.position.frame_id = frame_id
        self._add_packets(frame_id, decoded.packets)
        if decoded.opened:
            self._add_opened(session_id, decoded.opened)
        self._add_closed(session_id, decoded.closed)
        for event in decoded.events:
            self.position.events += 1
            self._events.append(
                (
                    self.position.events,
                    session_id,
                    event.record.row_id,
                    time,
                    stored_integer(event.source_time),
                    stored_integer(event.event_type),
                    stored_uuid(event.element),
                )
            )
        self._add_readings(session_id, time, decoded.readings)
        self._add_findings(session_id, frame_id, time, decoded.findings)
        self._refused += decoded.refused_writes
        for learned in decoded.learned:
            self._statements += learned_statements(session_id, time, learned, self.position)

    def add_end(self, session_id: int, end_id: int, time: int, decoded: Decoded | None) -> None:
        """What the end of a session adds. decoded: None where the session had nothing to end."""
        self.position.session_end_id = end_id
        if decoded is not None:
            self._add_closed(session_id, decoded.closed)
            self._add_findings(session_id, None, time, decoded.findings)
        self._statements.append((_END_SUBSCRIPTIONS, (time, session_id)))

    def add_reopening(self, session_id: int, end_id: int) -> None:
        """A session goes on after an end that had been presumed. Only while `is_empty`."""
        self.position.session_end_id = end_id
        self._statements += [(statement, (session_id,)) for statement in _REOPEN]

    def write(self, connection: sqlite3.Connection) -> None:
        """Write everything and the checkpoint, in one transaction. Can be tried again if it raises.

        Raises sqlite3.Error, CheckpointMovedError.
        """
        exchanges = [_exchange_row(exchange, session_id) for exchange, session_id in self._opened]
        with transaction(connection):
            self._write(connection, exchanges)

    def _write(self, connection: sqlite3.Connection, exchanges: list[Sequence[Any]]) -> None:
        self.checkpoint.move(connection)
        for table, rows in (
            ("packets", self._packets),
            ("exchanges", exchanges),
            ("events", self._events),
            ("readings", self._readings),
            ("findings", self._findings),
        ):
            if rows:
                insert_rows(connection, table, DERIVED_TABLES[table].columns, rows)
        connection.executemany(_UPDATE_EXCHANGE, map(_exchange_update, self._updated))
        connection.executemany(
            _REFUSE_WRITE,
            [(stored_integer(exchange.error_code), _row_id(exchange.request)) for exchange in self._refused],
        )
        for statement, parameters in self._statements:
            connection.execute(statement, parameters)

    def _add_packets(self, frame_id: int, records: Sequence[PacketRecord]) -> None:
        row_id = self.position.packets
        append = self._packets.append
        for record in records:
            row_id += 1
            record.row_id = row_id
            packet = record.packet
            append(
                (
                    row_id,
                    frame_id,
                    packet.position,
                    _KINDS[packet.kind],
                    stored_integer(packet.number) if packet.kind in _NUMBERED else None,
                    stored_integer(record.opcode),
                    record.command,
                    record.notation,
                )
            )
        self.position.packets = row_id

    def _add_opened(self, session_id: int, exchanges: Sequence[Exchange]) -> None:
        for exchange in exchanges:
            self.position.exchanges += 1
            exchange.row_id = self.position.exchanges
            self._opened.append((exchange, session_id))

    def _add_closed(self, session_id: int, exchanges: Sequence[Exchange]) -> None:
        # Requests of a file before have no row here so far.
        self._add_opened(session_id, [exchange for exchange in exchanges if exchange.row_id is None])
        # Those opened since the last transaction are written as they stand then.
        first_unwritten = self._opened[0][0].row_id if self._opened else None
        for exchange in exchanges:
            row_id = exchange.row_id
            if first_unwritten is None or row_id is None or row_id < first_unwritten:
                self._updated.append(exchange)

    def _add_readings(self, session_id: int, time: int, readings: Sequence[Reading]) -> None:
        row_id = self.position.readings
        append = self._readings.append
        for reading in readings:
            row_id += 1
            value = reading.value
            append(
                (
                    row_id,
                    session_id,
                    reading.record.row_id,
                    time,
                    stored_integer(reading.source_time),
                    stored_uuid(reading.element),
                    stored_attribute(reading.attribute),
                    stored_integer(value) if isinstance(value, int) else value,
                    reading.value_kind,
                    stored_integer(reading.quality),
                    stored_integer(reading.error_code),
                    _ORIGINS[reading.origin],
                )
            )
        self.position.readings = row_id

    def _add_findings(
        self, session_id: int, frame_id: int | None, time: int, findings: Sequence[Finding]
    ) -> None:
        for finding in findings:
            self.position.findings += 1
            self._findings.append(
                (
                    self.position.findings,
                    session_id,
                    frame_id,
                    _row_id(finding.record),
                    finding.exchange.row_id if finding.exchange is not None else None,
                    finding.code,
                    finding.severity.value,
                    finding.message,
                    time,
                )
            )


def _exchange_row(exchange: Exchange, session_id: int) -> Sequence[Any]:
    requested = exchange.requested
    return (
        exchange.row_id,
        session_id,
        stored_integer(exchange.message_id),
        stored_integer(exchange.opcode),
        exchange.command,
        stored_uuid(exchange.element),
        exchange.status.value,
        stored_integer(exchange.error_code),
        exchange.error_text,
        requested,
        exchange.responded,
        exchange.latency,
        _row_id(exchange.request),
        _row_id(exchange.response),
        exchange.responded if requested is None else requested,
        exchange.carried_id,
    )


def _exchange_update(exchange: Exchange) -> Sequence[Any]:
    return (
        stored_uuid(exchange.element),
        exchange.status.value,
        stored_integer(exchange.error_code),
        exchange.error_text,
        exchange.responded,
        exchange.latency,
        _row_id(exchange.response),
        exchange.row_id,
    )


def _row_id(record: PacketRecord | None) -> int | None:
    return record.row_id if record is not None else None
