"""What every source hands over: connections, and their frames, each one WebSocket message."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

LIVE: Final = "live"
"""The source of a connection that is recorded while it happens; other sources are read from files."""


@dataclass(frozen=True, slots=True)
class SessionInfo:
    """A WebSocket connection.

    flow_id: what names it wherever it is stored, None where the source has no such name. client,
    server: address and port. path: without the query string, which may hold secrets. user: the name
    alone. opened: nanoseconds since 1970 UTC. source: `LIVE`, or the name of the file it came from.
    """

    flow_id: str | None
    client: str | None
    server: str | None
    path: str | None
    subprotocol: str | None
    user: str | None
    opened: int
    source: str = LIVE


class Closing(NamedTuple):
    """How a connection ended. time: nanoseconds since 1970 UTC; code, reason: of the close frame."""

    time: int
    code: int | None = None
    reason: str | None = None


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
