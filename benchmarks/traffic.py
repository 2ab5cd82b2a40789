"""Messages of the protocol for benchmarks, the same in every run."""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator
from typing import Final

import cbor2

from xentara_inspect.frames import Frame
from xentara_inspect.protocol import commands, identifiers

ELEMENTS: Final = 100
_START: Final = 1_700_000_000_000_000_000
_INTERVAL: Final = 1_000_000  # nanoseconds from message to message
_ATTRIBUTES: Final = (identifiers.ATTRIBUTE_VALUE, identifiers.ATTRIBUTE_QUALITY)


def element(number: int) -> cbor2.CBORTag:
    """The UUID of one of the elements."""
    return cbor2.CBORTag(37, struct.pack(">QQ", 0x0123456789ABCDEF, 1 + number % ELEMENTS))


def event(number: int, size: int = 0) -> list[object]:
    """A data change event packet of two attributes; with `size`, its value is a text of so many bytes."""
    return _data_change(number, _START + number, "x" * size if size else number * 0.1)


def _data_change(place: int, time: int, value: object) -> list[object]:
    time_point = cbor2.CBORTag(1001, {4: cbor2.CBORTag(4, [-9, time])})
    return [
        8,
        0,
        {
            0: time_point,
            1: element(place),
            2: {_ATTRIBUTES[0]: cbor2.CBORTag(121, value), _ATTRIBUTES[1]: cbor2.CBORTag(121, 0)},
        },
    ]


def message(number: int, packets: int, size: int = 0) -> bytes:
    """A message of so many event packets, each of another time."""
    return cbor2.dumps([event(number * packets + index, size) for index in range(packets)])


def greeting() -> Iterator[tuple[bool, bytes]]:
    """What comes before the events: hello, a lookup of each element, a subscription to all of them.

    Yields pairs: whether it comes from the client, and the message.
    """
    subscription = cbor2.CBORTag(37, b"subscription 001")
    wanted = {0: [{0: element(number), 1: list(_ATTRIBUTES)} for number in range(ELEMENTS)]}
    calls: list[tuple[int, object, object]] = [(commands.CLIENT_HELLO, {0: 1, 1: 1}, {0: 1})]
    calls += [
        (commands.LOOKUP, {0: f"Plant.Line {number // 10}.Tank {number}.Level"}, element(number))
        for number in range(ELEMENTS)
    ]
    calls.append((commands.SUBSCRIBE, wanted, subscription))
    for message_id, (opcode, parameters, result) in enumerate(calls):
        yield True, cbor2.dumps([[0, message_id, opcode, parameters]])
        yield False, cbor2.dumps([[1, message_id, result]])


def conversation(messages: int, packets: int) -> Iterator[Frame]:
    """The frames of a connection on which a subscription is served."""
    time = _START
    for from_client, payload in greeting():
        time += _INTERVAL
        yield Frame(time, from_client, False, payload)
    for number in range(messages):
        time += _INTERVAL
        yield Frame(time, False, False, message(number, packets))


def noisy(events: int, packets: int, seed: int, start: int = _START, lasts: int = 0) -> Iterator[Frame]:
    """The same with values that wander, and times as clocks and networks give them: no two steps alike.

    lasts: nanoseconds that it takes; one millisecond a message otherwise.
    """
    chance = random.Random(seed)
    time, interval = start, lasts // (events // packets) or _INTERVAL
    for from_client, payload in greeting():
        time += _INTERVAL
        yield Frame(time, from_client, False, payload)
    values = [chance.uniform(0, 100) for _ in range(ELEMENTS)]
    for _ in range(events // packets):
        time += chance.randrange(2 * interval)
        said = []
        for _ in range(packets):
            place = chance.randrange(ELEMENTS)
            values[place] += chance.gauss(0, 1)
            said.append(_data_change(place, time - chance.randrange(_INTERVAL), values[place]))
        yield Frame(time, False, False, cbor2.dumps(said))


def exchanges(count: int, packets: int) -> Iterator[Frame]:
    """The frames of a connection on which so many reads are asked and answered, `packets` a message."""
    time = _START
    for from_client, payload in greeting():
        time += _INTERVAL
        yield Frame(time, from_client, False, payload)
    for first in range(0, count, packets):
        numbers = range(first, first + packets)
        time += _INTERVAL
        asked = [[0, number, commands.READ, {0: element(number), 1: list(_ATTRIBUTES)}] for number in numbers]
        yield Frame(time, True, False, cbor2.dumps(asked))
        time += _INTERVAL // 2 + first * 7919 % _INTERVAL
        values = [
            [1, number, {attribute: cbor2.CBORTag(121, number) for attribute in _ATTRIBUTES}]
            for number in numbers
        ]
        yield Frame(time, False, False, cbor2.dumps(values))


def websocket_frame(payload: bytes, mask: bytes = b"") -> bytes:
    """A binary WebSocket frame (RFC 6455 section 5.2). mask: the four bytes that a client's has."""
    flag = 0x80 if mask else 0
    length = len(payload)
    if length < 126:
        head = bytes((0x82, flag | length))
    elif length < 1 << 16:
        head = struct.pack(">BBH", 0x82, flag | 126, length)
    else:
        head = struct.pack(">BBQ", 0x82, flag | 127, length)
    if mask:
        payload = bytes(byte ^ mask[index & 3] for index, byte in enumerate(payload))
    return head + mask + payload
