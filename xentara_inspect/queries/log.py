"""`log`: exchanges, events and malformed frames in one list."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from xentara_inspect.queries import summaries
from xentara_inspect.queries.carried import carried_request, continued
from xentara_inspect.queries.databases import Asked, Part, recording_of
from xentara_inspect.queries.elements import WantedElement
from xentara_inspect.queries.merge import Keyed, merged
from xentara_inspect.queries.parsed_frames import Messages
from xentara_inspect.queries.values import (
    Row,
    clear_errors,
    element_name,
    error_name,
    iso_time,
    json_integer,
    milliseconds,
)
from xentara_inspect.queries.where import Where, newest
from xentara_inspect.store.columns import loaded_integer
from xentara_inspect.traffic.names import Names

LOG_KEYS: Final = (
    "kind", "id", "session", "time", "command", "opcode", "message_id", "status", "error_code",
    "error_name", "latency_ms", "element", "summary",
)  # fmt: skip

_EXCHANGES: Final = """
    SELECT e.id AS id, e.time AS time, coalesce(request_id, response_id, 0) AS packet, e.session_id,
           e.message_id, e.opcode, e.command, e.element, e.status, e.error_code, e.latency,
           q.frame_id AS q_frame, q.position AS q_position, s.frame_id AS s_frame, s.position AS s_position,
           c.file AS c_file, c.frame_id AS c_frame, c.position AS c_position, c.packet AS c_packet
    FROM exchanges e LEFT JOIN packets q ON q.id = request_id LEFT JOIN packets s ON s.id = response_id
         LEFT JOIN carried_requests c ON c.id = e.carried_id"""
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

    session: int | str | None = None
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


def log(
    asked: Asked,
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
    recording = recording_of(asked)
    wanted = LogFilter(**filters)
    element = WantedElement(wanted.element, recording.names) if wanted.element is not None else None
    later = continued(recording)
    lists: list[Iterator[Keyed]] = []
    for part, sessions in recording.asked_for(wanted.session):
        lines = LogLines(part, recording.names)
        where = _of_exchanges(wanted, sessions, element, lines)
        where.none_of("e.id", later[part.index].exchanges)
        lists.append(lines.exchanges(where, limit))
        if with_events and not wanted.wants_exchanges_only:
            where = _common(wanted, "v.", sessions)
            where.one_of("v.element", element.uuids if element is not None else None)
            lists.append(lines.events(where, limit))
        if with_malformed and not wanted.wants_exchanges_only and element is None:
            where = _common(wanted, "f.", sessions)
            where.add("p.kind = 'malformed'")
            lists.append(lines.malformed(where, limit))
    yield from merged(lists, limit)


def _of_exchanges(
    wanted: LogFilter, sessions: Sequence[int] | None, element: WantedElement | None, lines: LogLines
) -> Where:
    where = _common(wanted, "e.", sessions)
    where.one_of("e.opcode", wanted.opcodes or None)
    where.equal("e.status", wanted.status)
    where.equal("e.error_code", wanted.error_code)
    where.equal("e.message_id", wanted.message_id)
    if element is not None:
        element.narrow_exchanges(where, lines.part.connection, lines.messages)
    return where


def _common(wanted: LogFilter, prefix: str, sessions: Sequence[int] | None) -> Where:
    where = Where()
    where.one_of(f"{prefix}session_id", sessions)
    where.between(f"{prefix}time", wanted.since, wanted.until)
    return where


class LogLines:
    """Makes rows of the log of one database, with names as far as they are known now."""

    def __init__(self, part: Part, names: Names) -> None:
        self.part = part
        self.path = part.path
        self.names = names
        self.messages = Messages(part.connection)

    @clear_errors
    def exchanges(self, where: Where, limit: int = 0) -> Iterator[Keyed]:
        """Exchanges, oldest first."""
        for row in self._newest(_EXCHANGES, where, limit):
            _, time, packet, session, message_id, opcode, command, element, status, code, latency, *at = row
            carried = carried_request(self.part, at[4:])
            request = carried.shown if carried is not None else self.messages.shown(at[0], at[1])
            response = self.messages.shown(at[2], at[3])
            if carried is not None:
                name = carried.name
            else:
                name = self.part.packet_name(*(at[:2] if at[0] is not None else at[2:4]))
            line = self._line("exchange", name, session, time)
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
            yield (time, self.part.index, packet), line

    @clear_errors
    def events(self, where: Where, limit: int = 0) -> Iterator[Keyed]:
        """Events, oldest first."""
        for row in self._newest(_EVENTS, where, limit):
            _, time, packet, session, element, frame, position = row
            shown = self.messages.shown(frame, position)
            line = self._line("event", self.part.packet_name(frame, position), session, time)
            line["element"] = element_name(element, self.names)
            line["summary"] = summaries.of_event(shown, self.names) if shown is not None else ""
            yield (time, self.part.index, packet), line

    @clear_errors
    def malformed(self, where: Where, limit: int = 0) -> Iterator[Keyed]:
        """Malformed packets, and frames that are malformed as a whole; oldest first."""
        for row in self._newest(_MALFORMED, where, limit):
            packet, time, session, frame, position, message = row
            line = self._line("malformed", self.part.packet_name(frame, position), session, time)
            line["summary"] = message or ""
            yield (time, self.part.index, packet), line

    def frame(self, frame: int, session: int, time: int, summary: str) -> Row:
        """A whole frame."""
        return self._line("frame", self.part.packet_name(frame, 0), session, time) | {"summary": summary}

    def _newest(self, select: str, where: Where, limit: int) -> Iterator[tuple[Any, ...]]:
        return self.part.connection.execute(newest(select, where, "time, id", limit), where.parameters)

    def _line(self, kind: str, name: str, session: int, time: int) -> Row:
        line: Row = dict.fromkeys(LOG_KEYS)
        line |= {
            "kind": kind, "id": name, "session": self.part.session_name(session), "time": iso_time(time),
        }  # fmt: skip
        return line
