"""The events of a recorded connection, each with the subscription that it served.

Nothing in an event tells that: it follows from what was subscribed, the newest subscription first.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from xentara_inspect.playback.attributes import data_change, entries_of
from xentara_inspect.queries.databases import Database
from xentara_inspect.queries.parsed_frames import ParsedFrames
from xentara_inspect.traffic.readings import AttributeKey, attribute_number

NOBODY: Final = 0
"""The subscription of events that serve none."""

_EVENTS: Final = """
    SELECT p.id, f.time, p.element_id FROM packets p CROSS JOIN frames f ON f.id = p.id >> 24
    WHERE p.kind = 'event' AND f.session_id = ? ORDER BY p.id"""
_SUBSCRIPTIONS: Final = """
    SELECT s.id, s.closed, i.element_id, i.attribute_id
    FROM subscriptions s JOIN subscription_items i ON i.subscription_id = s.id
    WHERE s.session_id = ? AND s.uuid IS NOT NULL ORDER BY s.id"""
_LAST: Final = "SELECT max(time) AS time FROM frames WHERE session_id = ?"

Wanted = dict[bytes, set[AttributeKey]]
"""Attributes by element; well-known ones by number."""


@dataclass(slots=True)
class Subscribed:
    """A recorded subscription. closed: ns since 1970, None where it never was."""

    closed: int | None
    wanted: Wanted = field(default_factory=dict)

    def serves(self, element: bytes, attributes: set[AttributeKey]) -> bool:
        """Whether an event about these may be its own."""
        return attributes <= self.wanted.get(element, set())


class Event(NamedTuple):
    """time: ns since 1970. home: index of the file. id: address."""

    time: int
    home: int
    id: int


@dataclass(slots=True)
class Events:
    """Events in their order: times, homes, addresses, and addresses of the subscribes that they served.

    subscriptions: by the address of the subscribe. ended: when there was something last on the connection.
    """

    times: array[int] = field(default_factory=lambda: array("q"))
    homes: array[int] = field(default_factory=lambda: array("q"))
    ids: array[int] = field(default_factory=lambda: array("q"))
    owners: array[int] = field(default_factory=lambda: array("q"))
    subscriptions: dict[int, Subscribed] = field(default_factory=dict)
    ended: int = 0

    def first_from(self, time: int) -> int:
        """The place of the first event that is not before a time."""
        return bisect_left(self.times, time)

    def event(self, place: int) -> Event:
        """One of them."""
        return Event(self.times[place], self.homes[place], self.ids[place])


def read_events(files: Sequence[Database], session: int) -> Events:
    """The events of a connection. files: of its recording. Raises StoreError."""
    events = Events()
    for file in files:
        for row in file.rows(_SUBSCRIPTIONS, (session,)):
            subscribed = events.subscriptions.setdefault(row["id"], Subscribed(row["closed"]))
            subscribed.closed = row["closed"]
            element = file.element(row["element_id"])
            if element is not None:
                attributes = subscribed.wanted.setdefault(element, set())
                if row["attribute_id"] is not None:
                    attributes.add(attribute_number(file.attribute(row["attribute_id"])))
    for file in files:
        frames = ParsedFrames(file)
        for place, time, element_id in file.tuples(_EVENTS, (session,)):
            events.times.append(time)
            events.homes.append(file.index)
            events.ids.append(place)
            events.owners.append(_owner(events, frames, place, time, file.element(element_id)))
        last = file.row(_LAST, session)
        events.ended = max(events.ended, (last["time"] if last is not None else None) or 0)
    return events


def _owner(events: Events, frames: ParsedFrames, place: int, time: int, element: bytes | None) -> int:
    """The address of the subscribe that an event serves."""
    if element is None:
        return NOBODY
    open_ones = list(_open(events, place, time, element))
    if len(open_ones) > 1:
        shown = frames.packet(place)
        change = data_change(shown) if shown is not None else None
        if shown is not None and change is not None:
            told = {entry.attribute for entry in entries_of(change.attributes, shown.payload)}
            better = [one for one in open_ones if events.subscriptions[one].serves(element, told)]
            open_ones = better or open_ones
    return open_ones[-1] if open_ones else NOBODY


def _open(events: Events, place: int, time: int, element: bytes) -> Iterator[int]:
    for one, subscribed in events.subscriptions.items():
        is_over = subscribed.closed is not None and subscribed.closed < time
        if one < place and element in subscribed.wanted and not is_over:
            yield one
