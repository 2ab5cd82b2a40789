"""The events of one served connection: recorded ones when they are due, and what was written since."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from xentara_inspect.playback import writing
from xentara_inspect.playback.attributes import data_change, encoded, entries_of, with_entries
from xentara_inspect.playback.events import NOBODY, Event, Events, Wanted
from xentara_inspect.playback.plant import Plant
from xentara_inspect.playback.recording import Recording
from xentara_inspect.playback.streams import Pace, Part, Stream
from xentara_inspect.traffic.readings import AttributeKey, attribute_number

_EARLY: Final = 10**9
"""Nanoseconds by which a client may be early or late, and still is told what was recorded."""

_MOST_NEWS: Final = 10_000
"""What was written and not yet told to a client that does not listen: the oldest is forgotten."""

Subscribed = dict[bytes, dict[AttributeKey, AttributeKey]]
"""Attributes by element as a client names them, by number where they are well-known."""


class Pushing:
    """Streams of events by the UUID of their subscription; None for those that serve none.

    wake: is called when events are due that were not before.
    """

    def __init__(self, recording: Recording, plant: Plant, pace: Pace, wake: Callable[[], None]) -> None:
        self._recording, self._plant, self._pace, self._wake = recording, plant, pace, wake
        self._streams: dict[bytes | None, Stream] = {}
        self._subscribed: dict[bytes, Subscribed] = {}
        self._news: deque[tuple[bytes, list[tuple[bytes, bytes]]]] = deque(maxlen=_MOST_NEWS)
        plant.listeners.append(self._hear)

    def close(self) -> None:
        """The connection is gone."""
        self._plant.listeners.remove(self._hear)

    def greet(self, events: Events, begins: int, now: int) -> None:
        """Begin with the events that serve no subscription. begins: where in the recording, ns."""
        self._streams[None] = Stream(events, Part(NOBODY, 0, begins, events.ended), self._pace, now)

    def follow(
        self, uuid: bytes, subscribed: Subscribed, events: Events, owner: int, begins: int, now: int
    ) -> None:
        """Begin with the events of a recorded subscription. owner: address of its subscribe."""
        closed = events.subscriptions[owner].closed if owner in events.subscriptions else None
        part = Part(owner, 0, begins, events.ended if closed is None else closed)
        self._streams[uuid] = Stream(events, part, self._pace, now)
        self._subscribed[uuid] = subscribed

    def pick(
        self,
        uuid: bytes,
        subscribed: Subscribed,
        events: Events,
        known: Iterable[tuple[bytes, list[tuple[bytes, bytes]]]],
        begins: int,
        now: int,
    ) -> None:
        """Begin with what is known of elements, and the events that tell more. known: encoded entries."""
        wanted: Wanted = {element: set(attributes) for element, attributes in subscribed.items()}
        part = Part(None, events.first_from(begins), begins, events.ended, wanted)
        self._streams[uuid] = Stream(events, part, self._pace, now)
        self._subscribed[uuid] = subscribed
        self._news.extend((element, told) for element, told in known if told)

    def end(self, uuid: bytes, now: int, *, is_recorded: bool) -> list[bytes]:
        """End a subscription. Returns the messages that come before. is_recorded: in the recording too."""
        self._subscribed.pop(uuid, None)
        stream = self._streams.pop(uuid, None)
        return list(self._messages(stream, now + _EARLY * is_recorded)) if stream is not None else []

    def is_in_time(self, element: bytes, attribute: AttributeKey, recorded: int, now: int) -> bool:
        """Whether what is told of an attribute is where it was at a time, ns since 1970 in the recording."""
        key = attribute_number(attribute)
        told = [uuid for uuid, wanted in self._subscribed.items() if key in wanted.get(element, {})]
        apart = [abs(self._streams[uuid].position(now) - recorded) for uuid in told]
        return max(apart, default=0) <= self._pace.recorded(_EARLY)

    def due(self, now: int) -> Iterator[bytes]:
        """The messages with events that are due. Raises StoreError."""
        while self._news:
            yield writing.array([writing.data_change(now, *self._news.popleft())])
        for stream in list(self._streams.values()):
            yield from self._messages(stream, now)

    def next_due(self) -> int | None:
        """When the next event is due, ns since 1970; None for never."""
        if self._news:
            return 0
        return min((stream.due for stream in self._streams.values() if stream.due is not None), default=None)

    def _messages(self, stream: Stream, until: int) -> Iterator[bytes]:
        for together in stream.take(until):
            events = [self._event(event, stream.part.wanted) for event in together]
            kept = [event for event in events if event is not None]
            if kept:
                yield writing.array(kept)

    def _event(self, event: Event, wanted: Wanted | None) -> bytes | None:
        """An event as it was, but for what was written since. wanted: what of it is; None for all."""
        shown = self._recording.packet(event.home, event.id)
        item = shown.packet.item if shown is not None else None
        if shown is None or item is None:
            return None
        packet, change = encoded(item, shown.payload), data_change(shown)
        if change is None:
            return packet
        told = list(entries_of(change.attributes, shown.payload))
        kept = [
            (entry.key, self._plant.told(change.element, entry.attribute, entry.told))
            for entry in told
            if wanted is None or entry.attribute in wanted.get(change.element, ())
        ]
        if not kept:
            return packet if wanted is None else None
        if kept == [(entry.key, entry.told) for entry in told]:
            return packet
        return with_entries(packet, change.attributes, item.start, writing.mapping(kept))

    def _hear(self, element: bytes, attribute: AttributeKey, value: bytes) -> None:
        """Something was written: who subscribed to it hears of it."""
        for subscribed in self._subscribed.values():
            if attribute in subscribed.get(element, {}):
                key = writing.attribute(subscribed[element][attribute])
                self._news.append((element, [(key, writing.value(value))]))
        if self._news:
            self._wake()


def subscribed_to(elements: Iterable[tuple[bytes, Iterable[AttributeKey]]]) -> Subscribed:
    """What a subscription asks for. elements: each with its attributes."""
    found: Subscribed = {}
    for element, attributes in elements:
        found.setdefault(element, {}).update((attribute_number(key), key) for key in attributes)
    return found
