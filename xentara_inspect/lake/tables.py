"""The tables of a lake: what a decoded database says, with names beside numbers, typed.

They have the names and meanings of the database (`docs/schema.md`). Keys that only a file knows (of elements
and attributes) are replaced by what they stand for: UUID and name. A lake holds numbers as 64-bit integers;
one from the wire that does not fit is NULL in its column, and in `too_large`.
"""
# ruff: noqa: S608 - SQL is put together from the constants of this file only

from __future__ import annotations

from typing import Final

import pyarrow as pa

from xentara_inspect.lake.table_types import (
    BYTES,
    INT,
    TEXT,
    TIME,
    USERS,
    LakeColumn,
    LakeTable,
    error,
    named,
    number,
    of_type,
    packet_of,
    too_large,
)
from xentara_inspect.store.schema import WELL_KNOWN_ATTRIBUTES

_PLACE: Final = LakeColumn(INT, "x.id", "address: frame << 24 | position")
_SESSION: Final = LakeColumn(INT, "x.session_id", "its connection")
_SESSION_OF_FRAME: Final = LakeColumn(INT, "frames.session_id", "its connection")
_PASSED: Final = LakeColumn(TIME, "frames.time", "when it passed")
_ELEMENT: Final = LakeColumn(
    TEXT, "x.element_id", "UUID of the element it is about", "SELECT uuid FROM elements WHERE id = ?"
)
_ELEMENT_NAME: Final = LakeColumn(
    TEXT,
    "x.element_id",
    "its primary key, as far as it was known then",
    "SELECT primary_key FROM elements WHERE id = ?",
)
# Well-known attributes are called alike everywhere, others as their element calls them.
_ATTRIBUTE_ID: Final = LakeColumn(
    TEXT,
    "x.attribute_id",
    "its number, else its UUID",
    "SELECT CAST(coalesce(number, uuid) AS TEXT) FROM attributes WHERE id = ?",
)
_ATTRIBUTE: Final = LakeColumn(
    TEXT,
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
            "id": LakeColumn(INT, "x.id", "number of the session in its recording"),
            "client": LakeColumn(TEXT, "x.client", "address and port"),
            "server": LakeColumn(TEXT, "x.server", "address and port"),
            "path": LakeColumn(TEXT, "x.path", "of the upgrade request, without its query"),
            "subprotocol": LakeColumn(TEXT, "x.subprotocol", "that the server chose"),
            "user": LakeColumn(
                TEXT,
                f"coalesce(x.user, (SELECT user FROM {USERS} WHERE session_id = x.id))",
                "name only: whom HTTP names, else whom the server named",
            ),
            "user_from": LakeColumn(
                TEXT,
                "CASE WHEN x.user IS NOT NULL THEN 'http'"
                f" WHEN x.id IN (SELECT session_id FROM {USERS} WHERE user IS NOT NULL) THEN 'server' END",
                "who named the user: http or server",
            ),
            "user_agent": LakeColumn(TEXT, "x.user_agent", "of the upgrade request"),
            "origin": LakeColumn(TEXT, "x.origin", "of the upgrade request"),
            "opened": LakeColumn(TIME, "x.opened", "when"),
            "closed": LakeColumn(TIME, "x.closed", "when; NULL while it is open"),
            "close_code": LakeColumn(INT, "x.close_code", "of the close frame"),
            "close_reason": LakeColumn(TEXT, "x.close_reason", "of it, or why its end is presumed"),
            "closed_by": LakeColumn(TEXT, "x.closed_by", "client or server"),
            "refused": LakeColumn(TEXT, "x.refused", "why there never was a connection"),
            "source": LakeColumn(TEXT, "x.source", "live, or the file it was read from"),
            "dropped": LakeColumn(INT, "x.dropped", "frames that could not be kept"),
            "frames": LakeColumn(INT, "x.frame_count", "frames in this part"),
            "requests": LakeColumn(INT, "coalesce(t.requests, 0)", "in this part"),
            "errors": LakeColumn(INT, "coalesce(t.errors, 0)", "in this part"),
            "events": LakeColumn(INT, "coalesce(t.events, 0)", "in this part"),
            "findings": LakeColumn(INT, "coalesce(t.findings, 0)", "in this part"),
        },
        is_timed=False,
    ),
    "exchanges": LakeTable(
        "a request with its response, or one of them alone",
        "exchanges x LEFT JOIN frames q ON q.id = x.id >> 24"
        " LEFT JOIN frames a ON a.id = x.response_id >> 24",
        {
            "id": LakeColumn(INT, "x.id", "address of the request, else of the response"),
            "session_id": _SESSION,
            "time": LakeColumn(TIME, "coalesce(x.requested, x.responded)", "when it began"),
            "message_id": number("x.message_id", "chosen by the client"),
            "opcode": number("x.opcode", "the command"),
            "command": named("commands", "x.opcode", "its name, else its opcode"),
            "element": _ELEMENT,
            "element_name": _ELEMENT_NAME,
            "status": LakeColumn(TEXT, "x.status", "ok, error, pending, unanswered or unsolicited"),
            "error_code": number("x.error_code", "of an error response"),
            "error": error("x.opcode"),
            "error_text": LakeColumn(TEXT, "x.error_text", "what the server said"),
            "requested": LakeColumn(TIME, "x.requested", "when the request passed"),
            "responded": LakeColumn(TIME, "x.responded", "when the response passed"),
            "latency": LakeColumn(INT, "x.latency", "nanoseconds between the two"),
            "response_id": LakeColumn(INT, "x.response_id", "address of the response"),
            "request": LakeColumn(
                BYTES,
                f"CASE WHEN x.requested IS NOT NULL THEN coalesce({packet_of('q', 'x.id')},"
                " (SELECT packet FROM carried_requests WHERE id = x.id)) END",
                "the packet, CBOR",
            ),
            "response": LakeColumn(BYTES, packet_of("a", "x.response_id"), "the packet, CBOR"),
            "too_large": too_large(message_id="x.message_id", opcode="x.opcode", error_code="x.error_code"),
        },
    ),
    "events": LakeTable(
        "a pushed event",
        "packets x JOIN frames ON frames.id = x.id >> 24 WHERE x.kind = 'event'",
        {
            "id": _PLACE,
            "session_id": _SESSION_OF_FRAME,
            "time": _PASSED,
            "source_time": number("x.source_time", "the event's own time")._replace(type=TIME),
            "event_type": named("event_types", "x.event_type", "its type"),
            "element": _ELEMENT,
            "element_name": _ELEMENT_NAME,
            "packet": LakeColumn(BYTES, packet_of("frames", "x.id"), "it itself, CBOR"),
            "too_large": too_large(source_time="x.source_time"),
        },
    ),
    "readings": LakeTable(
        "an attribute value seen in an event, a read or a write",
        "readings x JOIN frames ON frames.id = x.packet_id >> 24",
        {
            "packet_id": LakeColumn(INT, "x.packet_id", "address of the packet"),
            "position": LakeColumn(INT, "x.position", "place among the packet's attributes, from 0"),
            "session_id": _SESSION_OF_FRAME,
            "time": _PASSED,
            "source_time": number("x.source_time", "the event's own time")._replace(type=TIME),
            "element": _ELEMENT,
            "element_name": _ELEMENT_NAME,
            "attribute": _ATTRIBUTE,
            "attribute_id": _ATTRIBUTE_ID,
            "value_kind": LakeColumn(TEXT, "x.value_kind", "its kind"),
            "value_int": of_type(INT, "integer", "integers, booleans, times in nanoseconds"),
            "value_num": of_type(pa.float64(), "real", "floating-point numbers"),
            "value_text": of_type(TEXT, "text", "all others, exact"),
            "quality": named("qualities", "x.quality", "its name, else its number"),
            "error_code": number("x.error_code", "of a value that could not be had"),
            "error": error("(SELECT opcode FROM packets WHERE id = x.packet_id)"),
            "origin": LakeColumn(TEXT, "x.origin", "event, read or write"),
            "too_large": too_large(source_time="x.source_time", error_code="x.error_code"),
        },
    ),
    "findings": LakeTable(
        "a departure of the traffic from the specification",
        "findings x",
        {
            "id": LakeColumn(INT, "x.id", "counts up in its file"),
            "session_id": _SESSION,
            "time": LakeColumn(TIME, "x.time", "of the frame, or of the end of the session"),
            "address": LakeColumn(INT, "x.address", "the frame or packet"),
            "exchange_id": LakeColumn(INT, "x.exchange_id", "the exchange"),
            "code": LakeColumn(TEXT, "x.code", "what it is"),
            "severity": LakeColumn(TEXT, "x.severity", "error, warning or info"),
            "message": LakeColumn(TEXT, "x.message", "what was seen and what is asked for"),
        },
    ),
    "subscriptions": LakeTable(
        "what a subscription asked for, refused ones too",
        "(SELECT s.*, i.element_id, i.attribute_id FROM subscriptions s"
        " LEFT JOIN subscription_items i ON i.subscription_id = s.id) x",
        {
            "id": LakeColumn(INT, "x.id", "address of the subscribe"),
            "session_id": _SESSION,
            "uuid": LakeColumn(TEXT, "x.uuid", "NULL where it was refused"),
            "opened": LakeColumn(TIME, "x.opened", "when it was granted or refused"),
            "closed": LakeColumn(TIME, "x.closed", "when it ended"),
            "error_code": number("x.error_code", "why it was refused"),
            "element": _ELEMENT,
            "element_name": _ELEMENT_NAME,
            "attribute": _ATTRIBUTE,
            "attribute_id": _ATTRIBUTE_ID,
        },
        is_timed=False,
    ),
    "malformed": LakeTable(
        "a message or packet that is malformed",
        "packets x JOIN frames ON frames.id = x.id >> 24 WHERE x.kind = 'malformed'",
        {"id": _PLACE, "session_id": _SESSION_OF_FRAME, "time": _PASSED},
    ),
    "attributes": LakeTable(
        "an attribute of an element, as `meta_data` told it",
        "element_attributes x",
        {
            "element": _ELEMENT,
            "attribute_id": _ATTRIBUTE_ID,
            "name": LakeColumn(TEXT, "x.name", "what it is called there"),
            "access": named("attribute_accesses", "x.access", "what may be done with it"),
            "data_type": named("attribute_data_types", "x.data_type", "of its values"),
        },
        is_timed=False,
    ),
    "elements": LakeTable(
        "what the traffic or a file told of an element",
        "elements x",
        {
            "uuid": LakeColumn(TEXT, "x.uuid", "canonical text"),
            "primary_key": LakeColumn(TEXT, "x.primary_key", "its name, once it was told"),
            "category": named("element_categories", "x.category", "its category"),
            "learned_from": LakeColumn(TEXT, "x.learned_from", "who told it"),
        },
        is_timed=False,
    ),
}
"""By name; each becomes `NAME/site=S/date=D/CHAIN.NUMBER-FIRST-LAST.parquet`."""
