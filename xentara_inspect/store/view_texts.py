"""What the views for people show, in words: for `docs/schema.md`, and for pages that show them."""

from __future__ import annotations

import sqlite3
from typing import Final

VIEW_ROWS: Final[dict[str, str]] = {
    "readings": "one attribute value that was seen in an event, a read or a write, in numbers",
    "sessions_readable": "a WebSocket connection, also one that failed",
    "exchanges_readable": "a request with its response, or one of them alone",
    "events_readable": "a pushed event",
    "readings_readable": "one attribute value that was seen in an event, a read or a write",
    "findings_readable": "a departure of the traffic from the specification",
    "subscriptions_readable": "one attribute that a subscription asked for, refused ones too",
}
"""What a row of a view is."""

_COLUMNS: Final[dict[str, str]] = {
    "attribute": "name of the attribute, else its number or UUID",
    "attribute_id": "its row in `attributes`",
    "client": "address and port",
    "close_code": "of the close frame",
    "close_reason": "of the close frame, or why its end is presumed",
    "closed": "when it ended, ISO 8601; NULL while it is open",
    "closed_by": "client or server, where that is known",
    "code": "what it is",
    "command": "name of the command",
    "dropped": "frames that could not be kept",
    "duration_ms": "milliseconds from the first to the last",
    "element": "primary key of the element if known, else its UUID",
    "element_id": "its row in `elements`",
    "error": "name of the error code, as the answer to the command",
    "error_code": "of an error response, or in the place of the value",
    "error_text": "what the server said",
    "errors": "exchanges answered by an error",
    "event_type": "name of the event type",
    "events": "how many events there were",
    "exchange": "ID of the exchange",
    "exchange_id": "its row in `exchanges`",
    "findings": "how many departures from the specification",
    "frame": "number of the message",
    "frames": "how many messages there were",
    "id": "ID as the command line has it, such as 42p1",
    "latency_ms": "milliseconds from request to response",
    "message": "what was seen and what is asked for",
    "message_bytes": "bytes of the message it came in",
    "message_id": "chosen by the client",
    "opcode": "number of the command",
    "opened": "when it began, ISO 8601",
    "origin": "event, read or write; of a connection the header of its upgrade request",
    "packet": "ID of the packet, such as 42p1",
    "packet_id": "its row in `packets`",
    "path": "of the upgrade request, without its query",
    "place": "ID of the packet or message",
    "position": "place among the packet's attributes, from 0",
    "quality": "name of the quality that came with it",
    "refused": "HTTP status or reason, where there never was a connection",
    "request_message_bytes": "bytes of the message with the request",
    "requested": "when the request passed, ISO 8601",
    "requests": "how many requests there were",
    "responded": "when the response passed, ISO 8601",
    "response": "ID of the response",
    "response_id": "its row in `packets`",
    "response_message_bytes": "bytes of the message with the response",
    "server": "address and port",
    "session_id": "number of the connection",
    "severity": "error, warning or info",
    "source": "live, or the file it was read from",
    "source_time": "the event's own time",
    "status": "ok, error, pending, unanswered or unsolicited; of a subscription open, closed or refused",
    "subprotocol": "that the server chose",
    "subscription": "ID of the subscription it came for",
    "subscription_id": "its row in `subscriptions`",
    "time": "when the message passed, ISO 8601",
    "user": "name only",
    "user_agent": "of the upgrade request",
    "uuid": "canonical text; NULL where it was refused",
    "value": "as it is, of any type",
    "value_kind": "its kind, such as integer, float, text or error",
    "value_num": "the value, where it is a number",
    "value_text": "the value, where it is none",
}
_SPECIAL: Final = {
    ("sessions_readable", "id"): "number of the connection",
    ("findings_readable", "id"): "number of the finding",
    ("readings", "source_time"): "the event's own time, nanoseconds",
    ("readings", "quality"): "number of the quality that came with it",
}


def column_text(view: str, column: str) -> str | None:
    """What a column of a view says; None where nothing is known of it."""
    return _SPECIAL.get((view, column)) or _COLUMNS.get(column)


def view_columns(connection: sqlite3.Connection, view: str) -> dict[str, str | None]:
    """The columns of a view in a database, and what they say. Raises sqlite3.Error."""
    columns = connection.execute(f"PRAGMA table_info({view})").fetchall()
    return {name: column_text(view, name) for _, name, *_ in columns}
