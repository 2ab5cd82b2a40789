"""What the messages of a connection tell of each other, for those who look on while mitmproxy shows them.

mitmproxy asks for the text of one message, and for that of all again each time that another comes. So
each is decoded once, in the order of its connection, by a `Session` as the indexer has one; what it
told of its packets is remembered for as long as mitmproxy keeps the message.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Final, NamedTuple
from weakref import WeakKeyDictionary

from mitmproxy.websocket import WebSocketMessage

from xentara_inspect.captures.flows import message_frame
from xentara_inspect.escape import safe
from xentara_inspect.frames import position_in
from xentara_inspect.notation.packets import Context
from xentara_inspect.traffic.echoes import SessionSecrets
from xentara_inspect.traffic.names import Names
from xentara_inspect.traffic.packets import Kind
from xentara_inspect.traffic.readings import AttributeKey, Reading, attribute_number
from xentara_inspect.traffic.records import (
    Decoded,
    Exchange,
    Finding,
    SubscribedElements,
    SubscriptionClosed,
    SubscriptionOpened,
)
from xentara_inspect.traffic.session import Session

LARGEST: Final = 1 << 20
"""Bytes of a message that is decoded. A second goes by with one, and mitmproxy does nothing meanwhile."""

_PORTIONS: Final = 4
"""Of a message that are decoded: packets behind them are shown without what they belong to."""
_WAITING: Final = 10_000
"""Requests of one side that may wait for their answers."""
_DIGITS: Final = 8
"""Of the UUID of a subscription, as it stands in the answer that told it: enough to search for."""
_MILLISECOND: Final = 1_000_000


_MOST_NAMES: Final = 200_000
"""UUIDs of elements, attributes and subscriptions that are remembered; with more all are learned anew."""


@dataclass(slots=True)
class Known:
    """What all connections have told. learned: how often, so that it can be seen that there is more."""

    names: Names = field(default_factory=Names)
    learned: int = 0

    def add(self, learned: int) -> None:
        """So much was learned. Keeps what is remembered within its bounds."""
        self.learned += learned
        names = self.names
        for told in (names.elements, names.attributes, names.data_types, names.subscriptions):
            if len(told) > _MOST_NAMES:
                told.clear()
        if len(names.sub_sessions) > _MOST_NAMES:
            names.sub_sessions.clear()


@dataclass(slots=True)
class Told:
    """What is known of a message.

    data: its bytes when it passed. shown: the same without secrets. contexts: of its packets, by
    position. findings: a line each.
    """

    data: bytes
    shown: bytes
    contexts: dict[int, Context] = field(default_factory=dict)
    findings: list[str] = field(default_factory=list)


class Conversation:
    """The messages of one connection. Each is decoded once, in order, however often it is shown."""

    def __init__(self, known: Known, secrets: Sequence[bytes] = ()) -> None:
        """secrets: that came with the request for the connection."""
        self._known = known
        self._given = secrets
        self._told: WeakKeyDictionary[WebSocketMessage, Told] = WeakKeyDictionary()
        self._begin()

    def _begin(self) -> None:
        self._session = self._new_session()
        self._secrets = SessionSecrets(self._given)
        self._subscribed = _Subscribed()
        self._last: WebSocketMessage | None = None
        self._place = 0  # of the last that was decoded
        self._count = 0

    def told(self, messages: Sequence[WebSocketMessage], message: WebSocketMessage, data: bytes) -> Told:
        """What is known of a message; those before it are decoded first.

        messages: of the connection, as far as they are there. One that is not among them stands alone.
        data: its bytes as they are now, which somebody may have changed.
        """
        if message not in self._told:
            self._reach(messages, message)
        told = self._told.get(message)
        if told is not None and told.data == data:
            return told
        frame = message_frame(message)._replace(payload=data)
        return Told(data, self._secrets.without(frame).payload)

    def leaves(self, messages: Sequence[WebSocketMessage], largest: int) -> None:
        """The first message is about to be forgotten. largest: bytes of one that is decoded for others."""
        first = messages[0]
        if first not in self._told and len(first.content) <= largest:
            self._reach(messages, first)

    def _reach(self, messages: Sequence[WebSocketMessage], message: WebSocketMessage) -> None:
        """Decode up to a message, if it is among those that come."""
        start = self._next(messages)
        end = next((place for place in range(start, len(messages)) if messages[place] is message), -1)
        for place in range(start, end + 1):
            self._last, self._place = messages[place], place
            self._told[messages[place]] = self._decode(messages[place])

    def _next(self, messages: Sequence[WebSocketMessage]) -> int:
        """The place behind the last message that was decoded, from whose front some may be gone by now."""
        if self._last is None:
            return 0
        place = min(self._place, len(messages) - 1)
        while place >= 0 and messages[place] is not self._last:
            place -= 1
        if place < 0 and messages and messages[0].timestamp < self._last.timestamp:
            self._begin()  # they are others: somebody has taken back what was changed
        return place + 1

    def _decode(self, message: WebSocketMessage) -> Told:
        self._count += 1
        frame = self._secrets.without(message_frame(message))
        told = Told(message.content, frame.payload)
        if len(frame.payload) > LARGEST:
            return told
        try:
            for decoded in islice(self._session.feed(frame, self._count), _PORTIONS):
                self._note(decoded, told)
        except Exception:  # a bug must not hide the message; what it left half done is thrown away
            self._session = self._new_session()
        return told

    def _new_session(self) -> Session:
        return Session(self._known.names, waiting_limit=_WAITING)

    def _note(self, decoded: Decoded, told: Told) -> None:
        """What a portion tells of its packets."""
        self._known.add(len(decoded.learned))
        for learned in decoded.learned:
            if isinstance(learned, SubscriptionOpened):
                self._subscribed.opened(learned)
            elif isinstance(learned, SubscriptionClosed):
                self._subscribed.closed(learned.uuid)
        for exchange in (*decoded.opened, *decoded.closed):
            if exchange.response is not None:
                told.contexts[position_in(exchange.response)] = _answers(exchange)
        readings = {seen.address: seen.readings for seen in decoded.observations}
        for packet in decoded.packets:
            if packet.kind is Kind.EVENT and packet.element is not None:
                subscription = self._subscribed.to(packet.element, readings.get(packet.address, ()))
                if subscription is not None:
                    note = f" of subscription {subscription.hex().upper()[:_DIGITS]}…"
                    told.contexts[position_in(packet.address)] = Context(note=note)
        told.findings += map(_found, decoded.findings)


class _Asked(NamedTuple):
    """What a subscription asks for of an element. address: of its request."""

    address: int
    attributes: set[AttributeKey]


class _Subscribed:
    """Which subscription an event is of: itself it does not tell."""

    def __init__(self) -> None:
        self._elements: dict[bytes, SubscribedElements] = {}
        self._of: dict[bytes, dict[bytes, _Asked]] = {}  # by element

    def to(self, element: bytes, readings: Sequence[Reading]) -> bytes | None:
        """The open subscription that asks for one of an event's attributes, any where it has none.

        Of several it is the one that was asked for last.
        """
        attributes = {attribute_number(reading.attribute) for reading in readings}
        serving = (
            (asked.address, subscription)
            for subscription, asked in self._of.get(element, {}).items()
            if not attributes or not attributes.isdisjoint(asked.attributes)
        )
        _, last = max(serving, default=(0, None))
        return last

    def opened(self, subscription: SubscriptionOpened) -> None:
        self.closed(subscription.uuid)
        self._elements[subscription.uuid] = subscription.elements
        for element, attributes in subscription.elements:
            of = self._of.setdefault(element, {})
            asked = of.setdefault(subscription.uuid, _Asked(subscription.address, set()))
            asked.attributes.update(map(attribute_number, attributes))

    def closed(self, subscription: bytes) -> None:
        for element, _ in self._elements.pop(subscription, ()):
            of = self._of.get(element, {})
            of.pop(subscription, None)
            if not of:
                self._of.pop(element, None)


def _answers(exchange: Exchange) -> Context:
    """What a response answers."""
    if exchange.latency is None:
        return Context(note=", which no request waits for")
    note = f", after {exchange.latency / _MILLISECOND:.3f} ms"
    return Context(exchange.opcode, exchange.element, note)


def _found(finding: Finding) -> str:
    position = position_in(finding.address) if finding.address is not None else 0
    place = f", packet {position}" if position else ""
    return f"{finding.severity} {finding.code}{place}: {safe(finding.message)}"
