"""How fast is the notation? `python -m benchmarks.notation`, or with `--json` for one line of JSON a kind.

Messages of 50 packets of one kind, no two alike, are rendered with comments by `annotate`, and without
any by cbor-diag (Rust), turn by turn in one run; the best of several rounds counts for each, in CPU time,
so that a busy machine does not lie as much. The general way is what a packet of a look not seen before
costs: parsing, items, no pattern and no template. The ratio is that of `annotate`, for responses that of
parsing and `annotate_message`, which says what they answer.
"""

from __future__ import annotations

import argparse
import json
import random
import struct
import time
from collections.abc import Callable, Mapping
from typing import Final

import cbor2
import cbor_diag

from xentara_inspect import annotate
from xentara_inspect.notation.messages import Context, annotate_message, annotate_packet, lines_with_spans
from xentara_inspect.protocol import commands
from xentara_inspect.traffic import packets
from xentara_inspect.traffic.names import Names
from xentara_inspect.traffic.plain_events import plain_events

PACKETS = 50
ELEMENTS = 10
ROUNDS = 15
REPEATS = 20

_RANDOM = random.Random(1)  # the same traffic in every run
_UUIDS = [_RANDOM.randbytes(16) for _ in range(ELEMENTS)]
NAMES = Names(elements={uuid: f"Plant.Tank {index}.Level" for index, uuid in enumerate(_UUIDS)})


def event(attributes: int) -> bytes:
    """One event packet as a server sends it: time stamp, element, one to three attributes."""
    time_ns = 1_700_000_000_000_000_000 + _RANDOM.randrange(10**15)
    value = struct.pack(">d", _RANDOM.uniform(0, 100))
    parts = [
        b"\x0b\xd8\x79\xfb" + value,  # Value: a float64
        b"\x05\xd8\x79\xd9\x03\xe9\xa1\x04\xc4\x82\x28\x1b" + time_ns.to_bytes(8, "big"),  # Source Time
        b"\x09\xd8\x79\x00",  # Quality
    ]
    return b"".join(
        (
            b"\x83\x08\x00\xa3\x00\xd9\x03\xe9\xa1\x04\xc4\x82\x28\x1b",
            time_ns.to_bytes(8, "big"),
            b"\x01\xd8\x25\x50",
            _RANDOM.choice(_UUIDS),
            b"\x02",
            bytes([0xA0 + attributes]),
            *parts[:attributes],
        )
    )


def message(attributes: int) -> bytes:
    """An outer array of 50 events."""
    return b"\x98" + bytes([PACKETS]) + b"".join(event(attributes) for _ in range(PACKETS))


def _time(exponent: int) -> cbor2.CBORTag:
    units = 1_700_000_000 * 10**-exponent + _RANDOM.randrange(10**6)
    return cbor2.CBORTag(1001, {4: cbor2.CBORTag(4, [exponent, units])})


def _element() -> cbor2.CBORTag:
    return cbor2.CBORTag(37, _RANDOM.choice(_UUIDS))


def _success(value: object) -> cbor2.CBORTag:
    return cbor2.CBORTag(121, value)


def _message(packet: Callable[[int], object]) -> bytes:
    return cbor2.dumps([packet(number) for number in range(300, 300 + PACKETS)])


def _read_request(number: int) -> object:
    return [0, number, commands.READ, {0: _element(), 1: [11, 9, 5]}]


def _read_response(number: int) -> object:
    values = {
        11: _success(_RANDOM.uniform(0, 100)),
        9: _success(_RANDOM.randrange(4)),
        5: _success(_time(-9)),
    }
    return [1, number, values]


def _browse_response(number: int, size: int) -> object:
    found = [{0: f"Plant.Line {n}.Tank {_RANDOM.randrange(10**6)}", 1: _element(), 2: 2} for n in range(size)]
    return [1, number, found]


def _lookup_request(number: int) -> object:
    return [0, number, commands.LOOKUP, {0: "Plant.Tank 1.Level"[: _RANDOM.randrange(5, 18)]}]


def _event_in_microseconds(_number: int) -> object:
    values = {11: _success(_RANDOM.uniform(0, 100)), 9: _success(0)}
    return [8, 0, {0: _time(-6), 1: _element(), 2: values}]


KINDS: Final[Mapping[str, tuple[bytes, int | None]]] = {
    "event of one attribute": (message(1), None),
    "event of two attributes": (message(2), None),
    "event of three attributes": (message(3), None),
    "event in microseconds": (_message(_event_in_microseconds), None),
    "read request": (_message(_read_request), None),
    "read response": (_message(_read_response), commands.READ),
    "lookup request": (_message(_lookup_request), None),
    "browse response of 3": (_message(lambda number: _browse_response(number, 3)), commands.BROWSE),
    "browse response of 100": (_message(lambda number: _browse_response(number, 100)), commands.BROWSE),
}
"""Messages by what they consist of, and the command that their responses answer."""


def best(functions: list[Callable[[], object]]) -> list[float]:
    """Microseconds a packet takes in each function: the best of all rounds, the functions in turn."""
    times = [float("inf")] * len(functions)
    for _ in range(ROUNDS):
        for index, function in enumerate(functions):
            start = time.process_time()
            for _ in range(REPEATS):
                function()
            times[index] = min(times[index], time.process_time() - start)
    return [elapsed / REPEATS / PACKETS * 1e6 for elapsed in times]


def measure(data: bytes, answered: int | None) -> dict[str, float]:
    """The figures for one kind of packet."""
    contexts = {position: Context(answered) for position in range(1, PACKETS + 1)}

    def as_stored() -> list[str]:
        found = plain_events(data) or packets.parse(data).packets
        context = Context(answered)
        return [annotate_packet(packet, data, names=NAMES, context=context) for packet in found]

    whole, with_contexts, one_by_one, general, parsing, theirs = best(
        [
            lambda: annotate(data, names=NAMES),
            lambda: annotate_message(packets.parse(data), data, names=NAMES, contexts=contexts),
            as_stored,
            lambda: lines_with_spans(data, names=NAMES),
            lambda: packets.parse(data),
            lambda: cbor_diag.cbor2diag(data, pretty=True),
        ]
    )
    return {
        "bytes": len(data) / PACKETS,
        "annotate_us": whole,
        "annotate_message_us": with_contexts,
        "annotate_packet_us": one_by_one,
        "general_us": general,
        "parse_us": parsing,
        "cbor_diag_us": theirs,
        "ratio": theirs / (whole if answered is None else with_contexts),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one line of JSON for each kind")
    arguments = parser.parse_args()
    if not arguments.json:
        print(
            "microseconds a packet         bytes annotate message  packets  general   parse  cbor-diag  ratio"
        )
    for name, (data, answered) in KINDS.items():
        figures = measure(data, answered)
        if arguments.json:
            print(json.dumps({"kind": name} | {key: round(value, 2) for key, value in figures.items()}))
        else:
            size, *times, ratio = figures.values()
            print(f"{name:30}{size:5.0f}" + "".join(f"{value:9.2f}" for value in times) + f"{ratio:9.2f}")


if __name__ == "__main__":
    main()
