"""Maps of attribute values, in read results and data change events, entry by entry as they were sent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from xentara_inspect import cbor
from xentara_inspect.cbor import Item
from xentara_inspect.protocol import identifiers, objects
from xentara_inspect.queries.parsed_frames import Shown
from xentara_inspect.traffic.fields import entries, uuid
from xentara_inspect.traffic.packets import Event
from xentara_inspect.traffic.readings import AttributeKey, attribute_key, attribute_number

_DATA_CHANGE: Final = objects.EVENTS[identifiers.EVENT_DATA_CHANGE]


class Entry(NamedTuple):
    """An attribute and what is told of it. attribute: well-known ones by number. key, told: their bytes."""

    attribute: AttributeKey
    key: bytes
    told: bytes


class DataChange(NamedTuple):
    """A data change event. attributes: the map of values."""

    element: bytes
    attributes: Item


def encoded(item: Item, payload: bytes) -> bytes:
    """The bytes of an item."""
    return payload[item.start : item.end]


def entries_of(attributes: Item | None, payload: bytes) -> Iterator[Entry]:
    """The entries of a map of attribute values; none for what is no map."""
    if attributes is None or attributes.kind != cbor.MAP:
        return
    for key, told in cbor.pairs(attributes):
        attribute = attribute_key(key)
        if attribute is not None:
            yield Entry(attribute_number(attribute), encoded(key, payload), encoded(told, payload))


def data_change(event: Shown) -> DataChange | None:
    """What a data change event is about; None for any other packet."""
    packet = event.packet
    if not isinstance(packet, Event) or packet.event_type != identifiers.EVENT_DATA_CHANGE:
        return None
    named = entries(packet.body, _DATA_CHANGE)
    element, attributes = uuid(named.get("element_uuid")), named.get("attributes")
    return DataChange(element, attributes) if element is not None and attributes is not None else None


def with_entries(packet: bytes, attributes: Item, start: int, instead: bytes) -> bytes:
    """A packet with another map of attributes. start: where the packet began in what was decoded."""
    return packet[: attributes.start - start] + instead + packet[attributes.end - start :]
