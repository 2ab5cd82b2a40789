"""Tables of what was seen: never changed by indexing, never to be thrown away."""

from __future__ import annotations

from typing import Final

from xentara_inspect.store.schema import Column, Table

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
            "troubles": Column(str, "what is wrong as of its heartbeat, a line each; NULL where nothing is"),
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
    "name_files": Table(
        "a file of names that was read in, placed among the frames, so that a rebuild repeats what it says",
        {
            "id": Column(int, "counts up"),
            "source": Column(str, "name of the file"),
            "time": Column(int, "when"),
            "after_frame": Column(int, "the last frame before"),
            "after_end": Column(int, "the last row of session_ends before"),
            "carried": Column(int, "1 where that was in a file before of the recording", default=0),
        },
    ),
    "given_names": Table(
        "what such a file calls an element, where that was news; the latest file counts, and only where the"
        " traffic tells no name",
        {
            "uuid": Column(str, "canonical text"),
            "file_id": Column(int, "the file", "name_files"),
            "name": Column(str, "primary key of the element"),
        },
        ("uuid", "file_id"),
        rowless=True,
    ),
    "carried_elements": Table(
        "an element known at the end of the file before, so that this one can be indexed without it",
        {
            "id": Column(int, "as in `elements`"),
            "uuid": Column(str, "canonical text"),
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
            "uuid": Column(str, "canonical text"),
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
    "carried_habits": Table(
        "a row of `habits` at the end of the file before",
        {
            "session_id": Column(int, "its connection", "sessions"),
            "kind": Column(str, "the habit"),
            "subject": Column(str, "of what"),
            "state": Column(str, "as in `habits`"),
        },
        ("session_id", "kind", "subject"),
        rowless=True,
    ),
}
