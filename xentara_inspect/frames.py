"""A frame: one WebSocket message, as every source hands it over."""

from __future__ import annotations

from typing import NamedTuple


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
