"""WebSocket messages out of the bytes of one direction: fragments joined, inflated (RFC 6455, RFC 7692)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from wsproto.extensions import Extension, PerMessageDeflate
from wsproto.frame_protocol import FrameProtocol, ParseFailed
from wsproto.utilities import split_comma_header

from xentara_inspect.store.cutting import MOST


class NoMessageError(Exception):
    """What comes next is no message. One clear line."""


class Closed(NamedTuple):
    """A close frame."""

    code: int
    reason: str | None


class MessageReader:
    """Reads what one side sent."""

    def __init__(self, from_client: bool, extensions: str) -> None:
        """extensions: header of the server's answer. Raises NoMessageError."""
        deflate = []
        for offer in split_comma_header(extensions.encode("ascii", "replace")):
            if offer.partition(";")[0].strip() == PerMessageDeflate.name:
                deflate.append(PerMessageDeflate())
                try:
                    deflate[-1].finalize(offer)
                except ValueError as error:
                    raise NoMessageError(f"it is compressed in no known way ({error})") from error
        # Named after who reads: what the client sent, a server reads.
        self._protocol = FrameProtocol(client=not from_client, extensions=list[Extension](deflate))
        self._parts: list[bytes] = []
        self._size = 0

    def messages(self, data: bytes) -> Iterator[tuple[int, bytes] | Closed]:
        """Messages that are whole with more data, as opcode and content, and how it was closed.

        Raises NoMessageError.
        """
        try:
            self._protocol.receive_bytes(data)
            for frame in self._protocol.received_frames():
                payload = frame.payload
                if isinstance(payload, tuple):
                    yield Closed(int(payload[0]), str(payload[1] or ""))
                elif not frame.opcode.iscontrol():
                    self._parts.append(payload.encode() if isinstance(payload, str) else bytes(payload))
                    self._size += len(self._parts[-1])
                    if self._size > MOST:
                        raise NoMessageError(f"a message of more than {MOST >> 20} MiB")
                    if frame.message_finished:
                        content, self._parts, self._size = b"".join(self._parts), [], 0
                        yield int(frame.opcode), content
        except (ParseFailed, ValueError) as error:  # ValueError: parameters of compression that cannot be
            raise NoMessageError(f"not a WebSocket frame ({error})") from error
