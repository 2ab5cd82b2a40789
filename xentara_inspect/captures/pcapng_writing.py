"""Recorded connections as a packet capture that Wireshark opens: TCP, upgrade and WebSocket made again.

Nothing of that is encrypted, masked with anything but zeros or compressed, whatever it was when it was
recorded. Who had no address then gets one of those that are kept for documentation (RFC 5737, RFC 3849).
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import IO, Final

from mitmproxy.net.http.http1 import assemble_request_head, assemble_response_head
from wsproto.frame_protocol import Opcode

from xentara_inspect.captures import pcapng_blocks as blocks
from xentara_inspect.captures.handshakes import flow_of, is_ip, told
from xentara_inspect.captures.tcp import Endpoint, Stream
from xentara_inspect.frames import Closing, Frame, SessionInfo, host_and_port
from xentara_inspect.queries.connections import Connection, Connections

APPLICATION: Final = "xentara-inspect"
_UNKNOWN_CLIENT: Final = "client.invalid"
_UNKNOWN_SERVER: Final = "server.invalid"
_FOR_DOCUMENTATION: Final = {4: int(IPv4Address("192.0.2.0")), 6: int(IPv6Address("2001:db8::"))}
_MAPPED: Final = int(IPv6Address("::ffff:0:0"))
_NO_MASK: Final = bytes(4)
_FINAL, _MASKED = 0x80, 0x80
_LONGEST_REASON: Final = 123  # bytes (RFC 6455 section 5.5)
_NEVER_SENT: Final = (1005, 1006, 1015)  # RFC 6455 section 7.4.1


def write_pcapng(connections: Connections, file: IO[bytes], progress: Callable[[int], None]) -> None:
    """Write all that happened in its order. progress: is told of how many messages each time.

    Raises StoreError, OSError.
    """
    file.write(blocks.beginning(APPLICATION))
    writer = _Writer(file)
    for connection, happening in connections.in_time():
        if isinstance(happening, SessionInfo):
            writer.open(connection)
        elif isinstance(happening, Frame):
            writer.write(connection, happening)
            progress(1)
        else:
            writer.close(connection, happening)


class _Writer:
    """Writes the packets of connections that overlap."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._streams: dict[int, tuple[Stream, tuple[Endpoint, Endpoint]]] = {}
        self._taken: set[tuple[Endpoint, Endpoint]] = set()
        self._hosts = _Hosts()
        self._opened = 0

    def open(self, connection: Connection) -> None:
        info = connection.info
        between = self._endpoints(info)
        for name in self._hosts.news():
            self._file.write(name)
        self._opened += 1
        stream = Stream(*between, self._opened)
        self._taken.add(between)
        self._streams[id(connection)] = stream, between
        flow = flow_of(connection)
        self._put(info.opened, stream.opening())
        self._put(
            info.opened, stream.sent(True, assemble_request_head(flow.request)), json.dumps(told(connection))
        )
        if flow.response is not None:
            self._put(info.opened, stream.sent(False, assemble_response_head(flow.response)))

    def write(self, connection: Connection, frame: Frame) -> None:
        stream, _ = self._streams[id(connection)]
        self._put(frame.time, stream.sent(frame.from_client, _websocket(frame)))

    def close(self, connection: Connection, closing: Closing) -> None:
        stream, between = self._streams.pop(id(connection))
        self._taken.discard(between)
        by_client = closing.by == "client"
        code = closing.code
        if connection.info.refused is not None:
            self._put(closing.time, stream.closing(by_client=False))
        elif code is None or not 0 <= code < 1 << 16 or code in _NEVER_SENT:
            self._put(closing.time, stream.breaking(by_client))
        else:
            reason = (closing.reason or "").encode()[:_LONGEST_REASON]
            payload = struct.pack(">H", code) + reason.decode(errors="ignore").encode()
            for from_client in (by_client, not by_client):
                self._put(closing.time, stream.sent(from_client, _frame(Opcode.CLOSE, from_client, payload)))
            self._put(closing.time, stream.closing(by_client))

    def _put(self, time: int, packets: Iterator[bytes], comment: str = "") -> None:
        for packet in packets:
            self._file.write(blocks.packet(time, packet, comment))
            comment = ""

    def _endpoints(self, info: SessionInfo) -> tuple[Endpoint, Endpoint]:
        """The addresses of both, of one version; where another connection has these now, a port nearby."""
        client, server = host_and_port(info.client or ""), host_and_port(info.server or "")
        between = self._hosts.addresses(client[0] or _UNKNOWN_CLIENT, server[0] or _UNKNOWN_SERVER)
        port = client[1] or 49_152
        while (found := ((between[0], port), (between[1], server[1]))) in self._taken:
            port = port % 0xFFFF + 1
        return found


class _Hosts:
    """Addresses of hosts of which only the name is known."""

    def __init__(self) -> None:
        self._named: dict[tuple[str, int], blocks.Address] = {}
        self._news: list[bytes] = []

    def addresses(self, *hosts: str) -> tuple[blocks.Address, ...]:
        """The addresses of hosts that speak with each other."""
        known = [ip_address(host.partition("%")[0]) for host in hosts if is_ip(host)]
        version = 6 if any(address.version == 6 for address in known) else 4
        return tuple(self._address(host, version) for host in hosts)

    def news(self) -> Iterator[bytes]:
        """The names that were given since, as blocks."""
        while self._news:
            yield self._news.pop()

    def _address(self, host: str, version: int) -> blocks.Address:
        if is_ip(host):
            address = ip_address(host.partition("%")[0])
            return IPv6Address(_MAPPED + int(address)) if address.version < version else address
        if (host, version) not in self._named:
            found = ip_address(_FOR_DOCUMENTATION[version] + len(self._named) % 254 + 1)
            self._named[host, version] = found
            self._news.append(blocks.name(found, host))
        return self._named[host, version]


def _websocket(frame: Frame) -> bytes:
    opcode = Opcode.TEXT if frame.is_text else Opcode.BINARY
    return _frame(opcode, frame.from_client, frame.payload)


def _frame(opcode: Opcode, from_client: bool, payload: bytes) -> bytes:
    """A frame (RFC 6455 section 5.2); zeros for a mask leave it legible."""
    masked, mask = (_MASKED, _NO_MASK) if from_client else (0, b"")
    size = len(payload)
    if size < 126:
        head = bytes((_FINAL | opcode, masked | size))
    elif size < 1 << 16:
        head = struct.pack(">BBH", _FINAL | opcode, masked | 126, size)
    else:
        head = struct.pack(">BBQ", _FINAL | opcode, masked | 127, size)
    return head + mask + payload
