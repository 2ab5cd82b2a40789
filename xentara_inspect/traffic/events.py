"""What events tell: packets, observations, findings."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from xentara_inspect.frames import Frame
from xentara_inspect.protocol import identifiers, objects
from xentara_inspect.traffic import findings, learning, readings
from xentara_inspect.traffic.fields import entries, uuid
from xentara_inspect.traffic.habits import Habits
from xentara_inspect.traffic.names import Names
from xentara_inspect.traffic.packets import Event, Kind
from xentara_inspect.traffic.plain_events import PlainEvent
from xentara_inspect.traffic.records import Decoded, ElementSeen, Observation, Origin, PacketRecord
from xentara_inspect.traffic.rules import finding
from xentara_inspect.traffic.subscriptions import Subscriptions
from xentara_inspect.traffic.time_points import time_point_ns

_DATA_CHANGE: Final = objects.EVENTS[identifiers.EVENT_DATA_CHANGE]


class Events:
    """The events of a connection, given what it knows."""

    def __init__(self, names: Names, subscriptions: Subscriptions, habits: Habits) -> None:
        self._names = names
        self._subscriptions = subscriptions
        self._habits = habits

    def general(self, event: Event, frame: Frame, place: int, decoded: Decoded) -> None:
        """Any event."""
        named = entries(event.body, _DATA_CHANGE) if event.event_type == identifiers.EVENT_DATA_CHANGE else {}
        element = uuid(named.get("element_uuid"))
        if element is not None and element not in self._names.elements:
            self._learn(element, decoded)
        time_item = named.get("time")
        source_time = time_point_ns(time_item) if time_item is not None else None
        decoded.packets.append(
            PacketRecord(place, Kind.EVENT, event, None, None, event.event_type, element, source_time)
        )
        attributes = named.get("attributes")
        changed = readings.of_attributes(attributes, frame.payload) if attributes is not None else []
        observe(place, Origin.EVENT, element, source_time, changed, decoded)
        if element is not None:
            quality = readings.quality_among(changed)
            decoded.findings += self._habits.event(element, source_time, quality, changed, place, frame.time)
        for problem in findings.of_event(event, element, attributes, changed, self._subscriptions.wanted):
            decoded.findings.append(finding(problem, place))

    def plain(self, events: Iterable[PlainEvent], frame: Frame, whole: int, decoded: Decoded) -> None:
        """What `general` does, of events that are known to be proper: most of the traffic."""
        elements, wanted, habits = self._names.elements, self._subscriptions.wanted, self._habits
        for event in events:
            place = whole + event.position
            element = event.element
            if element not in elements:
                self._learn(element, decoded)
            decoded.packets.append(
                PacketRecord(
                    place, Kind.EVENT, event, None, None, identifiers.EVENT_DATA_CHANGE, element, event.time
                )
            )
            decoded.observations.append(
                Observation(place, Origin.EVENT, element, event.time, event.quality, event.readings)
            )
            awaited = habits.awaited.get(element)
            if (
                event.quality
                or habits.listens
                or (awaited is not None and any(one.attribute in awaited for one in event.readings))
            ):
                decoded.findings += habits.event(
                    element, event.time, event.quality, event.readings, place, frame.time
                )
            subscribed = wanted.get(element)
            if subscribed is None or event.readings[0].attribute not in subscribed:
                keys = [reading.attribute for reading in event.readings]
                for problem in findings.of_data_change(element, keys, wanted):
                    decoded.findings.append(finding(problem, place))

    def _learn(self, element: bytes, decoded: Decoded) -> None:
        seen = ElementSeen(element, None, None, "event")
        if learning.apply(self._names, seen):
            decoded.learned.append(seen)


def observe(
    place: int,
    origin: Origin,
    element: bytes | None,
    event_time: int | None,
    seen: list[readings.Reading],
    decoded: Decoded,
) -> None:
    """Note the values of a packet. event_time: an event's own time."""
    if seen:
        time = event_time if event_time is not None else readings.source_time_among(seen)
        decoded.observations.append(
            Observation(place, origin, element, time, readings.quality_among(seen), seen)
        )
