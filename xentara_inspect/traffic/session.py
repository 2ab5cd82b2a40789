"""One WebSocket connection: frames in, decoded records out.

Sans-I/O: no clock, no disk, no text for people. `Session` composes the layers and holds no protocol
rule of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, assert_never

from xentara_inspect.frames import Frame, address
from xentara_inspect.protocol import commands, error_codes
from xentara_inspect.traffic import findings, learning, naming, packets, readings, written_values
from xentara_inspect.traffic.events import Events, observe
from xentara_inspect.traffic.fields import uuid
from xentara_inspect.traffic.habits import Habits
from xentara_inspect.traffic.names import Names
from xentara_inspect.traffic.packets import Event, Kind, Malformed, Packet, Request, Response
from xentara_inspect.traffic.pairing import LIMIT, Pairing, Waiting
from xentara_inspect.traffic.plain_events import plain_events
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
from xentara_inspect.traffic.validation import Problem

Reader = Callable[[Sequence[Any], Frame, int, Decoded], None]


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
        self._habits = Habits()
        if resumed is not None:
            self._resume(resumed)
        self._events = Events(self._names, self._subscriptions, self._habits)

    def _resume(self, resumed: Resumed) -> None:
        self._hello_granted = resumed.hello_granted
        self._subscriptions = Subscriptions(resumed.subscriptions)
        subscribed = [(opened.address, opened.elements) for opened in resumed.subscriptions]
        for exchange, request in resumed.pending:
            waiting = Waiting(exchange, learning.asked_by(request))
            self._pairing.request(waiting)
            self._subscriptions.asked(waiting)
            if exchange.opcode == commands.SUBSCRIBE and exchange.from_client:
                subscribed.append((exchange.address, waiting.asked.elements))
        self._habits = Habits(resumed.remembered, subscribed)

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
                decoded.remembered = self._habits.changes()
                return iter((with_few_findings(decoded, whole),))

        def in_portions(decoded: Decoded) -> Iterator[Decoded]:
            tally = Tally(reached, whole)
            for portion, is_last in portions(found, reached.position):
                read(portion, frame, whole, decoded)
                decoded.remembered = self._habits.changes()
                tally.settle(decoded, is_last=is_last)
                yield decoded
                decoded = Decoded()

        return in_portions(decoded)

    def close(self, time: int) -> Iterator[Decoded]:
        """The connection is over: what still waits for an answer will not get one. In portions as well.

        time: when it ended, in nanoseconds since 1970 UTC.
        """
        waiting = self._pairing.drain()
        while True:
            decoded = Decoded()
            for exchange, _ in waiting[:PACKETS]:
                self._unanswered(exchange, findings.unanswered(exchange), None, decoded)
            del waiting[:PACKETS]
            if not waiting:
                decoded.findings += self._habits.end(time)  # with the last portion, so that it is said once
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
                return self._events.plain, events, ()
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
                self._events.general(packet, frame, place, decoded)
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
            self._write(request, exchange, frame, decoded)
        self._subscriptions.asked(waiting)
        if frame.from_client:
            decoded.findings += self._habits.request(request, exchange, waiting.asked, frame.payload)
        oldest = self._pairing.too_many(frame.from_client)
        if oldest is not None:
            self._give_up(oldest, place, decoded)

    def _write(self, request: Request, exchange: Exchange, frame: Frame, decoded: Decoded) -> None:
        place, element = exchange.address, exchange.element
        for problem in written_values.of_write(request.body, self._names.data_types):
            decoded.findings.append(finding(problem, place, place))
        written = readings.of_write(request.body, frame.payload)
        if written:
            decoded.observations.append(Observation(place, Origin.WRITE, element, None, None, written))
            decoded.findings += self._habits.written(element, written, place, frame.time)

    def _give_up(self, waiting: Waiting, place: int, decoded: Decoded) -> None:
        exchange = waiting.exchange
        self._subscriptions.answered(waiting)
        if exchange.opcode == commands.SUBSCRIBE and exchange.from_client:
            self._habits.given_up(exchange)
        self._unanswered(exchange, findings.given_up(exchange, self._waiting_limit), place, decoded)

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
        if exchange.from_client:
            decoded.findings += self._habits.answer(exchange, asked, response, place, frame.time)
        if response.is_error:
            if exchange.opcode == commands.CLIENT_HELLO:  # one may have been granted before we looked
                self._hello_granted |= exchange.error_code == error_codes.DUPLICATE_CLIENT_HELLO
            elif exchange.opcode == commands.SUBSCRIBE:
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
            if isinstance(learned, SubscriptionOpened):
                decoded.findings += self._habits.opened(learned, self._subscriptions, place, frame.time)
            elif isinstance(learned, SubscriptionClosed):
                decoded.findings += self._habits.closed(learned.uuid, place, frame.time)
        if exchange.opcode == commands.READ and response.body is not None:
            read = readings.of_attributes(response.body, frame.payload)
            observe(place, Origin.READ, exchange.element, None, read, decoded)
            self._habits.read(exchange.element, readings.quality_among(read), read, place, frame.time)

    def _learn(self, learned: Learned, decoded: Decoded) -> None:
        if isinstance(learned, SubscriptionOpened):
            self._subscriptions.opened(learned)
        elif isinstance(learned, SubscriptionClosed) and not self._subscriptions.closed(learned.uuid):
            return
        if learning.apply(self._names, learned):
            decoded.learned.append(learned)
