"""The keys of every list, as JSON Schema: what programs may rely on. `docs/json.md` is made of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from xentara_inspect.queries.ignoring import KINDS as DIFFERENCES
from xentara_inspect.traffic.packets import Kind
from xentara_inspect.traffic.records import Origin, Severity, Status

Schema = dict[str, Any]
"""A JSON Schema, draft 2020-12."""

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def _is(says: str, *types: str, **more: Any) -> Schema:
    """A key. says: what it means; types: of JSON, with `null` where there may be nothing."""
    return {"type": types[0] if len(types) == 1 else [*types], **more, "description": says}


def _one_of(says: str, values: Iterable[str], *, null: bool = False) -> Schema:
    return {"enum": [*map(str, values), *([None] if null else [])], "description": says}


def _id(says: str, *more: str) -> Schema:
    return _is(says, "string", *more, pattern=r"^(.+:)?[0-9]+(p[0-9]+)?$")


def _text(says: str) -> Schema:
    return _is(says, "string", "null")


def _time(says: str) -> Schema:
    return _is(says, "string", "null", format="date-time")


def _milliseconds(says: str) -> Schema:
    return _is(says, "number", "null")


def _count(says: str) -> Schema:
    return _is(says, "integer", minimum=0)


def _integer(says: str) -> Schema:
    """An integer from the wire."""
    return _is(says, "integer", "string", "null")


_SESSION: Final = _is("number of its connection, as in `sessions`", "integer", "string")
_ERROR: Final = {"error_code": _integer("of the answer"), "error_name": _text("of the code, for the command")}
_ELEMENTS: Final = {"type": "array", "items": {"type": "string"}}
_LOG: Final[Schema] = {
    "kind": _one_of("what the line is", ["exchange", "event", "malformed"]),
    "id": _id("what `show` takes"),
    "session": _SESSION,
    "time": _time("of the request, or of what there is"),
    "command": _text("its name"),
    "opcode": _integer("the command's number"),
    "message_id": _integer("of the request"),
    "status": _one_of("what came of the request", Status, null=True),
    **_ERROR,
    "latency_ms": _milliseconds("from request to response"),
    "element": _text("the one that it is about: primary key if known, else UUID"),
    "elements": _ELEMENTS | {"description": "all that the request names"},
    "summary": _is("a line for people", "string"),
}
_FINDING: Final[Schema] = {
    "id": _is("number of the finding", "integer", "string"),
    "session": _is("number of its connection; null for none", "integer", "string", "null"),
    "time": _time("when it was seen"),
    "code": _is("stable, such as `hello-missing`", "string", pattern="^[a-z]+(-[a-z]+)*$"),
    "severity": _one_of("how bad it is", Severity),
    "message": _is("what was seen and what is asked for", "string"),
    "frame": _is("number of the message", "integer", "string", "null"),
    "exchange": _id("of the exchange that it is about", "null"),
}
_NAMED: Final[Schema] = {
    "type": "object",
    "properties": {"value": {"type": ["integer", "string"]}, "name": {"type": ["string", "null"]}},
    "required": ["value", "name"],
}
_PACKET: Final[Schema] = {
    "type": "object",
    "properties": {
        "type": {"enum": [kind.value for kind in Kind]},
        "message_id": {"type": ["integer", "string"]},
        "opcode": {"$ref": "#/$defs/named"},
        "parameters": {"description": "of a request; left out where there are none"},
        "result": {"description": "of a success; left out where there is none"},
        "error": {"description": "of an error; left out where there is none"},
        "event_type": {"$ref": "#/$defs/named"},
        "event": {"description": "of an event"},
        "code": _is("of the finding, where it is malformed", "string"),
        "message": _is("why it is malformed", "string"),
        "item": {"description": "of a malformed packet, as far as it could be read"},
    },
    "required": ["type"],
    "additionalProperties": False,
}
_SIDE: Final[Schema] = {
    "type": ["object", "null"],
    "properties": {
        "time": _time("when it passed"),
        "frame": _is("number of the message", "integer", "string"),
        "position": _is("of the packet, from 1; null for a whole message", "integer", "null"),
        "notation": _is("annotated", "string"),
        "decoded": {
            "anyOf": [{"$ref": "#/$defs/packet"}, {"type": "array", "items": {"$ref": "#/$defs/packet"}}]
        },
    },
    "required": ["time", "frame", "position", "notation", "decoded"],
}
_FINDING_ROW: Final[Schema] = {"type": "object", "properties": _FINDING, "required": [*_FINDING]}
_CODE: Final = {"type": "string", "pattern": "^[a-z]+(-[a-z]+)*$"}
_IDS: Final[Schema] = {"type": "array", "items": {"type": "string"}}
_DETAIL: Final[Schema] = {
    "type": "object",
    "properties": {"text": {"type": "string"}, "ids": _IDS},
    "required": ["text", "ids"],
}
_CAUSE: Final[Schema] = {
    "type": "object",
    "properties": {
        "code": _CODE | {"description": "stable: of a finding, of an error in kebab-case, or of `why` alone"},
        "summary": _is("what went wrong, a line for people", "string"),
        "specification": _is("what is asked, in our words, with the page", "string"),
        "evidence": _IDS | {"description": "what `show` takes"},
        "remedy": _is("what helps", "string"),
        "severity": _one_of("how bad it is", Severity),
        "details": {"type": "array", "items": _DETAIL, "description": "what the traffic shows, and where"},
    },
    "required": ["code", "summary", "specification", "evidence", "remedy", "severity", "details"],
}
_DEFINITIONS: Final[dict[str, Schema]] = {
    "show": {"side": _SIDE, "packet": _PACKET, "named": _NAMED, "finding": _FINDING_ROW},
    "why": {"cause": _CAUSE},
}
_SUBSCRIBED: Final[Schema] = {
    "type": "object",
    "properties": {"element": {"type": "string"}, "attributes": _ELEMENTS},
    "required": ["element", "attributes"],
}

LISTS: Final[dict[str, Schema]] = {
    "sessions": {
        "id": _is("its number", "integer", "string"),
        "client": _text("address and port"),
        "server": _text("address and port"),
        "path": _text("of the upgrade request, without its query"),
        "subprotocol": _text("that the server chose"),
        "user": _text("name only: of HTTP, else what the server said when asked"),
        "opened": _time("when it began"),
        "closed": _time("when it ended; null while it is open"),
        "close_code": _is("of the close frame", "integer", "null"),
        "close_reason": _text("of the close frame, or why its end is presumed"),
        "closed_by": _one_of("who closed it, where that is known", ["client", "server"], null=True),
        "refused": _text("HTTP status or reason, where there never was a connection"),
        "source": _text("live, or the file it was read from"),
        "frames": _count("messages"),
        "requests": _count("packets"),
        "errors": _count("requests answered by an error"),
        "events": _count("packets"),
        "findings": _count("findings"),
        "dropped": _count("messages that could not be kept"),
        "duration_ms": _milliseconds("how long it was open"),
        "user_agent": _text("of the upgrade request"),
        "origin": _text("of the upgrade request"),
        "requests_per_s": _is("over the time that it was open", "number", "null"),
        "events_per_s": _is("over the time that it was open", "number", "null"),
    },
    "log": _LOG,
    "show": _LOG
    | {
        "kind": _one_of("what it is", ["exchange", "event", "malformed", "frame"]),
        "request": {"$ref": "#/$defs/side", "description": "what the client sent"},
        "response": {"$ref": "#/$defs/side", "description": "what the server sent, events too"},
        "findings": {"type": "array", "items": {"$ref": "#/$defs/finding"}, "description": "of any of it"},
    },
    "why": {
        "id": _is("what was asked about: an ID as `show` takes it, `session:3`, `finding:7`", "string"),
        "about": _is("what that is, a line for people", "string"),
        "causes": {
            "type": "array",
            "items": {"$ref": "#/$defs/cause"},
            "description": "the first one first to look at; none where nothing went wrong",
        },
    },
    "events": {
        "id": _id("what `show` takes"),
        "session": _SESSION,
        "time": _time("when it passed"),
        "source_time": _time("when the value came about, as the server says"),
        "event_type": _is("its name, else its number", "string", "integer", "null"),
        "element": _text("primary key if known, else UUID"),
        "values": _is("by the attribute's name; in place of a value, {error_code, error_name}", "object"),
        "subscription": _id("of the subscription that it came for, as in `subscriptions`", "null"),
        "summary": _is("a line for people", "string"),
    },
    "readings": {
        "packet": _id("where it stood; what `show` takes"),
        "session": _SESSION,
        "time": _time("when it passed"),
        "source_time": _time("when the value came about, as the server says"),
        "element": _text("primary key if known, else UUID"),
        "attribute": _is("its name, else number or UUID", "string"),
        "value": {"description": "exact; compound values in notation, null for an error"},
        "value_kind": _is("`integer`, `float`, `boolean`, `text`, `time`, `error`, …", "string"),
        "quality": _integer("0 good, 1 acceptable, 2 unreliable, 3 bad"),
        "error_code": _integer("in place of the value, or why it was not written"),
        "error_name": _text("of the code"),
        "origin": _one_of("where it was seen", Origin),
    },
    "subscriptions": {
        "id": _id("of the subscribe; what `show` takes"),
        "session": _SESSION,
        "uuid": _text("that the server gave; null where it refused"),
        "elements": {"type": "array", "items": _SUBSCRIBED, "description": "what was asked for"},
        "opened": _time("when it was granted or refused"),
        "closed": _time("when it ended; null while it is open"),
        "status": _one_of("how it stands", ["open", "closed", "refused"]),
        **_ERROR,
        "maximum_update_rate_ms": _integer("asked for: no more often than so"),
        "minimum_update_rate_ms": _integer("asked for: no less often than so"),
    },
    "stats": {
        "command": _is("its name", "string"),
        "count": _count("requests"),
        "ok": _count("answered by a result"),
        "errors": _count("answered by an error"),
        "unanswered": _count("never answered"),
        **{
            f"{name}_ms": _milliseconds(f"latency: {says}")
            for name, says in (("p50", "median"), ("p95", "95 %"), ("p99", "99 %"), ("max", "the longest"))
        },
        "request_bytes": _count("of the packets"),
        "response_bytes": _count("of the packets"),
        "slowest": _id("of the exchange with the longest latency; what `show` takes", "null"),
        "latency_over_time": {
            "type": "array",
            "items": {"type": ["number", "null"]},
            "description": "means (ms) in twenty equal spans of time; null without an answer",
        },
        "percentiles": _is("`exact`, or how near they are", "string"),
    },
    "findings": _FINDING,
    "status": {
        "database": _is("path of the recording's first file", "string"),
        "healthy": _is("whether it goes on as it should; the exit code is 1 where one does not", "boolean"),
        "reasons": {"type": "array", "items": {"type": "string"}, "description": "why not, for people"},
        "recorders": _count("recorders at work"),
        "last_commit": _time("when it was last written; at least once a second while somebody records"),
        "last_commit_age_s": _is("seconds since", "number", "null"),
        "files": _count("files of the recording that are there"),
        "size_bytes": _count("of these"),
        "free_disk_bytes": _is("where they are", "integer", "null"),
        "sessions": _count("connections"),
        "open_sessions": _count("of these, open now"),
        "failed_connections": _count("of these, those that never came about"),
        "frames": _count("messages"),
        "last_frame": _time("when the newest message passed"),
        "behind": _count("messages that are not decoded yet"),
        "dropped": _count("messages that could not be kept"),
        "set_aside": _count("messages that could not be decoded"),
        "cut": _count("messages of which only the beginning is kept"),
    },
    "diff": {
        "kind": _one_of("what differs; `missing` is in A only, `extra` in B only", DIFFERENCES),
        "a": _id("of the exchange or event in A; what `show` takes", "null"),
        "b": _id("of the exchange or event in B; what `show` takes", "null"),
        "command": _text("its name, else its number; null for events, connections and what is malformed"),
        "element": _text("the one that it is about: primary key if known, else UUID"),
        "detail": _is("what differs, from A to B: a line for people", "string"),
    },
    "elements": {
        "uuid": _is("canonical", "string", format="uuid"),
        "primary_key": _text("its name, where it is known"),
        "category": _is("its name, else its number", "string", "integer", "null"),
        "learned_from": _text("command whose traffic told it, `event`, or `file`"),
    },
    "names": {
        "uuid": _is("canonical", "string", format="uuid"),
        "name": _is("primary key", "string"),
        "source": _is("`traffic`, or the name of a file", "string"),
        "otherwise": _text("what a file calls it, where the traffic says otherwise"),
    },
}
"""By the command that prints them, the keys of a row in their order."""


def schema_of(command: str) -> Schema:
    """The JSON Schema of what a command prints with `--json`."""
    keys = LISTS[command]
    row = {"type": "object", "properties": keys, "required": [*keys]}
    schema = {"$schema": DIALECT, "title": command, "type": "array", "items": row}
    return schema | ({"$defs": _DEFINITIONS[command]} if command in _DEFINITIONS else {})
