"""`events` and `readings`: what servers pushed, and every attribute value that was seen."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from xentara_inspect.protocol import commands, identifiers
from xentara_inspect.queries import summaries
from xentara_inspect.queries.carried import continued
from xentara_inspect.queries.databases import Asked, Part, Recording, recording_of
from xentara_inspect.queries.elements import WantedElement
from xentara_inspect.queries.merge import Keyed, merged
from xentara_inspect.queries.parsed_frames import Messages
from xentara_inspect.queries.values import (
    Row,
    attribute_name,
    clear_errors,
    element_name,
    error_name,
    iso_time,
    json_integer,
    reading_json,
)
from xentara_inspect.queries.where import Where, newest
from xentara_inspect.queries.words import attribute_text
from xentara_inspect.store.columns import loaded_integer
from xentara_inspect.traffic.names import Names
from xentara_inspect.traffic.records import Origin

EVENT_KEYS: Final = (
    "id", "session", "time", "source_time", "event_type", "element", "values", "summary",
)  # fmt: skip
READING_KEYS: Final = (
    "id", "session", "time", "source_time", "element", "attribute", "value", "value_kind", "quality",
    "error_code", "error_name", "origin",
)  # fmt: skip

_EVENTS: Final = """
    SELECT v.id AS id, v.time AS time, packet_id, v.session_id, source_time, event_type, element, frame_id,
           position
    FROM events v JOIN packets p ON p.id = packet_id"""
_READINGS: Final = """
    SELECT r.id AS id, r.time AS time, r.session_id, source_time, element, attribute, value, value_kind,
           quality, error_code, origin, frame_id, position, p.opcode, r.packet_id
    FROM readings r JOIN packets p ON p.id = packet_id"""


def events(
    asked: Asked,
    *,
    limit: int = 50,
    session: int | str | None = None,
    element: str | None = None,
    since: int | None = None,
    until: int | None = None,
) -> Iterator[Row]:
    """Rows with `EVENT_KEYS`, oldest first: the newest `limit`, 0 for all. Raises StoreError.

    values: by the attribute's name; an error in place of a value is an object with its code and name.
    """
    recording = recording_of(asked)
    lists = [
        _events(part, where, recording.names, limit)
        for part, where in _asked(recording, "v.", session, element, since, until)
    ]
    yield from merged(lists, limit)


@clear_errors
def _events(part: Part, where: Where, names: Names, limit: int) -> Iterator[Keyed]:
    messages = Messages(part.connection)
    for row in part.connection.execute(newest(_EVENTS, where, "time, id", limit), where.parameters):
        row_id, time, packet, session_id, source_time, event_type, uuid, frame, position = row
        shown = messages.shown(frame, position)
        number = loaded_integer(event_type)
        yield (
            (time, part.index, row_id),
            {
                "id": part.packet_name(frame, position),
                "session": part.session_name(session_id),
                "time": iso_time(time),
                "source_time": iso_time(source_time),
                "event_type": identifiers.EVENT_TYPES.get(number if number is not None else -1)
                or json_integer(event_type),
                "element": element_name(uuid, names),
                "values": _values(part, packet, names),
                "summary": summaries.of_event(shown, names) if shown is not None else "",
            },
        )


def _values(part: Part, packet: int, names: Names) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for attribute, element, value, kind, code in part.connection.execute(
        "SELECT attribute, element, value, value_kind, error_code FROM readings"
        " WHERE packet_id = ? ORDER BY id",
        (packet,),
    ):
        name = attribute_name(attribute, element, names)
        if name in values:  # two attributes of one name, or one attribute twice
            name = f"{name} ({attribute})"
        if kind == "error":
            error = error_name(code, commands.READ)
            values[name] = {"error_code": json_integer(code), "error_name": error}
        else:
            values[name] = reading_json(value, kind)
    return values


def readings(
    asked: Asked,
    *,
    limit: int = 50,
    session: int | str | None = None,
    element: str | None = None,
    attribute: str | None = None,
    origin: str | None = None,
    since: int | None = None,
    until: int | None = None,
) -> Iterator[Row]:
    """Rows with `READING_KEYS`, oldest first: the newest `limit`, 0 for all. Raises StoreError.

    attribute: by name, number or UUID. origin: event, read or write.
    """
    recording = recording_of(asked)
    later = continued(recording)
    lists = []
    for part, where in _asked(recording, "r.", session, element, since, until):
        if attribute is not None:
            where.one_of("r.attribute", _attributes_called(attribute, recording.names))
        where.equal("r.origin", origin)
        lists.append(_readings(part, where, recording.names, later[part.index].refused, limit))
    yield from merged(lists, limit)


@clear_errors
def _readings(
    part: Part, where: Where, names: Names, refused: Mapping[int, int | str], limit: int
) -> Iterator[Keyed]:
    for row in part.connection.execute(newest(_READINGS, where, "time, id", limit), where.parameters):
        row_id, time, session_id, source_time, uuid, key, value, kind, quality, code, source, *at = row
        frame, position, opcode, packet = at
        code = refused.get(packet, code) if source == Origin.WRITE else code
        yield (
            (time, part.index, row_id),
            {
                "id": part.packet_name(frame, position),
                "session": part.session_name(session_id),
                "time": iso_time(time),
                "source_time": iso_time(source_time),
                "element": element_name(uuid, names),
                "attribute": attribute_name(key, uuid, names),
                "value": reading_json(value, kind),
                "value_kind": kind,
                "quality": json_integer(quality),
                "error_code": json_integer(code),
                "error_name": error_name(code, opcode if opcode is not None else commands.READ),
                "origin": source,
            },
        )


def _attributes_called(wanted: str, names: Names) -> list[int | str]:
    """Columns' values of the attributes that a name, number or UUID may mean."""
    lowered = wanted.strip().lower()
    called: list[int | str] = [
        number for number, name in identifiers.ATTRIBUTES.items() if lowered in (name.lower(), str(number))
    ]
    called += [str(uuid) for uuid, number in identifiers.ATTRIBUTE_UUIDS.items() if number in called]
    if re.fullmatch(r"-?[0-9]{1,40}", lowered):
        called.append(int(lowered))
    else:
        called.append(lowered)
    uuids = {key for (_, key), name in names.attributes.items() if name.lower() == lowered}
    return called + [_text(uuid) for uuid in uuids]


def _text(uuid: bytes) -> str:
    return attribute_text(uuid, Names()) if uuid else ""


def _asked(
    recording: Recording,
    prefix: str,
    session: int | str | None,
    element: str | None,
    since: int | None,
    until: int | None,
) -> Iterator[tuple[Part, Where]]:
    uuids = WantedElement(element, recording.names).uuids if element is not None else None
    for part, sessions in recording.asked_for(session):
        where = Where()
        where.one_of(f"{prefix}session_id", sessions)
        where.between(f"{prefix}time", since, until)
        where.one_of(f"{prefix}element", uuids)
        yield part, where
