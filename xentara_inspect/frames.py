"""What every source hands over: connections, and their frames, each one WebSocket message."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

LIVE: Final = "live"
"""The source of a connection that is recorded while it happens; other sources are read from files."""

POSITION_BITS: Final = 24
"""Bits of an address that are for the position in the frame; those above are the frame's id."""

LAST_POSITION: Final = (1 << POSITION_BITS) - 1
"""The highest position that an address can tell."""

_LAST_PORT: Final = 65_535


@dataclass(frozen=True, slots=True)
class SessionInfo:
    """A WebSocket connection.

    flow_id: what names it wherever it is stored, None where the source has no such name. client,
    server: address and port. path: without the query string, which may hold secrets. user: the name
    alone. user_agent, origin: of the upgrade request. opened: nanoseconds since 1970 UTC. source:
    `LIVE`, or the name of the file it came from. refused: why there never was a connection.
    """

    flow_id: str | None
    client: str | None
    server: str | None
    path: str | None
    subprotocol: str | None
    user: str | None
    opened: int
    source: str = LIVE
    user_agent: str | None = None
    origin: str | None = None
    refused: str | None = None


class Closing(NamedTuple):
    """How a connection ended.

    time: nanoseconds since 1970 UTC; code, reason: of the close frame. by: `client`, `server` or
    None where that is not known.
    """

    time: int
    code: int | None = None
    reason: str | None = None
    by: str | None = None


class Frame(NamedTuple):
    """One WebSocket message.

    time: nanoseconds since 1970-01-01T00:00:00Z. from_client: direction. is_text: opcode text
    instead of binary. payload: the message's bytes, fragments joined and inflated; of a text message
    its UTF-8.
    """

    time: int
    from_client: bool
    is_text: bool
    payload: bytes


def endpoint(host: str, port: int) -> str:
    """Address and port as text."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def endpoint_of(text: str) -> tuple[str, int]:
    """Address and port of such a text, the address without brackets. Raises ValueError."""
    host, separator, port = text.rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    if not separator or not host or (":" in host and not bracketed):
        raise ValueError(f"{text!r} is not HOST:PORT, such as 127.0.0.1:8080 or [::1]:8080")
    if not (port.isascii() and port.isdigit()) or int(port) > _LAST_PORT:
        raise ValueError(f"{port!r} is not a port between 0 and {_LAST_PORT}")
    return host[1:-1] if bracketed else host, int(port)


def host_and_port(text: str) -> tuple[str, int]:
    """What such a text says; port 0 where it tells none."""
    try:
        return endpoint_of(text)
    except ValueError:
        return text.removeprefix("[").removesuffix("]"), 0


def address(frame: int, position: int = 0) -> int:
    """Where something stood on the wire: in which frame, and at which place in it.

    position: 0 for the message itself, packets from 1 on. Everything of a frame is one range.
    """
    return frame << POSITION_BITS | position


def frame_of(place: int) -> int:
    """The id of the frame that an address is in."""
    return place >> POSITION_BITS


def position_in(place: int) -> int:
    """The position of an address in its frame."""
    return place & LAST_POSITION
