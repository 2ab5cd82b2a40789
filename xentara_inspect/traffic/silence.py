"""Subscriptions that never get an event, and such as pile up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from xentara_inspect.traffic.learning import Asked
from xentara_inspect.traffic.memory import Memory
from xentara_inspect.traffic.names import uuid_text
from xentara_inspect.traffic.readings import AttributeKey, Reading, attribute_number
from xentara_inspect.traffic.records import SubscribedElements, SubscriptionOpened
from xentara_inspect.traffic.subscriptions import Subscriptions
from xentara_inspect.traffic.thresholds import LEFT_OPEN, REMEMBERED, SECOND, SILENCE
from xentara_inspect.traffic.validation import Problem

SILENT: Final = "silent"

Silent = tuple[Problem, int]
"""What is wrong with a subscription, and its address."""


class Silence:
    """The subscriptions that had no event so far, from the request on: events may overtake its answer.

    A state is the address of the request, how long to wait for an event (ns), and, once it was granted,
    the UUID in hex and the time.
    """

    def __init__(self, memory: Memory, asked: Iterable[tuple[int, SubscribedElements]] = ()) -> None:
        """asked: address and elements of subscriptions that are open or wait for their answer."""
        self._memory = memory
        self._elements: dict[str, SubscribedElements] = {}
        self._by_element: dict[bytes, dict[AttributeKey | None, list[str]]] = {}
        for place, elements in asked:
            if str(place) in memory.all(SILENT):
                self._watch(str(place), elements)

    @property
    def awaited(self) -> Mapping[bytes, Mapping[AttributeKey | None, object]]:
        """The attributes that such subscriptions ask for, by element, as they are at any time.

        Well-known ones by number; None where one asks for none.
        """
        return self._by_element

    def asked(self, place: int, asked: Asked) -> None:
        """A subscribe request of the client was sent."""
        wait = max(SILENCE, 2 * asked.interval_ms * SECOND // 1000)
        oldest = self._memory.put(SILENT, str(place), (place, wait, None, 0), REMEMBERED)
        if oldest is not None:
            self._forget(oldest)
        self._watch(str(place), asked.elements)

    def refused(self, place: int) -> None:
        """It was answered by an error, or given up."""
        self._forget(str(place))

    def opened(self, opened: SubscriptionOpened, time: int) -> None:
        """It was granted."""
        state = self._memory.all(SILENT).get(str(opened.address))
        if state is not None:
            place, wait, *_ = state
            self._memory.put(SILENT, str(opened.address), (place, wait, opened.uuid.hex(), time), REMEMBERED)

    def event(self, element: bytes, readings: Sequence[Reading]) -> None:
        """An event about an element: whatever asked for one of its attributes is not silent.

        One that has none counts for all that name the element. Of several subscriptions that it may be for
        none is silent, whichever it is listed for: who asks for the same twice is told once by some servers.
        """
        waiting = self._by_element.get(element)
        if waiting is None:
            return
        keys = {attribute_number(reading.attribute) for reading in readings} if readings else set(waiting)
        for key in keys:
            for subject in tuple(waiting.get(key, ())):
                self._forget(subject)

    def closed(self, uuid: bytes, time: int) -> Iterator[Silent]:
        """A subscription was ended by a request or took the place of another."""
        yield from self._ended(uuid.hex(), time, "until it was closed")

    def end(self, time: int) -> Iterator[Silent]:
        """The connection ended."""
        for _, _, uuid, _ in tuple(self._memory.all(SILENT).values()):
            if uuid is not None:
                yield from self._ended(uuid, time, "until the connection ended")

    def _ended(self, uuid: str, time: int, until: str) -> Iterator[Silent]:
        for subject, (place, wait, other, opened) in tuple(self._memory.all(SILENT).items()):
            if other != uuid:
                continue
            elements = self._elements.get(subject, ())
            self._forget(subject)
            if time - opened >= wait:
                lacks = "" if any(keys for _, keys in elements) else "; it asks for no attribute"
                name, seconds = uuid_text(bytes.fromhex(uuid)), (time - opened) // SECOND
                message = f"subscription {name} had no event in {seconds} s, {until}{lacks}"
                yield ("silent-subscription", message), place

    def _watch(self, subject: str, elements: SubscribedElements) -> None:
        self._elements[subject] = elements
        for element, key in _asked_for(elements):
            self._by_element.setdefault(element, {}).setdefault(key, []).append(subject)

    def _forget(self, subject: str) -> None:
        self._memory.drop(SILENT, subject)
        for element, key in _asked_for(self._elements.pop(subject, ())):
            waiting = self._by_element[element]
            waiting[key].remove(subject)
            if not waiting[key]:
                del waiting[key]
            if not waiting:
                del self._by_element[element]


def _asked_for(elements: SubscribedElements) -> set[tuple[bytes, AttributeKey | None]]:
    """Each attribute of each element, well-known ones by number; None where it asks for none of it."""
    return {
        (element, attribute_number(key) if key is not None else None)
        for element, attributes in elements
        for key in attributes or (None,)
    }


def left_open(opened: SubscriptionOpened, subscriptions: Subscriptions) -> Problem | None:
    """Whether a subscription that was just granted is one too many to an attribute."""
    for element, attributes in opened.elements:
        wanted = subscriptions.wanted.get(element, {})
        if any(wanted.get(attribute_number(key)) == LEFT_OPEN for key in attributes):
            return "subscription-left-open", (
                f"{LEFT_OPEN} subscriptions to the same attribute of element {uuid_text(element)} are open;"
                " earlier ones were not unsubscribed"
            )
    return None
