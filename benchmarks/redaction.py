"""How fast secrets are blanked in dense input, and what memory that takes beside payload and result.

Run it with `python -m benchmarks.redaction`.
"""

from __future__ import annotations

import time
import tracemalloc
from typing import Final

from xentara_inspect.traffic.redaction import redact

SIZE: Final = 1 << 20
ROUNDS: Final = 3

_MANY: Final = b"\x9a\xff\xff\xff\xff"  # an array that goes on beyond the end


def _filled(start: bytes, unit: bytes, end: bytes = b"") -> bytes:
    return start + unit * ((SIZE - len(start) - len(end)) // len(unit)) + end


def _array(start: bytes, unit: bytes) -> bytes:
    count = (SIZE - len(start) - 5) // len(unit)
    return start + b"\x9a" + count.to_bytes(4, "big") + unit * count


def _mixed(opcode: str, unit: str) -> bytes:
    """A request that has an endless array of the same items as its parameters."""
    return _filled(bytes.fromhex(f"81 84 00 01 {opcode} 9f"), bytes.fromhex(unit), b"\xff")


READ: Final = bytes.fromhex("84 00 01 04 a2 00 d825 50") + b"\x11" * 16 + bytes.fromhex("01 82 0b 09")
MIXED: Final = (
    "0c 6178 18ff f5",
    "82 0c 82 6178 18ff",
    "a2 6161 0c 6162 f5",
    "4178 0c 430d0e0f",
    "c10c d8180c 0c",
    "9f0cff bf0cf5ff 0c",
    "7f6178ff 0c",
    "78" + "18" + 24 * "61" + " 18ff",
)
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
    **{f"mixed, nothing to blank ({unit})": _mixed("05", unit) for unit in MIXED},
    **{f"mixed, blanked ({unit})": _mixed("0c", unit) for unit in MIXED},
}


def main() -> None:
    """Measure and print."""
    for name, payload in PAYLOADS.items():
        best = float("inf")
        for _ in range(ROUNDS):
            start = time.process_time()
            kept = redact(payload, from_client=True)
            best = min(best, time.process_time() - start)
        assert len(kept) == len(payload)
        del kept
        tracemalloc.start()
        redact(payload, from_client=True)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        speed = len(payload) / max(best, 1e-6) / 1e6
        print(f"{name:52.52} {speed:8.1f} MB/s, {peak / SIZE:5.2f} bytes a byte")


if __name__ == "__main__":
    main()
