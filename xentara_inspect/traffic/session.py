"""One WebSocket connection: frames in, decoded records out.

Sans-I/O: no clock, no disk. `Session` composes the layers and holds no protocol rule of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from xentara_inspect.cbor import MAP, Item
from xentara_inspect.frames import Frame
from xentara_inspect.notation import messages as notation
from xentara_inspect.notation.messages import Context
from xentara_inspect.protocol import commands, identifiers, objects
from xentara_inspect.traffic import findings, learning, packets, readings
from xentara_inspect.traffic.fields import entries, uuid
from xentara_inspect.traffic.names import Names
from xentara_inspect.traffic.packets import Kind, Packet
from xentara_inspect.traffic.pairing import Pairing, Waiting
from xentara_inspect.traffic.records import (
    Decoded,
    ElementSeen,
    Event,
    Exchange,
    Finding,
    Learned,
    Origin,
    PacketRecord,
    Status,
    SubscriptionClosed,
    SubscriptionOpened,
)
from xentara_inspect.traffic.subscriptions import Subscriptions
from xentara_inspect.traffic.time_points import time_point_ns
from xentara_inspect.traffic.validation import Problem

_DATA_CHANGE: Final = objects.EVENTS[identifiers.EVENT_DATA_CHANGE]


@dataclass(slots=True)
class Resumed:
    """What a session needs to go on where an earlier process stopped.

    pending: the exchanges still waiting, oldest first, each with its request parsed anew and
    `order` rising. hello_granted: whether a client_hello was answered with success. subscriptions:
    those still open.
    """

    pending: Sequence[tuple[Exchange, Packet]] = ()
    hello_granted: bool = False
    subscriptions: Iterable[SubscriptionOpened] = ()


class Session:
    """The state of one connection. Not thread-safe; one object a connection."""

    def __init__(self, names: Names | None = None, resumed: Resumed | None = None) -> None:
        """names: shared by sessions that may learn from each other, as those of one database do."""
        self._names = names if names is not None else Names()
        self._pairing = Pairing()
        self._hello_granted = False
        self._subscriptions = Subscriptions()
        self._order = 0
        if resumed is not None:
            self._resume(resumed)

    def _resume(self, resumed: Resumed) -> None:
        self._hello_granted = resumed.hello_granted
        self._subscriptions = Subscriptions(resumed.subscriptions)
        for exchange, packet in resumed.pending:
            self._order += 1
            exchange.order = self._order
            from_client = True if exchange.request is None else exchange.request.from_client
            self._pairing.request(from_client, Waiting(exchange, packet))
            if exchange.opcode == commands.SUBSCRIBE and from_client:
                self._subscriptions.asked(packet)

    def feed(self, frame: Frame) -> Decoded:
        """Decode one frame. Never raises, whatever the bytes are."""
        decoded = Decoded()
        if frame.is_text:
            packet = packets.text_message()
            text = notation.annotate_text_message(frame.payload)
            self._malformed(PacketRecord(packet, None, None, text, frame.from_client), decoded)
            return decoded
        message = packets.parse(frame.payload)
        for problem in findings.of_message(message, frame.from_client):
            decoded.findings.append(_finding(problem))
        for packet in message.packets:
            if packet.kind is Kind.EVENT:
                self._event(packet, frame, decoded)
            elif packet.kind is Kind.REQUEST:
                self._request(packet, frame, decoded)
            elif packet.kind is Kind.MALFORMED:
                text = notation.annotate_packet(packet, frame.payload, names=self._names)
                self._malformed(PacketRecord(packet, None, None, text, frame.from_client), decoded)
            else:
                self._response(packet, frame, decoded)
        return decoded

    def close(self) -> Decoded:
        """The connection is over: what still waits for an answer will not get one."""
        decoded = Decoded()
        for waiting in self._pairing.drain():
            waiting.exchange.status = Status.UNANSWERED
            decoded.closed.append(waiting.exchange)
            decoded.findings.append(
                _finding(findings.unanswered(waiting), waiting.exchange.request, waiting.exchange)
            )
        return decoded

    def _malformed(self, record: PacketRecord, decoded: Decoded) -> None:
        decoded.packets.append(record)
        if record.packet.problem is not None:
            decoded.findings.append(_finding(record.packet.problem, record))

    def _request(self, packet: Packet, frame: Frame, decoded: Decoded) -> None:
        opcode, message_id = packet.opcode, packet.number
        assert opcode is not None  # noqa: S101 - packets.parse gives requests both
        assert message_id is not None  # noqa: S101
        for element in learning.elements_in(opcode, packet.body):
            self._learn(ElementSeen(element, None, None, commands.COMMAND_NAMES[opcode]), decoded)
        text = notation.annotate_packet(packet, frame.payload, names=self._names)
        command = commands.COMMAND_NAMES.get(opcode)
        record = PacketRecord(packet, opcode, command, text, frame.from_client)
        self._order += 1
        exchange = Exchange(
            message_id=message_id,
            opcode=opcode,
            command=command,
            element=learning.element_of(opcode, packet.body),
            status=Status.PENDING,
            requested=frame.time,
            request=record,
            order=self._order,
        )
        greeted = self._hello_granted or self._pairing.waits_for(commands.CLIENT_HELLO)
        id_in_use = self._pairing.request(frame.from_client, Waiting(exchange, packet))
        seen = findings.RequestSeen(packet, frame.from_client, greeted, id_in_use, self._subscriptions.knows)
        decoded.packets.append(record)
        decoded.opened.append(exchange)
        for problem in findings.of_request(seen):
            decoded.findings.append(_finding(problem, record, exchange))
        if opcode == commands.WRITE:
            decoded.readings += readings.of_write(record, frame.payload)
        elif opcode == commands.SUBSCRIBE and frame.from_client:
            self._subscriptions.asked(packet)

    def _response(self, packet: Packet, frame: Frame, decoded: Decoded) -> None:
        message_id = packet.number
        assert message_id is not None  # noqa: S101 - packets.parse gives responses one
        waiting = self._pairing.response(frame.from_client, message_id)
        if waiting is None:
            exchange = Exchange(message_id, None, None, None, Status.UNSOLICITED, None)
        else:
            exchange = waiting.exchange
            exchange.status = Status.ERROR if packet.kind is Kind.ERROR else Status.OK
            if exchange.opcode == commands.SUBSCRIBE and not frame.from_client:
                self._subscriptions.answered(waiting.packet)
        exchange.responded = frame.time
        if packet.kind is Kind.ERROR:
            exchange.error_code, exchange.error_text = readings.error_object(packet.body)
        elif waiting is not None:
            self._learn_from(waiting, packet.body, decoded)
        context = Context(exchange.opcode, exchange.element)
        text = notation.annotate_packet(packet, frame.payload, context=context, names=self._names)
        record = PacketRecord(packet, exchange.opcode, exchange.command, text, frame.from_client)
        exchange.response = record
        decoded.packets.append(record)
        if waiting is None:
            decoded.opened.append(exchange)
        else:
            decoded.closed.append(exchange)
            self._after_answer(exchange, record, frame, decoded)
        for problem in findings.of_response(packet, waiting):
            decoded.findings.append(_finding(problem, record, exchange))

    def _learn_from(self, waiting: Waiting, result: Item | None, decoded: Decoded) -> None:
        exchange = waiting.exchange
        if exchange.opcode == commands.CLIENT_HELLO:
            self._hello_granted = True
        elif exchange.opcode == commands.LOOKUP:
            exchange.element = uuid(result)
        for learned in learning.from_answer(exchange.opcode, waiting.packet, result):
            self._learn(learned, decoded)

    def _after_answer(self, exchange: Exchange, record: PacketRecord, frame: Frame, decoded: Decoded) -> None:
        if exchange.opcode == commands.WRITE and exchange.status is Status.ERROR:
            decoded.refused_writes.append(exchange)
        elif exchange.opcode == commands.READ and exchange.status is Status.OK:
            result = record.packet.body
            if result is not None and result.kind == MAP:
                decoded.readings += readings.of_attributes(
                    record, frame.payload, result, exchange.element, Origin.READ
                )

    def _event(self, packet: Packet, frame: Frame, decoded: Decoded) -> None:
        event_type = packet.number
        assert event_type is not None  # noqa: S101 - packets.parse gives events one
        named = entries(packet.body, _DATA_CHANGE) if event_type == identifiers.EVENT_DATA_CHANGE else {}
        element = uuid(named.get("element_uuid"))
        if element is not None and element not in self._names.elements:
            self._learn(ElementSeen(element, None, None, "event"), decoded)
        text = notation.annotate_packet(packet, frame.payload, names=self._names)
        record = PacketRecord(packet, None, None, text, frame.from_client)
        decoded.packets.append(record)
        time_item = named.get("time")
        source_time = time_point_ns(time_item) if time_item is not None else None
        decoded.events.append(Event(record, event_type, element, source_time))
        attributes = named.get("attributes")
        if attributes is not None and attributes.kind == MAP:
            decoded.readings += readings.of_attributes(
                record, frame.payload, attributes, element, Origin.EVENT, source_time
            )
        for problem in findings.of_event(packet, element, attributes, self._subscriptions.wanted):
            decoded.findings.append(_finding(problem, record))

    def _learn(self, learned: Learned, decoded: Decoded) -> None:
        if isinstance(learned, SubscriptionOpened):
            self._subscriptions.opened(learned)
        elif isinstance(learned, SubscriptionClosed) and not self._subscriptions.closed(learned.uuid):
            return
        if learning.apply(self._names, learned):
            decoded.learned.append(learned)


def _finding(
    problem: Problem | packets.Problem, record: PacketRecord | None = None, exchange: Exchange | None = None
) -> Finding:
    code, message = problem
    return Finding(code, findings.RULES[code].severity, message, record, exchange)
