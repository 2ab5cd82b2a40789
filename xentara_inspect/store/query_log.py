"""`log`: exchanges, events and malformed frames in one list."""

from __future__ import annotations

import heapq
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Final

from xentara_inspect import summaries
from xentara_inspect.names import Names
from xentara_inspect.store.column_values import loaded_integer
from xentara_inspect.store.messages import Messages
from xentara_inspect.store.query_filters import Where, newest
from xentara_inspect.store.query_values import (
    Row,
    clear_errors,
    element_name,
    elements_called,
    error_name,
    iso_time,
    json_integer,
    milliseconds,
)
from xentara_inspect.store.resume import load_names

LOG_KEYS: Final = (
    "kind", "id", "session", "time", "command", "opcode", "message_id", "status", "error_code",
    "error_name", "latency_ms", "element", "summary",
)  # fmt: skip

_Keyed = tuple[tuple[int, int], Row]  # ((time, id of the first packet), row of the log)

_EXCHANGES: Final = """
    SELECT e.id AS id, e.time AS time, coalesce(request_id, response_id) AS packet, e.session_id,
           e.message_id, e.opcode, e.command, e.element, e.status, e.error_code, e.latency,
           q.frame_id AS q_frame, q.position AS q_position, s.frame_id AS s_frame, s.position AS s_position
    FROM exchanges e LEFT JOIN packets q ON q.id = request_id LEFT JOIN packets s ON s.id = response_id"""
_EVENTS: Final = """
    SELECT v.id AS id, v.time AS time, packet_id, v.session_id, v.element, frame_id, position
    FROM events v JOIN packets p ON p.id = packet_id"""
_MALFORMED: Final = """
    SELECT p.id AS id, f.time AS time, f.session_id, p.frame_id, p.position,
           (SELECT message FROM findings WHERE packet_id = p.id ORDER BY id LIMIT 1)
    FROM packets p JOIN frames f ON f.id = p.frame_id"""


@dataclass(frozen=True, slots=True)
class LogFilter:
    """What to list. element: primary key or UUID. since, until: nanoseconds since 1970, end exclusive."""

    session: int | None = None
    opcodes: Sequence[int] = ()
    status: str | None = None
    element: str | None = None
    error_code: int | None = None
    message_id: int | None = None
    since: int | None = None
    until: int | None = None

    @property
    def wants_exchanges_only(self) -> bool:
        """Whether something is asked for that only exchanges have."""
        asked = (self.status, self.error_code, self.message_id)
        return bool(self.opcodes) or any(value is not None for value in asked)


@clear_errors
def log(
    connection: sqlite3.Connection,
    *,
    limit: int = 50,
    with_events: bool = False,
    with_malformed: bool = True,
    **filters: Any,
) -> Iterator[Row]:
    """Rows with `LOG_KEYS`, oldest first: the newest `limit` of them, 0 for all.

    filters: the fields of `LogFilter`. What asks for something that only exchanges have leaves out
    events and malformed frames. Raises StoreError.
    """
    wanted = LogFilter(**filters)
    elements = elements_called(connection, wanted.element) if wanted.element is not None else None
    lines = LogLines(connection, load_names(connection))
    lists: list[Iterator[_Keyed]] = [lines.exchanges(_of_exchanges(wanted, elements), limit)]
    if with_events and not wanted.wants_exchanges_only:
        lists.append(lines.events(_common(wanted, "v.", "v.time", elements), limit))
    if with_malformed and not wanted.wants_exchanges_only and elements is None:
        where = _common(wanted, "f.", "f.time", None)
        where.add("p.kind = 'malformed'")
        lists.append(lines.malformed(where, limit))
    merged: Iterable[_Keyed] = heapq.merge(*lists, key=itemgetter(0))
    if limit:
        merged = list(merged)[-limit:]
    for _, row in merged:
        yield row


def _of_exchanges(wanted: LogFilter, elements: Sequence[str] | None) -> Where:
    where = _common(wanted, "e.", "e.time", elements)
    where.one_of("e.opcode", wanted.opcodes or None)
    where.equal("e.status", wanted.status)
    where.equal("e.error_code", wanted.error_code)
    where.equal("e.message_id", wanted.message_id)
    return where


def _common(wanted: LogFilter, prefix: str, time: str, elements: Sequence[str] | None) -> Where:
    where = Where()
    where.equal(f"{prefix}session_id", wanted.session)
    where.between(time, wanted.since, wanted.until)
    where.one_of(f"{prefix}element", elements)
    return where


class LogLines:
    """Makes rows of the log, with names as far as they are known now."""

    def __init__(self, connection: sqlite3.Connection, names: Names) -> None:
        self.connection = connection
        self.names = names
        self.messages = Messages(connection)

    def exchanges(self, where: Where, limit: int = 0) -> Iterator[_Keyed]:
        """Exchanges, oldest first."""
        for row in self.connection.execute(newest(_EXCHANGES, where, "time, id", limit), where.parameters):
            _, time, packet, session, message_id, opcode, command, element, status, code, latency, *at = row
            request = self.messages.shown(at[0], at[1])
            response = self.messages.shown(at[2], at[3])
            name = f"{at[0]}.{at[1]}" if at[0] is not None else f"{at[2]}.{at[3]}"
            line = _line("exchange", name, session, time)
            line |= {
                "command": command,
                "opcode": json_integer(opcode),
                "message_id": json_integer(message_id),
                "status": status,
                "error_code": json_integer(code),
                "error_name": error_name(code, opcode),
                "latency_ms": milliseconds(latency),
                "element": element_name(element, self.names),
                "summary": summaries.of_exchange(loaded_integer(opcode), request, response, self.names),
            }
            yield (time, packet), line

    def events(self, where: Where, limit: int = 0) -> Iterator[_Keyed]:
        """Events, oldest first."""
        for row in self.connection.execute(newest(_EVENTS, where, "time, id", limit), where.parameters):
            _, time, packet, session, element, frame, position = row
            shown = self.messages.shown(frame, position)
            line = _line("event", f"{frame}.{position}", session, time)
            line["element"] = element_name(element, self.names)
            line["summary"] = summaries.of_event(shown, self.names) if shown is not None else ""
            yield (time, packet), line

    def malformed(self, where: Where, limit: int = 0) -> Iterator[_Keyed]:
        """Malformed packets, and frames that are malformed as a whole; oldest first."""
        for row in self.connection.execute(newest(_MALFORMED, where, "time, id", limit), where.parameters):
            packet, time, session, frame, position, message = row
            line = _line("malformed", f"{frame}.{position}" if position else str(frame), session, time)
            line["summary"] = message or ""
            yield (time, packet), line


def _line(kind: str, name: str, session: int, time: int) -> Row:
    line: Row = dict.fromkeys(LOG_KEYS)
    line |= {"kind": kind, "id": name, "session": session, "time": iso_time(time)}
    return line


def frame_line(name: str, session: int, time: int, summary: str) -> Row:
    """A row of the log for a whole frame."""
    return _line("frame", name, session, time) | {"summary": summary}
