"""Connections with all that passed on them, to hand on to other programs."""

from __future__ import annotations

import heapq
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

from xentara_inspect.frames import POSITION_BITS, Closing, Frame, SessionInfo
from xentara_inspect.queries.databases import Database, Databases
from xentara_inspect.queries.elements import WantedElement, wanted_element
from xentara_inspect.queries.exchanges import ExchangeSearch
from xentara_inspect.queries.found import found_packets
from xentara_inspect.queries.lines import LogLines
from xentara_inspect.queries.newest import OLDEST_FIRST
from xentara_inspect.queries.where import Several, Where, among

_SESSIONS: Final = """
    SELECT id, flow_id, client, server, path, subprotocol, user, opened, source, user_agent, origin, refused,
           closed, close_code, close_reason, closed_by, continues, continued
    FROM sessions{}"""

_SPANS: Final = "SELECT session_id, min(time), max(time), count(*) FROM frames{} GROUP BY session_id"
_BY_SESSION: Final = "SELECT session_id, id FROM frames{} ORDER BY session_id, id"
# Within a session the order is that of the wire, whatever the clock did.
_BY_TIME: Final = """
    SELECT passed, session_id, id FROM (
        SELECT id, session_id, max(time) OVER (PARTITION BY session_id ORDER BY id) AS passed FROM frames{}
    ) ORDER BY passed, id"""
_FRAME: Final = "SELECT time, from_client, is_text, payload FROM frames WHERE id = ?"


@dataclass(frozen=True, slots=True)
class Connection:
    """A connection, and how it ended, None for one that is open.

    is_whole: whether none of its messages is left out. span: the times of the first and the last one that
    are not, None where there are none.
    """

    info: SessionInfo
    closing: Closing | None
    is_whole: bool
    span: tuple[int, int] | None


Happening = SessionInfo | Frame | Closing
"""That a connection opened, that a message passed, that a connection closed."""

_Happened = tuple[int, Connection, Happening]
"""When, on which connection, what."""

_Piece = tuple[sqlite3.Row, Sequence[Any] | None]
"""What a file has of a connection: its row, and the times of the first and the last of its messages."""


@dataclass(slots=True)
class _Part:
    """What is asked of the files of one recording: which messages `where`, and their connections by id."""

    files: list[tuple[Database, Where]] = field(default_factory=list)
    connections: dict[int, Connection] = field(default_factory=dict)


class Connections:
    """What is asked for of databases. messages: how many there are.

    session: their names. element: only messages with something about it, which are requests that name it
    with their responses, and events; and the connections of these. since, until: only messages of that
    time, and connections that were open then; nanoseconds since 1970, end exclusive.
    """

    def __init__(
        self,
        databases: Databases,
        *,
        session: Several[int | str] = None,
        element: Several[str] = None,
        since: int | None = None,
        until: int | None = None,
    ) -> None:
        """Raises StoreError; QuestionError for a session or an element that is not known."""
        wanted = wanted_element(element, databases)
        has_all = wanted is None and since is None and until is None
        self.messages = 0
        self._parts: list[_Part] = []
        for _, files in groupby(databases.asked_for(session), key=lambda pair: pair[0].recording.index):
            part = _Part()
            pieces: dict[int, list[_Piece]] = {}
            for file, sessions in files:
                where, described = Where(), Where()
                where.equal("session_id", sessions)
                described.equal("id", sessions)
                where.between("time", since, until)
                if wanted is not None:
                    where.add(_about(wanted, file, databases))
                spans = {row[0]: row[1:] for row in _rows(file, _SPANS, where)}
                for row in file.rows(_SESSIONS.format(described.sql), described.parameters):
                    pieces.setdefault(row["id"], []).append((row, spans.get(row["id"])))
                self.messages += sum(count for _, _, count, _ in spans.values())
                part.files.append((file, where))
            for row_id in sorted(pieces):
                one = _connection(pieces[row_id], has_all=has_all)
                if (one.span or wanted is None) and _was_open(one, since, until):
                    part.connections[row_id] = one
            self._parts.append(part)

    def __len__(self) -> int:
        return sum(len(part.connections) for part in self._parts)

    def __iter__(self) -> Iterator[tuple[Connection, Iterator[Frame]]]:
        """Each with its messages, which are to be read before the next. Raises StoreError."""
        for part in self._parts:
            lists = [_rows(file, _BY_SESSION, where) for file, where in part.files]
            found = groupby(heapq.merge(*lists, key=itemgetter(0)), key=itemgetter(0))
            session, rows = next(found, (-1, iter(())))
            for row_id, connection in part.connections.items():
                while 0 <= session < row_id:  # one that began since
                    session, rows = next(found, (-1, iter(())))
                own = rows if session == row_id else iter(())
                yield connection, (_frame(file, frame) for _, frame, file in own)

    def in_time(self) -> Iterator[tuple[Connection, Happening]]:
        """All that happened on all connections, in order. Raises StoreError."""
        for _, connection, happening in heapq.merge(*map(_in_time, self._parts), key=itemgetter(0)):
            yield connection, happening


def _rows(file: Database, sql: str, where: Where) -> Iterator[tuple[Any, ...]]:
    for row in file.tuples(sql.format(where.sql), where.parameters):
        yield (*row, file)


def _frame(file: Database, frame_id: int) -> Frame:
    for time, from_client, is_text, payload in file.tuples(_FRAME, (frame_id,)):
        return Frame(time, bool(from_client), bool(is_text), payload)
    raise LookupError(frame_id)


def _in_time(part: _Part) -> Iterator[_Happened]:
    connections = part.connections.values()
    opened: list[_Happened] = [
        (min(one.info.opened, one.span[0] if one.span else one.info.opened), one, one.info)
        for one in connections
    ]
    closed: list[_Happened] = [
        (max(end.time, one.span[1] if one.span else one.info.opened), one, end)
        for one in connections
        if (end := one.closing) is not None
    ]
    for ends in (opened, closed):
        ends.sort(key=itemgetter(0))
    # Of one time, connections open first and close last.
    yield from heapq.merge(opened, _passing(part), closed, key=itemgetter(0))


def _passing(part: _Part) -> Iterator[_Happened]:
    for file, where in part.files:
        for time, session, frame, _ in _rows(file, _BY_TIME, where):
            if session in part.connections:  # else it began since
                yield time, part.connections[session], _frame(file, frame)


def _connection(pieces: Sequence[_Piece], *, has_all: bool) -> Connection:
    """A connection out of what each file has of it: described as in the first, ended as in the last."""
    first, last = pieces[0][0], pieces[-1][0]
    closing = None
    if last["closed"] is not None:
        closing = Closing(last["closed"], last["close_code"], last["close_reason"], last["closed_by"])
    spans = [span for _, span in pieces if span is not None]
    return Connection(
        SessionInfo(*(first[key] for key in SessionInfo.__slots__)),
        closing,
        has_all and not first["continues"] and not last["continued"],
        (min(span[0] for span in spans), max(span[1] for span in spans)) if spans else None,
    )


def _was_open(one: Connection, since: int | None, until: int | None) -> bool:
    if since is not None and one.closing is not None and one.closing.time < since:
        return False
    return until is None or one.info.opened < until


def _about(wanted: WantedElement, file: Database, databases: Databases) -> str:
    """A condition: a message has something about elements, or of an exchange that names them."""
    keys = wanted.keys_in(file)
    search = ExchangeSearch(Where().also("e.element_id IS NULL"), wanted)
    lines = LogLines(file, databases.names).exchanges(search, OLDEST_FIRST)
    named = among("id", [key[2] for key, _ in lines])[0]
    about = among("element_id", keys)[0]
    tables = (
        ("id", f"packets WHERE {about}"),
        ("id", f"exchanges WHERE {about} OR {named}"),
        ("response_id", f"exchanges WHERE response_id IS NOT NULL AND ({about} OR {named})"),
    )
    searches = [
        (f"SELECT {column} >> {POSITION_BITS} FROM {table}", ())  # noqa: S608 - names of ours
        for column, table in tables
    ]
    return found_packets(file, searches).have("id")
