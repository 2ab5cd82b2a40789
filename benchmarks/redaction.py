"""How fast secrets are blanked in dense input, and what memory that takes beside payload and result.

Run it with `python -m benchmarks.redaction`.
"""

from __future__ import annotations

import time
import tracemalloc
from typing import Final

from xentara_inspect.traffic.redaction import redact

SIZE: Final = 8 << 20
ROUNDS: Final = 3

_MANY: Final = b"\x9a\xff\xff\xff\xff"  # an array that goes on beyond the end


def _filled(start: bytes, unit: bytes, end: bytes = b"") -> bytes:
    return start + unit * ((SIZE - len(start) - len(end)) // len(unit)) + end


def _array(start: bytes, unit: bytes) -> bytes:
    count = (SIZE - len(start) - 5) // len(unit)
    return start + b"\x9a" + count.to_bytes(4, "big") + unit * count


READ: Final = bytes.fromhex("84 00 01 04 a2 00 d825 50") + b"\x11" * 16 + bytes.fromhex("01 82 0b 09")
PAYLOADS: Final = {
    "small integers in a packet (81 9a n 0c …)": _array(b"\x81", b"\x0c"),
    "small integers, endless (81 9f 0c … ff)": _filled(b"\x81\x9f", b"\x0c", b"\xff"),
    "small integers, cut": _filled(b"\x81" + _MANY, b"\x0c"),
    "small integers in a create_sub_session": _array(b"\x81\x84\x00\x01\x0c", b"\x0c"),
    "integers of two bytes, blanked": _array(b"\x81\x84\x00\x01\x0c", b"\x18\xff"),
    "texts of one byte, blanked": _array(b"\x81\x84\x00\x01\x0c", b"\x61x"),
    "arrays in one another (81 81 …)": _filled(b"", b"\x81"),
    "arrays of two in one another": _filled(b"", b"\x82"),
    "endless arrays in one another (9f 9f …)": _filled(b"", b"\x9f"),
    "requests without parameters": _array(b"", b"\x83\x00\x19\x01\x00\x08"),
    "packets that are none": _array(b"", b"\x80"),
    "read requests": _array(b"", READ),
    "one value of many bytes": b"\x81\x84\x00\x01\x05\xa1\x02"
    + b"\x7a"
    + SIZE.to_bytes(4, "big")
    + b"x" * SIZE,
    "no two heads alike (0c 61 78 18 ff …)": _array(
        b"\x81\x84\x00\x01\x05\x82\x00", b"\x82\x0c\x82\x61x\x18\xff"
    ),
}


def main() -> None:
    """Measure and print."""
    for name, payload in PAYLOADS.items():
        best = float("inf")
        for _ in range(ROUNDS):
            start = time.perf_counter()
            kept = redact(payload, from_client=True)
            best = min(best, time.perf_counter() - start)
        assert len(kept) == len(payload)
        del kept
        tracemalloc.start()
        redact(payload, from_client=True)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        print(f"{name:45} {len(payload) / best / 1e6:8.1f} MB/s, {peak / len(payload):5.2f} bytes a byte")


if __name__ == "__main__":
    main()
