"""TCP over IP over Ethernet, as it would have carried a connection: with proper numbers and checksums."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

from xentara_inspect.captures.pcapng_blocks import Address

FIN, SYN, RST, PSH, ACK = 0x01, 0x02, 0x04, 0x08, 0x10
_MACS: Final = {
    True: bytes.fromhex("020000000001"),
    False: bytes.fromhex("020000000002"),
}  # locally administered
_IPV4, _IPV6 = b"\x08\x00", b"\x86\xdd"
_TCP: Final = 6
_HOPS: Final = 64
_DO_NOT_FRAGMENT: Final = 0x4000
_WINDOW: Final = 0xFFFF
_LARGEST: Final = 65_000  # bytes of a segment, for which IP has room
_UNACKNOWLEDGED: Final = 32_768
"""Bytes that stay in the window without an acknowledgement of their own."""
_SEQUENCE: Final = 1 << 32

Endpoint = tuple[Address, int]


class Stream:
    """The packets of one TCP connection. client, server: addresses of the same version of IP."""

    def __init__(self, client: Endpoint, server: Endpoint, number: int) -> None:
        """number: tells it from others between the same ports."""
        first = (number * 0x01000193 + 1) % _SEQUENCE
        self._next = {True: first, False: first ^ 0x5A5A5A5A}
        self._unacknowledged = {True: 0, False: 0}
        self._heads = {True: _Head(client, server, _MACS[False] + _MACS[True])}
        self._heads[False] = _Head(server, client, _MACS[True] + _MACS[False])

    def opening(self) -> Iterator[bytes]:
        """The three packets that a connection begins with."""
        yield self._packet(True, SYN)
        yield self._packet(False, SYN | ACK)
        yield self._packet(True, ACK)

    def sent(self, from_client: bool, data: bytes) -> Iterator[bytes]:
        """The packets that carry data, and what acknowledges it where the other side has long been silent."""
        for start in range(0, len(data), _LARGEST):
            yield self._packet(from_client, PSH | ACK, data[start : start + _LARGEST])
            if self._unacknowledged[from_client] > _UNACKNOWLEDGED:
                yield self._packet(not from_client, ACK)

    def closing(self, by_client: bool) -> Iterator[bytes]:
        """The packets that a connection ends with in order."""
        yield self._packet(by_client, FIN | ACK)
        yield self._packet(not by_client, FIN | ACK)
        yield self._packet(by_client, ACK)

    def breaking(self, by_client: bool) -> Iterator[bytes]:
        """The packet that a connection breaks off with."""
        yield self._packet(by_client, RST | ACK)

    def _packet(self, from_client: bool, flags: int, data: bytes = b"") -> bytes:
        sequence, expected = self._next[from_client], self._next[not from_client] if flags & ACK else 0
        self._next[from_client] = (sequence + len(data) + bool(flags & (SYN | FIN))) % _SEQUENCE
        self._unacknowledged[from_client] += len(data)
        self._unacknowledged[not from_client] = 0
        return self._heads[from_client].packet(sequence, expected, flags, data)


class _Head:
    """What is the same in all packets of a direction."""

    def __init__(self, source: Endpoint, target: Endpoint, macs: bytes) -> None:
        self._ports = struct.pack(">HH", source[1], target[1])
        self._hosts = source[0].packed + target[0].packed
        self._is_ipv4 = source[0].version == 4
        self._ethernet = macs + (_IPV4 if self._is_ipv4 else _IPV6)
        self._sum = int.from_bytes(self._hosts) % 0xFFFF + _TCP

    def packet(self, sequence: int, expected: int, flags: int, data: bytes) -> bytes:
        tcp = self._ports + struct.pack(">IIBBHHH", sequence, expected, 0x50, flags, _WINDOW, 0, 0)
        size = len(tcp) + len(data)
        checksum = _checksum(tcp + data, self._sum + size)
        tcp = b"%b%b\0\0" % (tcp[:16], checksum.to_bytes(2))
        if self._is_ipv4:
            head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + size, 0, _DO_NOT_FRAGMENT, _HOPS, _TCP, 0)
            own = _checksum(head + self._hosts)
            ip = head[:10] + own.to_bytes(2)
        else:
            ip = struct.pack(">IHBB", 6 << 28, size, _TCP, _HOPS)
        return b"".join((self._ethernet, ip, self._hosts, tcp, data))


def _checksum(data: bytes, more: int = 0) -> int:
    """The checksum of the Internet (RFC 1071): a sum of 16-bit words with end-around carry is one modulo."""
    if len(data) % 2:
        data += b"\0"
    total = (int.from_bytes(data) + more) % 0xFFFF
    return 0xFFFF - total
