"""Which elements of a subscription events came for, first and last: many elements at once."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from xentara_inspect.frames import address
from xentara_inspect.queries.databases import Database
from xentara_inspect.queries.explaining.past import Past, Value
from xentara_inspect.queries.subscribed_elements import REGULAR, Heard
from xentara_inspect.queries.subscriptions import Subscribed, SubscriptionsOfEvents, attributes_of
from xentara_inspect.queries.timeline import stretches
from xentara_inspect.queries.where import among
from xentara_inspect.store.schema import QUALITY_ID

_FORWARD: Final = 15
"""So many stretches of about four thousand packets are looked through for first events,"""
_BACK: Final = 5
"""and so many for last ones."""
_SINGLY: Final = 20
"""So many elements that are not among these are looked for one by one,"""
_SEARCHED: Final = 1000
"""each through so many events that came behind the end of the subscription."""
_EVENTS: Final = """
    SELECT p.element_id, count(*), min(f.time), max(f.time), min(p.id), max(p.id)
    FROM packets p NOT INDEXED CROSS JOIN frames f ON f.id = p.id >> 24
    WHERE p.id BETWEEN ? AND ? AND p.kind = 'event' AND f.session_id = ? AND f.time <= ? AND {elements}
      AND (NOT EXISTS (SELECT 1 FROM attribute_values v WHERE v.packet_id = p.id)
        OR EXISTS (SELECT 1 FROM attribute_values v WHERE v.packet_id = p.id
          AND ((p.element_id << 32 | v.attribute_id) IN ({asked})
            OR v.quality_position IS NOT NULL AND (p.element_id << 32 | {quality}) IN ({asked}))))
    GROUP BY 1"""
"""Of those that have attributes only such as have one that was asked for: its key behind its element's."""


@dataclass(slots=True)
class Events:
    """Events of an element. first, last: their places; lately: the last ones, so far as looked through."""

    first: int
    last: int
    lately: Heard


class _Asked:
    """The attributes of elements that a subscription asks for, by UUID; well-known ones by number."""

    def __init__(self, subscribed: Subscribed, elements: Collection[bytes]) -> None:
        self.subscribed = subscribed
        self._keys: dict[Database, list[int]] = {}
        owners = SubscriptionsOfEvents(subscribed.home.recording)
        self._named = {
            element: naming
            for element in elements
            for naming in owners.naming(subscribed.session, element)
            if naming.address == subscribed.address
        }

    def serves(self, element: bytes, values: Sequence[Value]) -> bool:
        """Whether an event about an element may be for it."""
        return self._named[element].serves([value.attribute for value in values])

    def keys_in(self, file: Database) -> list[int]:
        """The keys of the attributes in a file, each behind the key of its element. Raises StoreError."""
        if file not in self._keys:
            rows = file.tuples("SELECT id FROM attributes")
            attributes = {key: number for (number,) in rows for key in attributes_of(file, [number])}
            self._keys[file] = [
                key << 32 | attributes[attribute]
                for key in file.element_keys(self._named)
                if (element := file.element(key)) is not None
                for attribute in self._named[element].attributes
                if attribute in attributes
            ]
        return self._keys[file]


def events_of(
    past: Past, subscribed: Subscribed, elements: Collection[bytes], until: int
) -> tuple[dict[bytes, Events], bool]:
    """The events that came for elements until a time, and whether all were looked through.

    Events with an attribute that the subscription asks for, also where a later one asks for the same: two
    to the same attribute are no reason to look for one. Elements without one are left out. Raises StoreError.
    """
    asked = _Asked(subscribed, elements)
    found: dict[bytes, Events] = {}
    whole = True
    left = _FORWARD
    for file in past.files:
        for first, end in reversed(list(_stretches(file, elements, subscribed.address))):
            wanted = [element for element in elements if element not in found]
            if not wanted or not left:
                whole = whole and not wanted
                break
            left -= 1
            for element, events in _within(file, asked, wanted, first, end, until):
                found.setdefault(element, events)
    _look_back(past, asked, found, until)
    return found, whole


def _look_back(past: Past, asked: _Asked, found: dict[bytes, Events], until: int) -> None:
    """Put in the last events, of so many that they have an interval of their own."""
    subscribed = asked.subscribed
    told: dict[bytes, Events] = {}
    left = _BACK
    for file in reversed(past.files):
        for first, end in _stretches(file, found, subscribed.address):
            few = [
                element for element in found if element not in told or told[element].lately.count < REGULAR
            ]
            if not few or not left:
                break
            for element, part in _within(file, asked, few, first, end, until):
                later = told.setdefault(element, part)
                if later is not part:
                    later.lately.count += part.lately.count
                    later.lately.first = part.lately.first
            left -= bool(told)  # what came behind the end of the subscription is free
    for element in [element for element in found if element not in told][:_SINGLY]:
        came = past.about(element, "event", session=subscribed.session, after=subscribed.address)
        last = next(
            (
                (place, time)
                for file, place, time in islice(came, _SEARCHED)
                if time <= until and asked.serves(element, past.values(file, place))
            ),
            None,
        )
        if last is not None:
            told[element] = Events(found[element].first, last[0], Heard(1, last[1], last[1]))
    for element, events in told.items():
        found[element].last, found[element].lately = events.last, events.lately


def _stretches(file: Database, elements: Collection[bytes], after: int) -> Iterator[tuple[int, int]]:
    """Stretches that one of the elements occurs in behind an address, the last first."""
    keys = file.element_keys(elements)
    for first, end, _ in stretches(file, keys) if keys else ():
        if address(end) > after:
            yield first, end


def _within(
    file: Database, asked: _Asked, elements: Collection[bytes], first: int, end: int, until: int
) -> Iterator[tuple[bytes, Events]]:
    """The events of elements in one stretch."""
    wanted, _ = among("p.element_id", file.element_keys(elements))
    keys = ", ".join(map(str, asked.keys_in(file)))
    sql = _EVENTS.format(elements=wanted, asked=keys, quality=QUALITY_ID)
    low = max(address(first), asked.subscribed.address + 1)
    parameters = (low, address(end) - 1, asked.subscribed.session, until)
    for key, count, oldest, newest, begin, last in file.tuples(sql, parameters):
        element = file.element(key)
        if element is not None:
            yield element, Events(begin, last, Heard(count, oldest, newest))
