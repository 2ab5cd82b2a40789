"""One WebSocket connection: frames in, decoded records out.

Sans-I/O: no clock, no disk, no text for people. `Session` composes the layers and holds no protocol
rule of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final, assert_never

from xentara_inspect.frames import Frame, address
from xentara_inspect.protocol import commands, identifiers, objects
from xentara_inspect.traffic import findings, learning, naming, packets, readings
from xentara_inspect.traffic.fields import entries, uuid
from xentara_inspect.traffic.names import Names
from xentara_inspect.traffic.packets import Event, Kind, Malformed, Packet, Request, Response
from xentara_inspect.traffic.pairing import LIMIT, Pairing, Waiting
from xentara_inspect.traffic.plain_events import PlainEvent, plain_events
from xentara_inspect.traffic.portions import PACKETS, Tally, is_small, portions, with_few_findings
from xentara_inspect.traffic.records import (
    BEGINNING,
    Decoded,
    ElementSeen,
    Exchange,
    Learned,
    Observation,
    Origin,
    PacketRecord,
    Reached,
    Resumed,
    Status,
    SubscriptionClosed,
    SubscriptionOpened,
    SubscriptionRefused,
)
from xentara_inspect.traffic.rules import finding
from xentara_inspect.traffic.subscriptions import Subscriptions
from xentara_inspect.traffic.time_points import time_point_ns
from xentara_inspect.traffic.validation import Problem

Reader = Callable[[Sequence[Any], Frame, int, Decoded], None]

_DATA_CHANGE: Final = objects.EVENTS[identifiers.EVENT_DATA_CHANGE]


class Session:
    """The state of one connection. Not thread-safe; one object a connection."""

    def __init__(
        self, names: Names | None = None, resumed: Resumed | None = None, waiting_limit: int = LIMIT
    ) -> None:
        """names: shared by sessions that may learn from each other, as those of one database do.

        waiting_limit: how many requests of one side may wait for their answers.
        """
        self._names = names if names is not None else Names()
        self._pairing = Pairing(waiting_limit)
        self._waiting_limit = waiting_limit
        self._hello_granted = False
        self._subscriptions = Subscriptions()
        if resumed is not None:
            self._resume(resumed)

    def _resume(self, resumed: Resumed) -> None:
        self._hello_granted = resumed.hello_granted
        self._subscriptions = Subscriptions(resumed.subscriptions)
        for exchange, request in resumed.pending:
            waiting = Waiting(exchange, learning.asked_by(request))
            self._pairing.request(waiting)
            self._subscriptions.asked(waiting)

    def feed(self, frame: Frame, number: int = 1, reached: Reached = BEGINNING) -> Iterator[Decoded]:
        """Decode one frame, a portion each time that one is asked for; most have only one.

        Never raises, whatever the bytes are. number: the id of the frame. reached: go on with a frame
        where an earlier session, whose state this one has, stopped.
        """
        whole = address(number)
        read, found, problems = self._read(frame)
        decoded = Decoded()
        if reached is BEGINNING:
            decoded.findings = [finding(problem, whole) for problem in problems]
            if is_small(found, len(frame.payload)):  # most are: what follows would cost as much as an event
                read(found, frame, whole, decoded)
                return iter((with_few_findings(decoded, whole),))

        def in_portions(decoded: Decoded) -> Iterator[Decoded]:
            tally = Tally(reached, whole)
            for portion, is_last in portions(found, reached.position):
                read(portion, frame, whole, decoded)
                tally.settle(decoded, is_last=is_last)
                yield decoded
                decoded = Decoded()

        return in_portions(decoded)

    def close(self) -> Iterator[Decoded]:
        """The connection is over: what still waits for an answer will not get one. In portions as well."""
        waiting = self._pairing.drain()
        while True:
            decoded = Decoded()
            for exchange, _ in waiting[:PACKETS]:
                self._unanswered(exchange, findings.unanswered(exchange), None, decoded)
            del waiting[:PACKETS]
            if not waiting:
                yield decoded
                return
            decoded.reached = BEGINNING
            yield decoded

    def _read(self, frame: Frame) -> tuple[Reader, Sequence[Any], Iterable[Problem]]:
        """How the packets of a frame are read, these, and what is wrong with the message as a whole."""
        if frame.is_text:
            return self._packets, (packets.text_message(),), ()
        if not frame.from_client:
            events = plain_events(frame.payload)
            if events is not None:
                return self._plain_events, events, ()
        message = packets.parse(frame.payload)
        return self._packets, message.packets, findings.of_message(message, frame.from_client)

    def _packets(self, found: Iterable[Packet], frame: Frame, whole: int, decoded: Decoded) -> None:
        """whole: the address of the message."""
        for packet in found:
            self._packet(packet, frame, whole + packet.position, decoded)

    def _packet(self, packet: Packet, frame: Frame, place: int, decoded: Decoded) -> None:
        match packet:
            case Request():
                self._request(packet, frame, place, decoded)
            case Response():
                self._response(packet, frame, place, decoded)
            case Event():
                self._event(packet, frame, place, decoded)
            case Malformed():
                decoded.packets.append(PacketRecord(place, Kind.MALFORMED, packet))
                decoded.findings.append(finding((packet.code, packet.message), place))
            case _:
                assert_never(packet)

    def _request(self, request: Request, frame: Frame, place: int, decoded: Decoded) -> None:
        opcode = request.opcode
        elements = learning.elements_named(request)
        for element in elements:
            self._learn(ElementSeen(element, None, None, commands.COMMANDS[opcode].name), decoded)
        exchange = Exchange(
            address=place,
            message_id=request.message_id,
            opcode=opcode,
            element=elements[0] if len(elements) == 1 else None,
            status=Status.PENDING,
            requested=frame.time,
            from_client=frame.from_client,
        )
        greeted = self._hello_granted or self._pairing.waits_for(commands.CLIENT_HELLO)
        waiting = Waiting(exchange, learning.asked_by(request))
        id_in_use = self._pairing.request(waiting)
        seen = findings.RequestSeen(request, frame.from_client, greeted, id_in_use, self._subscriptions.knows)
        decoded.packets.append(
            PacketRecord(place, Kind.REQUEST, request, request.message_id, opcode, element=exchange.element)
        )
        decoded.opened.append(exchange)
        for problem in findings.of_request(seen):
            decoded.findings.append(finding(problem, place, place))
        if opcode == commands.WRITE:
            written = readings.of_write(request.body, frame.payload)
            if written:
                decoded.observations.append(
                    Observation(place, Origin.WRITE, exchange.element, None, None, written)
                )
        self._subscriptions.asked(waiting)
        oldest = self._pairing.too_many(frame.from_client)
        if oldest is not None:
            self._subscriptions.answered(oldest)
            given_up = findings.given_up(oldest.exchange, self._waiting_limit)
            self._unanswered(oldest.exchange, given_up, place, decoded)

    def _unanswered(self, exchange: Exchange, problem: Problem, place: int | None, decoded: Decoded) -> None:
        exchange.status = Status.UNANSWERED
        decoded.closed.append(exchange)
        decoded.findings.append(finding(problem, place, exchange.address))

    def _response(self, response: Response, frame: Frame, place: int, decoded: Decoded) -> None:
        waiting = self._pairing.response(frame.from_client, response.message_id)
        if waiting is None:
            exchange = Exchange(
                place, response.message_id, None, None, Status.UNSOLICITED, from_client=not frame.from_client
            )
            decoded.opened.append(exchange)
        else:
            exchange = waiting.exchange
            exchange.status = Status.ERROR if response.is_error else Status.OK
            decoded.closed.append(exchange)
        exchange.responded = frame.time
        exchange.response = place
        if response.is_error:
            exchange.error_code, exchange.error_text = readings.error_object(response.body)
        if waiting is not None:
            self._answered(waiting, response, frame, place, decoded)
        decoded.packets.append(
            PacketRecord(
                place, response.kind, response, response.message_id, exchange.opcode, element=exchange.element
            )
        )
        answered = exchange if waiting is not None else None
        for problem in findings.of_response(response, answered):
            decoded.findings.append(finding(problem, place, exchange.address))

    def _answered(
        self, waiting: Waiting, response: Response, frame: Frame, place: int, decoded: Decoded
    ) -> None:
        """What follows from an answer, be it success or error."""
        exchange, asked = waiting
        self._subscriptions.answered(waiting)
        if response.is_error:
            if exchange.opcode == commands.SUBSCRIBE:
                refused = SubscriptionRefused(exchange.address, asked.elements, exchange.error_code)
                decoded.learned.append(refused)
            return
        if exchange.opcode == commands.CLIENT_HELLO:
            self._hello_granted = True
        elif exchange.opcode == commands.LOOKUP:
            exchange.element = uuid(response.body)
        told = list(learning.from_answer(exchange, asked, response.body))
        for problem in naming.disagreement(naming.named_otherwise(self._names, told)):
            decoded.findings.append(finding(problem, place, exchange.address))
        for learned in told:
            self._learn(learned, decoded)
        if exchange.opcode == commands.READ and response.body is not None:
            read = readings.of_attributes(response.body, frame.payload)
            _observe(place, Origin.READ, exchange.element, None, read, decoded)

    def _event(self, event: Event, frame: Frame, place: int, decoded: Decoded) -> None:
        named = entries(event.body, _DATA_CHANGE) if event.event_type == identifiers.EVENT_DATA_CHANGE else {}
        element = uuid(named.get("element_uuid"))
        if element is not None and element not in self._names.elements:
            self._learn(ElementSeen(element, None, None, "event"), decoded)
        time_item = named.get("time")
        source_time = time_point_ns(time_item) if time_item is not None else None
        decoded.packets.append(
            PacketRecord(place, Kind.EVENT, event, None, None, event.event_type, element, source_time)
        )
        attributes = named.get("attributes")
        if attributes is not None:
            changed = readings.of_attributes(attributes, frame.payload)
            _observe(place, Origin.EVENT, element, source_time, changed, decoded)
        for problem in findings.of_event(event, element, attributes, self._subscriptions.wanted):
            decoded.findings.append(finding(problem, place))

    def _plain_events(
        self, events: Iterable[PlainEvent], _frame: Frame, whole: int, decoded: Decoded
    ) -> None:
        """What `_event` does, of events that are known to be proper: most of the traffic."""
        elements, wanted = self._names.elements, self._subscriptions.wanted
        for event in events:
            place = whole + event.position
            element = event.element
            if element not in elements:
                self._learn(ElementSeen(element, None, None, "event"), decoded)
            decoded.packets.append(
                PacketRecord(
                    place, Kind.EVENT, event, None, None, identifiers.EVENT_DATA_CHANGE, element, event.time
                )
            )
            decoded.observations.append(
                Observation(place, Origin.EVENT, element, event.time, event.quality, event.readings)
            )
            subscribed = wanted.get(element)
            if subscribed is None or event.readings[0].attribute not in subscribed:
                keys = [reading.attribute for reading in event.readings]
                for problem in findings.of_data_change(element, keys, wanted):
                    decoded.findings.append(finding(problem, place))

    def _learn(self, learned: Learned, decoded: Decoded) -> None:
        if isinstance(learned, SubscriptionOpened):
            self._subscriptions.opened(learned)
        elif isinstance(learned, SubscriptionClosed) and not self._subscriptions.closed(learned.uuid):
            return
        if learning.apply(self._names, learned):
            decoded.learned.append(learned)


def _observe(
    place: int,
    origin: Origin,
    element: bytes | None,
    event_time: int | None,
    seen: list[readings.Reading],
    decoded: Decoded,
) -> None:
    if seen:
        time = event_time if event_time is not None else readings.source_time_among(seen)
        decoded.observations.append(
            Observation(place, origin, element, time, readings.quality_among(seen), seen)
        )
