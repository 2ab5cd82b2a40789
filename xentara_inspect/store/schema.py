"""Tables and indexes of the database, as data; `docs/schema.md` is made from them.

Columns declared `bytes` become BLOB columns, which have no affinity: they keep whatever type is put
into them. That is what integers from the wire need (see `columns`), besides real byte strings.
Times are nanoseconds since 1970 UTC; a time that a packet carries is an integer from the wire too.
What came over the wire has its address for its id (see `addresses`): `frame << 24 | position`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from xentara_inspect.protocol import commands, error_codes, identifiers

APPLICATION_ID: Final = 0x58_4E_54_52  # "XNTR"
"""What `PRAGMA application_id` says of our databases, and of no other program's."""

SCHEMA_VERSION: Final = 3
"""`PRAGMA user_version` once all migrations of this release are applied."""


class Column(NamedTuple):
    """A column. references: the table whose primary key it holds. default: for columns never NULL."""

    type: type
    says: str
    references: str | None = None
    default: int | str | None = None


class Table(NamedTuple):
    """A table. says: what a row is. rowless: kept in the order of its primary key alone."""

    says: str
    columns: Mapping[str, Column]
    primary_key: str | tuple[str, ...] = "id"
    rowless: bool = False


_UUID = "canonical text"

JOURNAL_TABLES: Final[dict[str, Table]] = {
    "recorders": Table(
        "a process that records, or did",
        {
            "id": Column(int, "number of the recorder"),
            "pid": Column(int, "its process"),
            "host": Column(str, "its machine"),
            "process": Column(str, "what tells the process from a later one with the same pid"),
            "started": Column(int, "when it began"),
            "heartbeat": Column(int, "when it last said that it is there"),
            "stopped": Column(int, "when it ended; NULL while it is there"),
            "dropped": Column(int, "frames that it had to drop", default=0),
            "follows": Column(int, "whether it goes on in the next file of the recording", default=0),
            "continued": Column(int, "whether it did go on there", default=0),
            "feed": Column(str, "whose frames it records, where another process may take its place"),
            "operation": Column(int, "number of the last thing of that feed that is stored", default=0),
        },
    ),
    "sessions": Table(
        "a WebSocket connection, also one that failed",
        {
            "id": Column(int, "number of the session, the same in all files of a recording"),
            "client": Column(str, "address and port"),
            "server": Column(str, "address and port"),
            "path": Column(str, "of the upgrade request, without its query"),
            "subprotocol": Column(str, "that the server chose"),
            "user": Column(str, "name only"),
            "user_agent": Column(str, "of the upgrade request"),
            "origin": Column(str, "of the upgrade request"),
            "opened": Column(int, "time"),
            "closed": Column(int, "time; NULL while it is open"),
            "close_code": Column(int, "of the close frame"),
            "close_reason": Column(str, "of the close frame, or why its end is presumed"),
            "closed_by": Column(str, "client or server, where that is known"),
            "refused": Column(str, "HTTP status or reason, where there never was a connection"),
            "source": Column(str, "live, or the file it was read from"),
            "dropped": Column(int, "frames that could not be kept", default=0),
            "frame_count": Column(int, "frames of it in this file", default=0),
            "flow_id": Column(str, "mitmproxy's name of it"),
            "fingerprint": Column(str, "hash of what opened it, where there is no flow id"),
            "recorder_id": Column(int, "who recorded it", "recorders"),
            "continues": Column(int, "whether it began in the file before", default=0),
            "continued": Column(int, "whether it goes on in the next file", default=0),
            "greeted": Column(int, "whether its client_hello was granted in a file before", default=0),
        },
    ),
    "frames": Table(
        "a WebSocket message",
        {
            "id": Column(int, "number of the frame, counting on through all files of a recording"),
            "session_id": Column(int, "its connection", "sessions"),
            "time": Column(int, "when it passed"),
            "from_client": Column(int, "1 from the client, 0 from the server"),
            "is_text": Column(int, "1 for a text message, of which the protocol has none"),
            "payload": Column(bytes, "its bytes as on the wire, fragments joined and inflated"),
            "redacted": Column(int, "1 where secrets in it were blanked"),
        },
    ),
    "session_ends": Table(
        "that a session ended, placed among the frames, so that a rebuild repeats it",
        {
            "id": Column(int, "counts up"),
            "session_id": Column(int, "which session", "sessions"),
            "after_frame": Column(int, "the last frame before"),
            "time": Column(int, "when"),
            "reopened": Column(int, "1 where frames came after an end that had been presumed", default=0),
        },
    ),
    "cut_frames": Table(
        "a frame of which only the beginning is kept",
        {
            "frame_id": Column(int, "the frame", "frames"),
            "length": Column(int, "bytes that it had"),
            "sha256": Column(str, "of all of them, in hex"),
            "why": Column(str, "why it was not kept whole"),
        },
        "frame_id",
    ),
    "chain": Table(
        "one row, once a recorder began the file: its place among those of one long recording",
        {
            "id": Column(int, "1"),
            "recording": Column(str, "UUID of the recording, the same in all of its files"),
            "number": Column(int, "place of this file, from 1"),
            "started": Column(int, "when it was begun"),
            "continues": Column(str, "name of the file before, in the same directory"),
            "continued_in": Column(str, "name of the file behind, in the same directory"),
            "carried": Column(int, "whether it needs nothing of the file before any more", default=0),
            "last_session": Column(int, "the last session id given in files before", default=0),
            "last_frame": Column(int, "the last frame id given in files before", default=0),
        },
    ),
    "settings": Table(
        "what was chosen for this file",
        {
            "name": Column(str, "notation: `all`, or `exchanges` where that of events is written on demand"),
            "value": Column(str, "its value"),
        },
        "name",
    ),
    "carried_elements": Table(
        "an element known at the end of the file before, so that this one can be indexed without it",
        {
            "id": Column(int, "as in `elements`"),
            "uuid": Column(str, _UUID),
            "primary_key": Column(str, "its name"),
            "category": Column(bytes, "as in `elements`"),
            "learned_from": Column(str, "as in `elements`"),
        },
    ),
    "carried_attributes": Table(
        "an attribute of an element, likewise",
        {
            "element": Column(str, "UUID of the element"),
            "attribute": Column(bytes, "its identifier or UUID"),
            "name": Column(str, "its name"),
            "access": Column(bytes, "as in `element_attributes`"),
            "data_type": Column(bytes, "as in `element_attributes`"),
        },
        ("element", "attribute"),
    ),
    "carried_subscriptions": Table(
        "a subscription that was open at the end of the file before",
        {
            "id": Column(int, "address of the subscribe"),
            "session_id": Column(int, "its connection", "sessions"),
            "uuid": Column(str, _UUID),
            "elements": Column(str, "JSON: [[element UUID, [attribute identifier or UUID, …]], …]"),
            "opened": Column(int, "when it was granted"),
        },
    ),
    "carried_requests": Table(
        "a request without an answer at the end of the file before",
        {
            "id": Column(int, "its address there"),
            "session_id": Column(int, "its connection", "sessions"),
            "from_client": Column(int, "1 from the client"),
            "requested": Column(int, "when"),
            "packet": Column(bytes, "its bytes, without the rest of the frame"),
        },
    ),
}
"""What was seen: never changed by indexing, never to be thrown away."""

DERIVED_TABLES: Final[dict[str, Table]] = {
    "packets": Table(
        "a packet in a frame; of a frame that is being indexed those so far",
        {
            "id": Column(int, "address"),
            "kind": Column(str, "request, success, error, event or malformed"),
            "message_id": Column(bytes, "of a request or response"),
            "opcode": Column(bytes, "of a request, or of the request that is answered", "commands"),
            "event_type": Column(bytes, "of an event", "event_types"),
            "element_id": Column(int, "the element it is about, if it is about one", "elements"),
            "source_time": Column(bytes, "the event's own time"),
            "notation": Column(str, "annotated; NULL where it is written on demand, always from 64 KiB on"),
        },
    ),
    "exchanges": Table(
        "a request with its response, or one of them alone",
        {
            "id": Column(int, "address of the request, else of the response"),
            "session_id": Column(int, "its connection", "sessions"),
            "message_id": Column(bytes, "chosen by the client"),
            "opcode": Column(bytes, "the command", "commands"),
            "element_id": Column(int, "the element it is about, if it is about one", "elements"),
            "status": Column(str, "ok, error, pending, unanswered or unsolicited"),
            "error_code": Column(bytes, "of an error response", "error_codes"),
            "error_text": Column(str, "what the server said"),
            "requested": Column(int, "when the request passed"),
            "responded": Column(int, "when the response passed"),
            "latency": Column(int, "nanoseconds between the two"),
            "response_id": Column(int, "address of the response", "packets"),
        },
    ),
    "attribute_values": Table(
        "how readings are kept: ask the view `readings`, which has a row for each",
        {
            "packet_id": Column(int, "address of the packet", "packets"),
            "position": Column(int, "place among the packet's attributes, from 0"),
            "attribute_id": Column(int, "the attribute", "attributes"),
            "value": Column(bytes, "the value; the error code where its kind is error"),
            "value_kind": Column(str, "NULL where the type of the value says it"),
            "quality": Column(bytes, "value of attribute Quality in the same packet", "qualities"),
            "quality_position": Column(int, "where that stood, so that it needs no row of its own"),
        },
        ("packet_id", "position"),
        rowless=True,
    ),
    "elements": Table(
        "what the traffic or a file told of an element; `name` is its primary key if known, else its UUID",
        {
            "id": Column(int, "counts up as elements are seen"),
            "uuid": Column(str, _UUID),
            "primary_key": Column(str, "its name, once it was told"),
            "category": Column(bytes, "element category", "element_categories"),
            "learned_from": Column(str, "the command that told it, or event"),
        },
    ),
    "attributes": Table(
        "an attribute, well-known or seen",
        {
            "id": Column(int, "counts up; the well-known ones come first"),
            "number": Column(bytes, "its identifier, if it has one"),
            "uuid": Column(str, f"{_UUID}, if it has one"),
            "name": Column(str, "its name, once it was told"),
        },
    ),
    "element_attributes": Table(
        "an attribute of an element, as meta_data told it",
        {
            "element_id": Column(int, "the element", "elements"),
            "attribute_id": Column(int, "the attribute", "attributes"),
            "name": Column(str, "what it is called there"),
            "access": Column(bytes, "attribute access", "attribute_accesses"),
            "data_type": Column(bytes, "attribute data type", "attribute_data_types"),
        },
        ("element_id", "attribute_id"),
    ),
    "subscriptions": Table(
        "a subscription, refused ones too",
        {
            "id": Column(int, "address of the subscribe"),
            "session_id": Column(int, "its connection", "sessions"),
            "uuid": Column(str, f"{_UUID}; NULL where it was refused"),
            "opened": Column(int, "when it was granted or refused"),
            "closed": Column(int, "when it ended"),
            "unsubscribed": Column(int, "1 where a request closed it, 0 where its session ended", default=0),
            "error_code": Column(bytes, "why it was refused", "error_codes"),
        },
    ),
    "subscription_items": Table(
        "what a subscription asked for",
        {
            "subscription_id": Column(int, "the subscription", "subscriptions"),
            "position": Column(int, "counts the items of the subscription, from 1"),
            "element_id": Column(int, "the element", "elements"),
            "attribute_id": Column(int, "the attribute; NULL where it asked for none", "attributes"),
        },
        ("subscription_id", "position"),
    ),
    "findings": Table(
        "a departure of the traffic from the specification",
        {
            "id": Column(int, "counts up"),
            "session_id": Column(int, "its connection", "sessions"),
            "address": Column(int, "the frame or packet; NULL at the end of a session"),
            "exchange_id": Column(int, "the exchange", "exchanges"),
            "code": Column(str, "what it is"),
            "severity": Column(str, "error, warning or info"),
            "message": Column(str, "what was seen and what is asked for"),
            "time": Column(int, "of the frame, or of the end of the session"),
        },
    ),
    "session_totals": Table(
        "how much there was in a session, in this file",
        {
            "session_id": Column(int, "the session", "sessions"),
            "requests": Column(int, "packets", default=0),
            "errors": Column(int, "exchanges answered by an error", default=0),
            "events": Column(int, "packets", default=0),
            "findings": Column(int, "findings", default=0),
        },
        "session_id",
    ),
    "element_stretches": Table(
        "that a stretch of frames has packets about an element; an index of what is dense",
        {
            "element_id": Column(int, "the element", "elements"),
            "first_frame": Column(int, "where the stretch begins", "stretches"),
        },
        ("element_id", "first_frame"),
        rowless=True,
    ),
    "stretches": Table(
        "a stretch of frames with about four thousand packets",
        {
            "first_frame": Column(int, "its first frame; it ends before the next one"),
            "packets": Column(int, "how many packets are in it", default=0),
        },
        "first_frame",
    ),
    "checkpoint": Table(
        "one row: how far the journal is indexed",
        {
            "id": Column(int, "1"),
            "frame_id": Column(int, "the last frame of which everything is indexed"),
            "session_end_id": Column(int, "the last row of session_ends"),
            "findings": Column(int, "ids given to findings so far"),
            "position": Column(
                int, "the last packet that is indexed of the frame behind it, a large one", default=0
            ),
            "counted": Column(str, "JSON: findings of that frame so far by code, those left out too"),
        },
    ),
}
"""What indexing makes of the journal; can be thrown away and rebuilt."""


class NameTable(NamedTuple):
    """A table of names of numbers. says: what its numbers are."""

    says: str
    names: Mapping[int, str]


NAME_TABLES: Final[dict[str, NameTable]] = {
    "commands": NameTable("a command by its opcode", commands.COMMAND_NAMES),
    "error_codes": NameTable("an error code", error_codes.ERROR_NAMES),
    "event_types": NameTable("an event type", identifiers.EVENT_TYPES),
    "qualities": NameTable("a quality", identifiers.QUALITIES),
    "element_categories": NameTable("an element category", identifiers.ELEMENT_CATEGORIES),
    "attribute_accesses": NameTable("an access that an attribute allows", identifiers.ATTRIBUTE_ACCESS),
    "attribute_data_types": NameTable("a data type of attributes", identifiers.ATTRIBUTE_DATA_TYPES),
}
"""Tables of number (primary key) and name, filled from those of `protocol`."""

WELL_KNOWN_ATTRIBUTES: Final = tuple(
    (number + 1, number, str(uuid), identifiers.ATTRIBUTES[number])
    for uuid, number in identifiers.ATTRIBUTE_UUIDS.items()
)
"""Rows of `attributes` that are always there: id, number, uuid, name."""

QUALITY_ID: Final = next(
    row_id for row_id, number, *_ in WELL_KNOWN_ATTRIBUTES if number == identifiers.ATTRIBUTE_QUALITY
)
"""Key of attribute Quality in every database."""

COMMAND_ERRORS: Final = Table(
    "an error code that has a name of its own as the answer to a command",
    {
        "opcode": Column(int, "the command", "commands"),
        "number": Column(int, "the error code", "error_codes"),
        "name": Column(str, "its name there"),
    },
    ("opcode", "number"),
)

# Inserts are hot: an index must serve a query that would otherwise read a whole large table.
INDEXES: Final = {
    "sessions_flow_id": (
        "CREATE UNIQUE INDEX sessions_flow_id ON sessions (flow_id) WHERE flow_id IS NOT NULL"
    ),
    "sessions_fingerprint": (
        "CREATE INDEX sessions_fingerprint ON sessions (fingerprint) WHERE fingerprint IS NOT NULL"
    ),
    "frames_time": "CREATE INDEX frames_time ON frames (time)",
    "packets_malformed": "CREATE INDEX packets_malformed ON packets (id) WHERE kind = 'malformed'",
    "exchanges_time": "CREATE INDEX exchanges_time ON exchanges (coalesce(requested, responded))",
    "exchanges_pending": "CREATE INDEX exchanges_pending ON exchanges (session_id) WHERE status = 'pending'",
    "exchanges_response": (
        "CREATE INDEX exchanges_response ON exchanges (response_id) WHERE response_id IS NOT NULL"
    ),
    "elements_uuid": "CREATE UNIQUE INDEX elements_uuid ON elements (uuid)",
    "attributes_uuid": "CREATE INDEX attributes_uuid ON attributes (uuid)",
    "subscriptions_session": "CREATE INDEX subscriptions_session ON subscriptions (session_id)",
    "subscription_items_element": (
        "CREATE INDEX subscription_items_element ON subscription_items (element_id)"
    ),
    "carried_requests_session": "CREATE INDEX carried_requests_session ON carried_requests (session_id)",
    "findings_address": "CREATE INDEX findings_address ON findings (address) WHERE address IS NOT NULL",
    "findings_exchange": (
        "CREATE INDEX findings_exchange ON findings (exchange_id) WHERE exchange_id IS NOT NULL"
    ),
    "findings_time": "CREATE INDEX findings_time ON findings (time)",
}
