"""How fast is the notation? `python -m benchmarks.notation`, or with `--json` for one line of JSON.

The same message of 50 data change events is rendered by `annotate` with comments, and by cbor-diag
(Rust) without any, turn by turn in one run; the best of several rounds counts for each. The message
comes in two sizes: events of two attributes (81 bytes each) and of one (56 bytes or so).
"""

from __future__ import annotations

import argparse
import json
import random
import struct
import time
from collections.abc import Callable

import cbor_diag

from xentara_inspect import annotate
from xentara_inspect.notation.messages import annotate_packet
from xentara_inspect.traffic import packets
from xentara_inspect.traffic.names import Names

EVENTS = 50
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
    return b"\x98" + bytes([EVENTS]) + b"".join(event(attributes) for _ in range(EVENTS))


def best(functions: list[Callable[[], object]]) -> list[float]:
    """Microseconds an event takes in each function: the best of all rounds, the functions in turn."""
    times = [float("inf")] * len(functions)
    for _ in range(ROUNDS):
        for index, function in enumerate(functions):
            start = time.perf_counter()
            for _ in range(REPEATS):
                function()
            times[index] = min(times[index], time.perf_counter() - start)
    return [elapsed / REPEATS / EVENTS * 1e6 for elapsed in times]


def measure(attributes: int) -> dict[str, float]:
    """The figures for one size of event."""
    data = message(attributes)
    parsed = packets.parse(data)
    ours, one_by_one, theirs, parsing = best(
        [
            lambda: annotate(data, names=NAMES),
            lambda: [annotate_packet(packet, data, names=NAMES) for packet in parsed.packets],
            lambda: cbor_diag.cbor2diag(data, pretty=True),
            lambda: packets.parse(data),
        ]
    )
    return {
        "bytes_per_event": len(data) / EVENTS,
        "annotate_us": ours,
        "annotate_packet_us": one_by_one,
        "cbor_diag_us": theirs,
        "packets_parse_us": parsing,
        "ratio": theirs / ours,
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one line of JSON for each size")
    arguments = parser.parse_args()
    for attributes in (1, 2, 3):
        figures = measure(attributes)
        if arguments.json:
            print(json.dumps({name: round(value, 2) for name, value in figures.items()}))
            continue
        print(f"{EVENTS} events of {figures['bytes_per_event']:.0f} bytes, microseconds an event:")
        print(f"  annotate, with comments           {figures['annotate_us']:6.2f}")
        print(f"  annotate_packet, packets parsed   {figures['annotate_packet_us']:6.2f}")
        print(f"  cbor-diag pretty, no comments     {figures['cbor_diag_us']:6.2f}")
        print(f"  (packets.parse alone              {figures['packets_parse_us']:6.2f})")
        print(f"  annotate is {figures['ratio']:.2f} times as fast as cbor-diag")


if __name__ == "__main__":
    main()
