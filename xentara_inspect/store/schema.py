"""Tables, indexes and views of the database, as data.

Columns declared `bytes` become BLOB columns, which have no affinity: they keep whatever type is put
into them. That is what integers from the wire need (see `integers`), besides real byte strings.
Times are nanoseconds since 1970 UTC; a time that a packet carries is an integer from the wire too.
"""

from __future__ import annotations

from typing import Final, NamedTuple

APPLICATION_ID: Final = 0x58_4E_54_52  # "XNTR"
"""What `PRAGMA application_id` says of our databases, and of no other program's."""

SCHEMA_VERSION: Final = 2
"""`PRAGMA user_version` once all migrations of this release are applied."""


class Table(NamedTuple):
    """A table. columns: type by name. foreign_keys: (column, table) pairs, each to its primary key."""

    columns: dict[str, type]
    primary_key: str | tuple[str, ...]
    foreign_keys: tuple[tuple[str, str], ...] = ()
    defaults: dict[str, int] | None = None


JOURNAL_TABLES: Final[dict[str, Table]] = {
    # A process that records. process: what tells it from a later one with the same pid.
    # follows: whether it goes on in the next file of the chain; continued: whether it was to.
    # feed: what tells it whose frames it records, where another process may take its place; operation:
    # the number of the last thing of that feed that is in the database.
    "recorders": Table(
        {
            "id": int, "pid": int, "host": str, "process": str, "started": int, "heartbeat": int,
            "stopped": int, "dropped": int, "follows": int, "continued": int, "feed": str, "operation": int,
        },
        "id",
        defaults={"dropped": 0, "follows": 0, "continued": 0, "operation": 0},
    ),
    # flow_id: mitmproxy's, or NULL. fingerprint: hash of what opened it, where there is no flow id.
    # continues, continued: whether it began in the file before, goes on in the next one (with the
    # same id); greeted: whether its client_hello was granted in a file before.
    "sessions": Table(
        {
            "id": int, "client": str, "server": str, "path": str, "subprotocol": str, "user": str,
            "opened": int, "closed": int, "close_code": int, "close_reason": str, "source": str,
            "dropped": int, "frame_count": int, "flow_id": str, "fingerprint": str, "recorder_id": int,
            "continues": int, "continued": int, "greeted": int,
        },
        "id",
        (("recorder_id", "recorders"),),
        {"dropped": 0, "frame_count": 0, "continues": 0, "continued": 0, "greeted": 0},
    ),
    "frames": Table(
        {
            "id": int, "session_id": int, "time": int, "from_client": int, "is_text": int,
            "payload": bytes, "redacted": int,
        },
        "id",
        (("session_id", "sessions"),),
    ),
    # When sessions ended, in order and placed among the frames, so that a rebuild repeats it.
    # reopened: frames came after an end that had been presumed.
    "session_ends": Table(
        {"id": int, "session_id": int, "after_frame": int, "time": int, "reopened": int},
        "id",
        (("session_id", "sessions"),),
        {"reopened": 0},
    ),
    # One row, once a recorder began the file: its place among those of one long recording.
    # continues, continued_in: names of the files before and after, in the same directory. carried:
    # whether what is below is there. last_session: the last id given to a session in files before.
    "chain": Table(
        {
            "id": int, "number": int, "started": int, "continues": str, "continued_in": str,
            "carried": int, "last_session": int,
        },
        "id",
        defaults={"carried": 0, "last_session": 0},
    ),
    # What was known at the end of the file before, so that this one can be indexed without it.
    "carried_elements": Table(
        {"uuid": str, "primary_key": str, "category": bytes, "learned_from": str},
        "uuid",
    ),
    "carried_attributes": Table(
        {"element": str, "attribute": bytes, "name": str, "access": bytes, "data_type": bytes},
        ("element", "attribute"),
    ),
    "carried_subscriptions": Table(
        {"id": int, "session_id": int, "uuid": str, "elements": str, "opened": int},
        "id",
        (("session_id", "sessions"),),
    ),
    # A request without an answer so far. file, frame_id, position: where it was recorded;
    # packet: its bytes, without the rest of the frame.
    "carried_requests": Table(
        {
            "id": int, "session_id": int, "file": str, "frame_id": int, "position": int,
            "from_client": int, "requested": int, "packet": bytes,
        },
        "id",
        (("session_id", "sessions"),),
    ),
}  # fmt: skip
"""What was seen: never changed by indexing, never to be thrown away."""

DERIVED_TABLES: Final[dict[str, Table]] = {
    "packets": Table(
        {
            "id": int, "frame_id": int, "position": int, "kind": str, "message_id": bytes,
            "opcode": bytes, "command": str, "notation": str,
        },
        "id",
        (("frame_id", "frames"),),
    ),
    # time: requested, or responded where there is no request. carried_id: a request that was recorded
    # in a file before has no packet here; such an exchange is there once it is answered or over.
    "exchanges": Table(
        {
            "id": int, "session_id": int, "message_id": bytes, "opcode": bytes, "command": str,
            "element": str, "status": str, "error_code": bytes, "error_text": str, "requested": int,
            "responded": int, "latency": int, "request_id": int, "response_id": int, "time": int,
            "carried_id": int,
        },
        "id",
        (
            ("session_id", "sessions"),
            ("request_id", "packets"),
            ("response_id", "packets"),
            ("carried_id", "carried_requests"),
        ),
    ),
    "events": Table(
        {
            "id": int, "session_id": int, "packet_id": int, "time": int, "source_time": bytes,
            "event_type": bytes, "element": str,
        },
        "id",
        (("session_id", "sessions"), ("packet_id", "packets")),
    ),
    "readings": Table(
        {
            "id": int, "session_id": int, "packet_id": int, "time": int, "source_time": bytes,
            "element": str, "attribute": bytes, "value": bytes, "value_kind": str, "quality": bytes,
            "error_code": bytes, "origin": str,
        },
        "id",
        (("session_id", "sessions"), ("packet_id", "packets")),
    ),
    "elements": Table(
        {"uuid": str, "primary_key": str, "category": bytes, "learned_from": str},
        "uuid",
    ),
    "attributes": Table(
        {"element": str, "attribute": bytes, "name": str, "access": bytes, "data_type": bytes},
        ("element", "attribute"),
    ),
    # elements: JSON, [{"element": UUID, "attributes": [identifier or UUID, …]}, …].
    # unsubscribed: 1 where a request closed it, 0 where it ended with its session. carried_id: set
    # where it was opened in a file before.
    "subscriptions": Table(
        {
            "id": int, "session_id": int, "uuid": str, "elements": str, "opened": int, "closed": int,
            "unsubscribed": int, "carried_id": int,
        },
        "id",
        (("session_id", "sessions"), ("carried_id", "carried_subscriptions")),
        {"unsubscribed": 0},
    ),
    # time: that of the frame, or of the end of the session.
    "findings": Table(
        {
            "id": int, "session_id": int, "frame_id": int, "packet_id": int, "exchange_id": int,
            "code": str, "severity": str, "message": str, "time": int,
        },
        "id",
        (
            ("session_id", "sessions"),
            ("frame_id", "frames"),
            ("packet_id", "packets"),
            ("exchange_id", "exchanges"),
        ),
    ),
    # One row: the last frame and session end that are indexed, and the ids given out so far.
    "checkpoint": Table(
        {
            "id": int, "frame_id": int, "session_end_id": int, "packets": int, "exchanges": int,
            "events": int, "readings": int, "subscriptions": int, "findings": int,
        },
        "id",
    ),
}  # fmt: skip
"""What indexing makes of the journal; can be thrown away and rebuilt."""

# Inserts are hot: an index must serve a query that would otherwise read a whole large table.
INDEXES: Final = (
    "CREATE UNIQUE INDEX sessions_flow_id ON sessions (flow_id) WHERE flow_id IS NOT NULL",
    "CREATE INDEX sessions_fingerprint ON sessions (fingerprint) WHERE fingerprint IS NOT NULL",
    "CREATE INDEX frames_session_id ON frames (session_id)",
    "CREATE INDEX packets_frame_id ON packets (frame_id)",
    "CREATE INDEX packets_malformed ON packets (frame_id) WHERE kind = 'malformed'",
    "CREATE INDEX exchanges_time ON exchanges (time)",
    "CREATE INDEX exchanges_session_id ON exchanges (session_id, time)",
    "CREATE INDEX exchanges_pending ON exchanges (session_id) WHERE status = 'pending'",
    "CREATE INDEX exchanges_carried_id ON exchanges (carried_id) WHERE carried_id IS NOT NULL",
    "CREATE INDEX carried_requests_session_id ON carried_requests (session_id)",
    "CREATE INDEX exchanges_request_id ON exchanges (request_id)",
    "CREATE INDEX exchanges_response_id ON exchanges (response_id)",
    "CREATE INDEX events_time ON events (time)",
    "CREATE INDEX events_session_id ON events (session_id, time)",
    "CREATE INDEX readings_time ON readings (time)",
    "CREATE INDEX readings_packet_id ON readings (packet_id)",
    "CREATE INDEX subscriptions_session_id ON subscriptions (session_id)",
    "CREATE INDEX findings_session_id ON findings (session_id)",
    "CREATE INDEX findings_frame_id ON findings (frame_id) WHERE frame_id IS NOT NULL",
    "CREATE INDEX findings_packet_id ON findings (packet_id) WHERE packet_id IS NOT NULL",
    "CREATE INDEX findings_exchange_id ON findings (exchange_id) WHERE exchange_id IS NOT NULL",
)
