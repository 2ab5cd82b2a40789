"""Attribute values out of events, read results and write requests."""

from __future__ import annotations

from typing import Final

from xentara_inspect import cbor
from xentara_inspect.cbor import Item
from xentara_inspect.protocol import commands, identifiers, objects
from xentara_inspect.protocol.shape_types import Object
from xentara_inspect.traffic.fields import entries, number, text, uuid
from xentara_inspect.traffic.records import AttributeKey, Origin, PacketRecord, Reading
from xentara_inspect.traffic.time_points import time_point_ns
from xentara_inspect.traffic.values import attribute_key, reading_value

_ATTRIBUTE_NUMBERS: Final = {known.bytes: index for known, index in identifiers.ATTRIBUTE_UUIDS.items()}
_WRITE: Final[Object] = commands.COMMANDS[commands.WRITE].parameters or Object("", ())


def attribute_number(attribute: AttributeKey) -> AttributeKey:
    """A well-known attribute's identifier, whether named by it or by its UUID; others as they are."""
    return _ATTRIBUTE_NUMBERS.get(attribute, attribute) if isinstance(attribute, bytes) else attribute


def of_attributes(
    record: PacketRecord,
    payload: bytes,
    attributes: Item,
    element: bytes | None,
    origin: Origin,
    event_time: int | None = None,
) -> list[Reading]:
    """The readings of a map of attribute values (event object key 2, read result).

    source_time: the event's, else the value of Source Time in the same map. quality: the value of
    Quality in the same map, for all of them. Entries that are not tagged 121 or 122 are no values.
    """
    readings: list[Reading] = []
    quality: int | None = None
    source_time = event_time
    children = attributes.children
    for index in range(0, len(children) - 1, 2):
        attribute = attribute_key(children[index])
        tagged = children[index + 1]
        if attribute is None or tagged.kind != cbor.TAG:
            continue
        content = tagged.children[0]
        if tagged.value == identifiers.TAG_ALTERNATIVE_0:
            value, kind = reading_value(content, payload)
            known = attribute_number(attribute)
            if known == identifiers.ATTRIBUTE_QUALITY:
                quality = cbor.integer(content)
            elif known == identifiers.ATTRIBUTE_SOURCE_TIME and event_time is None:
                source_time = time_point_ns(content)
            code = None
        elif tagged.value == identifiers.TAG_ALTERNATIVE_1:
            value, kind, code = None, "error", error_object(content)[0]
        else:
            continue
        readings.append(Reading(record, element, attribute, value, kind, None, None, code, origin))
    for reading in readings:
        reading.quality = quality
        reading.source_time = source_time
    return readings


def of_write(record: PacketRecord, payload: bytes) -> list[Reading]:
    """The reading of a write request: what it wants to write."""
    named = entries(record.packet.body, _WRITE)
    identifier = named.get("attribute_id")
    value = named.get("attribute_value")
    attribute = attribute_key(identifier) if identifier is not None else None
    if attribute is None or value is None:
        return []
    written, kind = reading_value(value, payload)
    element = uuid(named.get("element_uuid"))
    return [Reading(record, element, attribute, written, kind, None, None, None, Origin.WRITE)]


def error_object(item: Item | None) -> tuple[int | None, str | None]:
    """Code and text of an error object; None for what it lacks."""
    named = entries(item, objects.ERROR_OBJECT)
    return number(named.get("error_code")), text(named.get("error_text"))
