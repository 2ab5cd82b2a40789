"""What indexing a hostile frame may take: the memory is limited, so that more of it is death."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.store_traffic import HELLO, add, frames, read
from xentara_inspect.frames import Frame

PACKETS = 200_000
ROOM = 96 << 20
"""Bytes beyond what the interpreter takes with all that it imports."""

INDEX = f"""
import resource, sys
from xentara_inspect.index.process import catch_up

with open("/proc/self/statm") as file:
    taken = int(file.read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (taken + {ROOM}, resource.RLIM_INFINITY))
catch_up(sys.argv[1])
"""


@pytest.mark.stress
@pytest.mark.parametrize(
    ("packet", "kind"),
    [
        ("83 00 00 00", "request"),
        ("40", "malformed"),
        ("83 08 01 a0", "event"),
    ],
    ids=["requests", "malformed", "events"],
)
def test_a_frame_of_very_many_tiny_packets_is_indexed_in_little_memory(
    database: Path, packet: str, kind: str
) -> None:
    payload = b"\x9b" + PACKETS.to_bytes(8, "big") + bytes.fromhex(packet) * PACKETS
    add(database, [*frames(*HELLO), Frame(3, kind != "event", False, payload)])
    subprocess.run([sys.executable, "-c", INDEX, str(database)], check=True)
    indexed = read(database, "SELECT count(*) FROM packets WHERE kind = ? AND id > 3 << 24", kind)
    assert indexed == [(PACKETS,)]


def test_what_is_malformed_is_indexed_in_little_memory_though_it_is_large(database: Path) -> None:
    payload = b"\x9a" + (1 << 20).to_bytes(4, "big") + bytes.fromhex("83 00 00 00") * PACKETS
    add(database, [*frames(*HELLO), Frame(3, True, False, payload)])
    subprocess.run([sys.executable, "-c", INDEX, str(database)], check=True)
    assert read(database, "SELECT code FROM findings WHERE address = 3 << 24") == [("malformed-cbor",)]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("payload", "kind"),
    [
        (
            b"\x81\x84\x00\x01\x05\xa3\x00\xd8\x25\x50"
            + bytes(16)
            + b"\x01\x0b\x02"
            + b"\x81" * 1_000_000
            + b"\x80",
            "request",
        ),
        pytest.param(b"\x81" * 1_000_000, "malformed", marks=pytest.mark.stress),
    ],
    ids=["a value", "without end"],
)
def test_a_million_arrays_in_one_another_are_indexed_in_little_memory(
    database: Path, payload: bytes, kind: str
) -> None:
    add(database, [*frames(*HELLO), Frame(3, True, False, payload)])
    subprocess.run([sys.executable, "-c", INDEX, str(database)], check=True)
    assert read(database, "SELECT kind FROM packets WHERE id >= 3 << 24") == [(kind,)]
