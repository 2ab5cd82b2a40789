"""Tables of what indexing makes of the journal; they can be thrown away and rebuilt."""

from __future__ import annotations

from typing import Final

from xentara_inspect.store.schema import Column, Table

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
            "uuid": Column(str, "canonical text"),
            "primary_key": Column(str, "its name, once it was told"),
            "category": Column(bytes, "element category", "element_categories"),
            "learned_from": Column(
                str, "the command that told it, event, or file for a name of `given_names`"
            ),
        },
    ),
    "attributes": Table(
        "an attribute, well-known or seen",
        {
            "id": Column(int, "counts up; the well-known ones come first"),
            "number": Column(bytes, "its identifier, if it has one"),
            "uuid": Column(str, "canonical text, if it has one"),
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
            "uuid": Column(str, "canonical text; NULL where it was refused"),
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
    "habits": Table(
        "what the checks of a session's habits remember; an end that is taken back finds it again",
        {
            "session_id": Column(int, "its connection", "sessions"),
            "kind": Column(str, "the habit"),
            "subject": Column(str, "of what"),
            "state": Column(str, "JSON: an array, first the address of what changed it last"),
        },
        ("session_id", "kind", "subject"),
        rowless=True,
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
            "name_file_id": Column(int, "the last row of name_files", default=0),
            "position": Column(
                int, "the last packet that is indexed of the frame behind it, a large one", default=0
            ),
            "counted": Column(str, "JSON: findings of that frame so far by code, those left out too"),
        },
    ),
}
