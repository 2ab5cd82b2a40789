"""The other lists: sessions, events, readings, elements, subscriptions, findings."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from typing import Any, Final

from xentara_inspect import protocol, summaries
from xentara_inspect.names import Names
from xentara_inspect.store.column_values import loaded_integer
from xentara_inspect.store.messages import Messages
from xentara_inspect.store.query_filters import Where, newest
from xentara_inspect.store.query_values import (
    Row,
    attribute_name,
    clear_errors,
    element_name,
    elements_called,
    error_name,
    iso_time,
    json_integer,
    reading_json,
)
from xentara_inspect.store.resume import load_names
from xentara_inspect.summary_values import attribute_text

SESSION_KEYS: Final = (
    "id", "client", "server", "path", "subprotocol", "user", "opened", "closed", "close_code",
    "close_reason", "source", "frames", "requests", "errors", "events", "findings", "dropped",
)  # fmt: skip
EVENT_KEYS: Final = (
    "id", "session", "time", "source_time", "event_type", "element", "values", "summary",
)  # fmt: skip
READING_KEYS: Final = (
    "id", "session", "time", "source_time", "element", "attribute", "value", "value_kind", "quality",
    "error_code", "error_name", "origin",
)  # fmt: skip
ELEMENT_KEYS: Final = ("uuid", "primary_key", "category", "learned_from")
SUBSCRIPTION_KEYS: Final = ("id", "session", "uuid", "elements", "opened", "closed")
FINDING_KEYS: Final = ("id", "session", "time", "code", "severity", "message", "frame", "exchange")

_SESSIONS: Final = """
    SELECT id, client, server, path, subprotocol, user, opened, closed, close_code, close_reason, source,
           frame_count, coalesce(requests, 0), coalesce(errors, 0), coalesce(events, 0),
           coalesce(findings, 0), dropped
    FROM sessions
    LEFT JOIN (SELECT session_id, sum(request_id IS NOT NULL) AS requests, sum(status = 'error') AS errors
               FROM exchanges GROUP BY session_id) e ON e.session_id = sessions.id
    LEFT JOIN (SELECT session_id, count(*) AS events FROM events GROUP BY session_id) v
      ON v.session_id = sessions.id
    LEFT JOIN (SELECT session_id, count(*) AS findings FROM findings GROUP BY session_id) f
      ON f.session_id = sessions.id
    ORDER BY opened, id"""
_EVENTS: Final = """
    SELECT v.id AS id, v.time AS time, packet_id, v.session_id, source_time, event_type, element, frame_id,
           position
    FROM events v JOIN packets p ON p.id = packet_id"""
_READINGS: Final = """
    SELECT r.id AS id, r.time AS time, r.session_id, source_time, element, attribute, value, value_kind,
           quality, error_code, origin, frame_id, position, p.opcode
    FROM readings r JOIN packets p ON p.id = packet_id"""
_FINDINGS: Final = """
    SELECT n.id AS id, n.time AS time, n.session_id, n.code, n.severity, n.message,
           coalesce(n.frame_id, p.frame_id), first.frame_id, first.position
    FROM findings n
    LEFT JOIN packets p ON p.id = n.packet_id
    LEFT JOIN exchanges e ON e.id = n.exchange_id
    LEFT JOIN packets first ON first.id = coalesce(e.request_id, e.response_id)"""


@clear_errors
def sessions(connection: sqlite3.Connection) -> Iterator[Row]:
    """Rows with `SESSION_KEYS`, oldest first. Raises StoreError."""
    for row in connection.execute(_SESSIONS):
        session = dict(zip(SESSION_KEYS, row, strict=True))
        yield session | {"opened": iso_time(session["opened"]), "closed": iso_time(session["closed"])}


@clear_errors
def events(
    connection: sqlite3.Connection,
    *,
    limit: int = 50,
    session: int | None = None,
    element: str | None = None,
    since: int | None = None,
    until: int | None = None,
) -> Iterator[Row]:
    """Rows with `EVENT_KEYS`, oldest first: the newest `limit`, 0 for all. Raises StoreError.

    values: by the attribute's name; an error in place of a value is an object with its code and name.
    """
    where = _where(connection, "v.", session, element, since, until)
    names = load_names(connection)
    messages = Messages(connection)
    for row in connection.execute(newest(_EVENTS, where, "time, id", limit), where.parameters):
        _, time, packet, session_id, source_time, event_type, uuid, frame, position = row
        shown = messages.shown(frame, position)
        number = loaded_integer(event_type)
        yield {
            "id": f"{frame}.{position}",
            "session": session_id,
            "time": iso_time(time),
            "source_time": iso_time(source_time),
            "event_type": protocol.EVENT_TYPES.get(number if number is not None else -1)
            or json_integer(event_type),
            "element": element_name(uuid, names),
            "values": _values(connection, packet, names),
            "summary": summaries.of_event(shown, names) if shown is not None else "",
        }


def _values(connection: sqlite3.Connection, packet: int, names: Names) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for attribute, element, value, kind, code in connection.execute(
        "SELECT attribute, element, value, value_kind, error_code FROM readings"
        " WHERE packet_id = ? ORDER BY id",
        (packet,),
    ):
        name = attribute_name(attribute, element, names)
        if name in values:  # two attributes of one name, or one attribute twice
            name = f"{name} ({attribute})"
        if kind == "error":
            error = error_name(code, protocol.READ)
            values[name] = {"error_code": json_integer(code), "error_name": error}
        else:
            values[name] = reading_json(value, kind)
    return values


@clear_errors
def readings(
    connection: sqlite3.Connection,
    *,
    limit: int = 50,
    session: int | None = None,
    element: str | None = None,
    attribute: str | None = None,
    origin: str | None = None,
    since: int | None = None,
    until: int | None = None,
) -> Iterator[Row]:
    """Rows with `READING_KEYS`, oldest first: the newest `limit`, 0 for all. Raises StoreError.

    attribute: by name, number or UUID. origin: event, read or write.
    """
    where = _where(connection, "r.", session, element, since, until)
    names = load_names(connection)
    if attribute is not None:
        where.one_of("r.attribute", _attributes_called(attribute, names))
    where.equal("r.origin", origin)
    for row in connection.execute(newest(_READINGS, where, "time, id", limit), where.parameters):
        _, time, session_id, source_time, uuid, key, value, kind, quality, code, source, *at = row
        frame, position, opcode = at
        yield {
            "id": f"{frame}.{position}",
            "session": session_id,
            "time": iso_time(time),
            "source_time": iso_time(source_time),
            "element": element_name(uuid, names),
            "attribute": attribute_name(key, uuid, names),
            "value": reading_json(value, kind),
            "value_kind": kind,
            "quality": json_integer(quality),
            "error_code": json_integer(code),
            "error_name": error_name(code, opcode if opcode is not None else protocol.READ),
            "origin": source,
        }


def _attributes_called(wanted: str, names: Names) -> list[int | str]:
    """Columns' values of the attributes that a name, number or UUID may mean."""
    lowered = wanted.strip().lower()
    called: list[int | str] = [
        number for number, name in protocol.ATTRIBUTES.items() if lowered in (name.lower(), str(number))
    ]
    called += [str(uuid) for uuid, number in protocol.ATTRIBUTE_UUIDS.items() if number in called]
    if lowered.lstrip("-").isdigit():
        called.append(int(lowered))
    else:
        called.append(lowered)
    uuids = {key for (_, key), name in names.attributes.items() if name.lower() == lowered}
    return called + [_text(uuid) for uuid in uuids]


def _text(uuid: bytes) -> str:
    return attribute_text(uuid, Names()) if uuid else ""


@clear_errors
def elements(connection: sqlite3.Connection) -> Iterator[Row]:
    """Rows with `ELEMENT_KEYS`, by primary key, those without at the end. Raises StoreError."""
    for uuid, primary_key, category, learned_from in connection.execute(
        "SELECT uuid, primary_key, category, learned_from FROM elements"
        " ORDER BY primary_key IS NULL, primary_key, uuid"
    ):
        number = loaded_integer(category)
        name = protocol.ELEMENT_CATEGORIES.get(number) if number is not None else None
        values = (uuid, primary_key, name or json_integer(category), learned_from)
        yield dict(zip(ELEMENT_KEYS, values, strict=True))


@clear_errors
def subscriptions(connection: sqlite3.Connection, *, session: int | None = None) -> Iterator[Row]:
    """Rows with `SUBSCRIPTION_KEYS`, oldest first. Raises StoreError.

    elements: objects with `element` and `attributes`, by name where that is known.
    """
    where = Where()
    where.equal("session_id", session)
    names = load_names(connection)
    for row_id, session_id, uuid, stored, opened, closed in connection.execute(
        "SELECT id, session_id, uuid, elements, opened, closed FROM subscriptions"  # noqa: S608
        f"{where.sql} ORDER BY opened, id",
        where.parameters,
    ):
        subscribed = [
            {
                "element": element_name(entry["element"], names),
                "attributes": [attribute_name(key, entry["element"], names) for key in entry["attributes"]],
            }
            for entry in json.loads(stored)
        ]
        values = (row_id, session_id, uuid, subscribed, iso_time(opened), iso_time(closed))
        yield dict(zip(SUBSCRIPTION_KEYS, values, strict=True))


@clear_errors
def findings(
    connection: sqlite3.Connection,
    *,
    session: int | None = None,
    code: str | None = None,
    severity: str | None = None,
) -> Iterator[Row]:
    """Rows with `FINDING_KEYS`, oldest first. Raises StoreError."""
    where = Where()
    where.equal("n.session_id", session)
    where.equal("n.code", code)
    where.equal("n.severity", severity)
    yield from found(connection, where)


def found(connection: sqlite3.Connection, where: Where) -> Iterator[Row]:
    """Rows with `FINDING_KEYS` for conditions on findings `n`. Raises sqlite3.Error."""
    for row in connection.execute(newest(_FINDINGS, where, "time, id", 0), where.parameters):
        row_id, time, session_id, said_code, said_severity, message, frame, first, position = row
        yield {
            "id": row_id,
            "session": session_id,
            "time": iso_time(time),
            "code": said_code,
            "severity": said_severity,
            "message": message,
            "frame": frame,
            "exchange": f"{first}.{position}" if first is not None else None,
        }


def _where(
    connection: sqlite3.Connection,
    prefix: str,
    session: int | None,
    element: str | None,
    since: int | None,
    until: int | None,
) -> Where:
    where = Where()
    where.equal(f"{prefix}session_id", session)
    where.between(f"{prefix}time", since, until)
    where.one_of(f"{prefix}element", elements_called(connection, element) if element is not None else None)
    return where
