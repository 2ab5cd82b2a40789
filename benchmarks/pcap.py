"""WebSocket traffic as a packet capture, so that Wireshark can be compared on it."""

from __future__ import annotations

import base64
import hashlib
import struct
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from benchmarks.traffic import websocket_frame
from xentara_inspect.frames import Frame

PORT: Final = 8080
_CLIENT_PORT: Final = 50000
_KEY: Final = base64.b64encode(b"0123456789abcdef")
_GUID: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_MASK: Final = b"\x12\x34\x56\x78"
_RAW_IP: Final = 101  # LINKTYPE_RAW
_PSH_ACK: Final = 0x18
_SYN: Final = 0x02

WIRESHARK_SCRIPT: Final = """
DissectorTable.get("ws.protocol"):add("xentara-v1", Dissector.get("cbor"))
"""
"""Tells Wireshark that the messages of our subprotocol are CBOR (its Decode As cannot)."""


class _Connection:
    """Writes TCP segments with proper sequence numbers; checksums are left out."""

    def __init__(self) -> None:
        self.records = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 1 << 18, _RAW_IP)]
        self._sent = {True: 1000, False: 2000}

    def segment(self, time: int, from_client: bool, data: bytes = b"", flags: int = _PSH_ACK) -> None:
        ports = (_CLIENT_PORT, PORT) if from_client else (PORT, _CLIENT_PORT)
        hosts = (b"\x0a\0\0\1", b"\x0a\0\0\2") if from_client else (b"\x0a\0\0\2", b"\x0a\0\0\1")
        known = 0 if flags == _SYN else self._sent[not from_client]
        tcp = struct.pack(">HHIIBBHHH", *ports, self._sent[from_client], known, 0x50, flags, 0xFFFF, 0, 0)
        ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 40 + len(data), 0, 0, 64, 6, 0, *hosts)
        packet = ip + tcp + data
        seconds, nanoseconds = divmod(time, 10**9)
        self.records.append(struct.pack("<IIII", seconds, nanoseconds // 1000, len(packet), len(packet)))
        self.records.append(packet)
        self._sent[from_client] += len(data) + (flags & _SYN > 0)


def write_pcap(path: Path, frames: Iterable[Frame]) -> None:
    """Write one connection: TCP and WebSocket handshake, then a segment for each frame."""
    connection = _Connection()
    start = 1_700_000_000_000_000_000
    connection.segment(start, True, flags=_SYN)
    connection.segment(start, False, flags=_SYN | 0x10)
    connection.segment(
        start,
        True,
        b"GET /api/ws HTTP/1.1\r\nHost: plant\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: xentara-v1\r\n"
        b"Sec-WebSocket-Key: " + _KEY + b"\r\n\r\n",
    )
    connection.segment(
        start,
        False,
        b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Protocol: xentara-v1\r\n"
        b"Sec-WebSocket-Accept: " + base64.b64encode(hashlib.sha1(_KEY + _GUID).digest()) + b"\r\n\r\n",
    )
    for frame in frames:
        data = websocket_frame(frame.payload, _MASK if frame.from_client else b"")
        connection.segment(frame.time, frame.from_client, data)
    path.write_bytes(b"".join(connection.records))
