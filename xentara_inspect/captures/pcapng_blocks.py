"""The blocks of a pcapng file (draft-ietf-opsawg-pcapng): Ethernet frames, comments, names of hosts.

By hand: the packages that write them are not kept any more (python-pcapng, dpkt), or bring a whole stack of
protocols under the GPL along (scapy), and it is four kinds of blocks.
"""

from __future__ import annotations

import struct
from ipaddress import IPv4Address, IPv6Address
from typing import Final

Address = IPv4Address | IPv6Address

_SECTION, _INTERFACE, _NAMES, _PACKET = 0x0A0D0D0A, 1, 4, 6
_BYTE_ORDER: Final = 0x1A2B3C4D
_ETHERNET: Final = 1  # LINKTYPE_ETHERNET
_COMMENT, _APPLICATION, _RESOLUTION = 1, 4, 9
_NANOSECONDS: Final = b"\x09"  # negative power of ten
_IPV4_NAME, _IPV6_NAME, _END_OF_NAMES = 1, 2, 0
_LONGEST: Final = (1 << 16) - 1  # of an option


def beginning(application: str) -> bytes:
    """What a file begins with: one section of one interface. application: that wrote it."""
    section = struct.pack("<IHHq", _BYTE_ORDER, 1, 0, -1) + _options((_APPLICATION, application.encode()))
    interface = struct.pack("<HHI", _ETHERNET, 0, 0) + _options((_RESOLUTION, _NANOSECONDS))
    return _block(_SECTION, section) + _block(_INTERFACE, interface)


def packet(time: int, content: bytes, comment: str = "") -> bytes:
    """A packet. time: nanoseconds since 1970."""
    size = len(content)
    time &= (1 << 64) - 1
    head = struct.pack("<IIIII", 0, time >> 32, time & 0xFFFFFFFF, size, size)
    options = _options((_COMMENT, comment.encode()[:_LONGEST])) if comment else b""
    return _block(_PACKET, head + _padded(content) + options)


def name(address: Address, host: str) -> bytes:
    """That an address is called so."""
    kind = _IPV4_NAME if address.version == 4 else _IPV6_NAME
    value = address.packed + host.encode() + b"\0"
    record = struct.pack("<HH", kind, len(value)) + _padded(value)
    return _block(_NAMES, record + struct.pack("<HH", _END_OF_NAMES, 0))


def _block(kind: int, body: bytes) -> bytes:
    size = len(body) + 12
    return struct.pack("<II", kind, size) + body + struct.pack("<I", size)


def _options(*options: tuple[int, bytes]) -> bytes:
    written = [struct.pack("<HH", code, len(value)) + _padded(value) for code, value in options]
    return b"".join(written) + struct.pack("<HH", 0, 0)


def _padded(content: bytes) -> bytes:
    return content + bytes(-len(content) % 4)
