"""The tables of a lake: what a decoded database says, with names beside numbers, typed.

They have the names and meanings of the database (`docs/schema.md`). Keys that only a file knows (of elements
and attributes) are replaced by what they stand for: UUID and name. A lake holds numbers as 64-bit integers;
one from the wire that does not fit is NULL here, and the frame in the archive has it.
"""
# ruff: noqa: S608 - SQL is put together from the constants of this file only

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

import pyarrow as pa

from xentara_inspect.store.schema import WELL_KNOWN_ATTRIBUTES

_TIME: Final = pa.timestamp("ns", "UTC")
_INT: Final = pa.int64()
_TEXT: Final = pa.string()


class LakeColumn(NamedTuple):
    """A column: its type, the SQL of its value in a database, what it says.

    text: SQL for what a value stands for, by the value: of a column with few different ones.
    """

    type: pa.DataType
    sql: str
    says: str
    text: str | None = None


class LakeTable(NamedTuple):
    """A table. says: what a row is. rows: what is behind SELECT … FROM in a database."""

    says: str
    rows: str
    columns: Mapping[str, LakeColumn]

    @property
    def schema(self) -> pa.Schema:
        """Its columns in Parquet, with whom they came from."""
        own = [(name, column.type) for name, column in self.columns.items()]
        return pa.schema([*own, *((name, type_) for name, (type_, _) in ORIGIN.items())])

    @property
    def select(self) -> str:
        """SQL for its rows in a decoded database."""
        columns = ", ".join(f"{column.sql} AS {name}" for name, column in self.columns.items())
        return f"SELECT {columns} FROM {self.rows}"


ORIGIN: Final[dict[str, tuple[pa.DataType, str]]] = {
    "recorder": (_TEXT, "name of the recorder"),
    "chain": (_TEXT, "UUID of the recording"),
    "part": (_INT, "which of its files"),
}
"""What every row says besides; `site` and `date` are in the path."""


USERS: Final = "users_named_by_the_server"
"""A temporary table, session_id and user, of what a query finds and no table has."""


def _number(sql: str, says: str) -> LakeColumn:
    """A number from the wire, where it is one of 64 bits."""
    return LakeColumn(_INT, f"CASE typeof({sql}) WHEN 'integer' THEN {sql} END", says)


def _of_type(type_: pa.DataType, stored: str, says: str) -> LakeColumn:
    """The value of a reading, where it is stored as that."""
    return LakeColumn(type_, f"CASE typeof(x.value) WHEN '{stored}' THEN x.value END", says)


def _named(table: str, sql: str, says: str) -> LakeColumn:
    """A number by its name in a table of names, else as it is."""
    name = f"SELECT CAST(coalesce((SELECT name FROM {table} WHERE number = key), key) AS TEXT)"
    return LakeColumn(_TEXT, sql, says, f"{name} FROM (SELECT ? AS key)")


def _error(opcode: str) -> LakeColumn:
    return LakeColumn(
        _TEXT,
        "CASE WHEN x.error_code IS NOT NULL THEN"
        f" coalesce((SELECT name FROM command_errors WHERE opcode = {opcode} AND number = x.error_code),"
        " (SELECT name FROM error_codes WHERE number = x.error_code)) END",
        "name of the error",
    )


_PLACE: Final = LakeColumn(_INT, "x.id", "address: frame << 24 | position")
_SESSION: Final = LakeColumn(_INT, "x.session_id", "its connection")
_SESSION_OF_FRAME: Final = LakeColumn(_INT, "frames.session_id", "its connection")
_PASSED: Final = LakeColumn(_TIME, "frames.time", "when it passed")
_ELEMENT: Final = LakeColumn(
    _TEXT, "x.element_id", "UUID of the element it is about", "SELECT uuid FROM elements WHERE id = ?"
)
_ELEMENT_NAME: Final = LakeColumn(
    _TEXT,
    "x.element_id",
    "its primary key, as far as it was known then",
    "SELECT primary_key FROM elements WHERE id = ?",
)
# Well-known attributes are called alike everywhere, others as their element calls them.
_ATTRIBUTE: Final = LakeColumn(
    _TEXT,
    f"CASE WHEN x.attribute_id <= {len(WELL_KNOWN_ATTRIBUTES)} THEN x.attribute_id"
    " ELSE x.element_id << 32 | x.attribute_id END",
    "its name, else its number or UUID",
    "SELECT CAST(coalesce(CASE WHEN a.number IS NULL THEN e.name END, a.name, a.number, a.uuid) AS TEXT)"
    " FROM (SELECT ? AS key) LEFT JOIN attributes a ON a.id = key & 4294967295"
    " LEFT JOIN element_attributes e ON e.attribute_id = a.id AND e.element_id = key >> 32",
)

TABLES: Final[dict[str, LakeTable]] = {
    "sessions": LakeTable(
        "a WebSocket connection, in the part of it that a file has",
        "sessions x LEFT JOIN session_totals t ON t.session_id = x.id",
        {
            "id": LakeColumn(_INT, "x.id", "number of the session in its recording"),
            "client": LakeColumn(_TEXT, "x.client", "address and port"),
            "server": LakeColumn(_TEXT, "x.server", "address and port"),
            "path": LakeColumn(_TEXT, "x.path", "of the upgrade request, without its query"),
            "subprotocol": LakeColumn(_TEXT, "x.subprotocol", "that the server chose"),
            "user": LakeColumn(
                _TEXT,
                f"coalesce(x.user, (SELECT user FROM {USERS} WHERE session_id = x.id))",
                "name only: whom HTTP names, else whom the server named",
            ),
            "user_agent": LakeColumn(_TEXT, "x.user_agent", "of the upgrade request"),
            "origin": LakeColumn(_TEXT, "x.origin", "of the upgrade request"),
            "opened": LakeColumn(_TIME, "x.opened", "when"),
            "closed": LakeColumn(_TIME, "x.closed", "when; NULL while it is open"),
            "close_code": LakeColumn(_INT, "x.close_code", "of the close frame"),
            "close_reason": LakeColumn(_TEXT, "x.close_reason", "of it, or why its end is presumed"),
            "closed_by": LakeColumn(_TEXT, "x.closed_by", "client or server"),
            "refused": LakeColumn(_TEXT, "x.refused", "why there never was a connection"),
            "source": LakeColumn(_TEXT, "x.source", "live, or the file it was read from"),
            "dropped": LakeColumn(_INT, "x.dropped", "frames that could not be kept"),
            "frames": LakeColumn(_INT, "x.frame_count", "frames in this part"),
            "requests": LakeColumn(_INT, "coalesce(t.requests, 0)", "in this part"),
            "errors": LakeColumn(_INT, "coalesce(t.errors, 0)", "in this part"),
            "events": LakeColumn(_INT, "coalesce(t.events, 0)", "in this part"),
            "findings": LakeColumn(_INT, "coalesce(t.findings, 0)", "in this part"),
        },
    ),
    "exchanges": LakeTable(
        "a request with its response, or one of them alone",
        "exchanges x",
        {
            "id": LakeColumn(_INT, "x.id", "address of the request, else of the response"),
            "session_id": _SESSION,
            "time": LakeColumn(_TIME, "coalesce(x.requested, x.responded)", "when it began"),
            "message_id": _number("x.message_id", "chosen by the client"),
            "opcode": _number("x.opcode", "the command"),
            "command": _named("commands", "x.opcode", "its name, else its opcode"),
            "element": _ELEMENT,
            "element_name": _ELEMENT_NAME,
            "status": LakeColumn(_TEXT, "x.status", "ok, error, pending, unanswered or unsolicited"),
            "error_code": _number("x.error_code", "of an error response"),
            "error": _error("x.opcode"),
            "error_text": LakeColumn(_TEXT, "x.error_text", "what the server said"),
            "requested": LakeColumn(_TIME, "x.requested", "when the request passed"),
            "responded": LakeColumn(_TIME, "x.responded", "when the response passed"),
            "latency": LakeColumn(_INT, "x.latency", "nanoseconds between the two"),
            "response_id": LakeColumn(_INT, "x.response_id", "address of the response"),
        },
    ),
    "events": LakeTable(
        "a pushed event",
        "packets x JOIN frames ON frames.id = x.id >> 24 WHERE x.kind = 'event'",
        {
            "id": _PLACE,
            "session_id": _SESSION_OF_FRAME,
            "time": _PASSED,
            "source_time": _number("x.source_time", "the event's own time")._replace(type=_TIME),
            "event_type": _named("event_types", "x.event_type", "its type"),
            "element": _ELEMENT,
            "element_name": _ELEMENT_NAME,
        },
    ),
    "readings": LakeTable(
        "an attribute value seen in an event, a read or a write",
        "readings x JOIN frames ON frames.id = x.packet_id >> 24",
        {
            "packet_id": LakeColumn(_INT, "x.packet_id", "address of the packet"),
            "position": LakeColumn(_INT, "x.position", "place among the packet's attributes, from 0"),
            "session_id": _SESSION_OF_FRAME,
            "time": _PASSED,
            "source_time": _number("x.source_time", "the event's own time")._replace(type=_TIME),
            "element": _ELEMENT,
            "element_name": _ELEMENT_NAME,
            "attribute": _ATTRIBUTE,
            "value_kind": LakeColumn(_TEXT, "x.value_kind", "its kind"),
            "value_int": _of_type(_INT, "integer", "integers, booleans, times in nanoseconds"),
            "value_num": _of_type(pa.float64(), "real", "floating-point numbers"),
            "value_text": _of_type(_TEXT, "text", "all others, exact"),
            "quality": _named("qualities", "x.quality", "its name, else its number"),
            "error_code": _number("x.error_code", "of a value that could not be had"),
            "error": _error("(SELECT opcode FROM packets WHERE id = x.packet_id)"),
            "origin": LakeColumn(_TEXT, "x.origin", "event, read or write"),
        },
    ),
    "findings": LakeTable(
        "a departure of the traffic from the specification",
        "findings x",
        {
            "id": LakeColumn(_INT, "x.id", "counts up in its file"),
            "session_id": _SESSION,
            "time": LakeColumn(_TIME, "x.time", "of the frame, or of the end of the session"),
            "address": LakeColumn(_INT, "x.address", "the frame or packet"),
            "exchange_id": LakeColumn(_INT, "x.exchange_id", "the exchange"),
            "code": LakeColumn(_TEXT, "x.code", "what it is"),
            "severity": LakeColumn(_TEXT, "x.severity", "error, warning or info"),
            "message": LakeColumn(_TEXT, "x.message", "what was seen and what is asked for"),
        },
    ),
    "subscriptions": LakeTable(
        "what a subscription asked for, refused ones too",
        "(SELECT s.*, i.element_id, i.attribute_id FROM subscriptions s"
        " LEFT JOIN subscription_items i ON i.subscription_id = s.id) x",
        {
            "id": LakeColumn(_INT, "x.id", "address of the subscribe"),
            "session_id": _SESSION,
            "uuid": LakeColumn(_TEXT, "x.uuid", "NULL where it was refused"),
            "opened": LakeColumn(_TIME, "x.opened", "when it was granted or refused"),
            "closed": LakeColumn(_TIME, "x.closed", "when it ended"),
            "error_code": _number("x.error_code", "why it was refused"),
            "element": _ELEMENT,
            "element_name": _ELEMENT_NAME,
            "attribute": _ATTRIBUTE,
        },
    ),
    "elements": LakeTable(
        "what the traffic or a file told of an element",
        "elements x",
        {
            "uuid": LakeColumn(_TEXT, "x.uuid", "canonical text"),
            "primary_key": LakeColumn(_TEXT, "x.primary_key", "its name, once it was told"),
            "category": _named("element_categories", "x.category", "its category"),
            "learned_from": LakeColumn(_TEXT, "x.learned_from", "who told it"),
        },
    ),
}
"""By name; each becomes `NAME/site=S/date=D/CHAIN.NUMBER-FIRST-LAST.parquet`."""
