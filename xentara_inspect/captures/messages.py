"""WebSocket messages out of the bytes of one direction: fragments joined, inflated (RFC 6455, RFC 7692)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from wsproto.extensions import Extension, PerMessageDeflate
from wsproto.frame_protocol import CloseReason, FrameDecoder, Opcode, ParseFailed
from wsproto.utilities import split_comma_header

from xentara_inspect.store.cutting import MOST


class NoMessageError(Exception):
    """What comes next is no message. One clear line."""


class Closed(NamedTuple):
    """A close frame. code: 1005 where it tells none (RFC 6455 section 7.4.1)."""

    code: int
    reason: str


class MessageReader:
    """Reads what one side sent, also what nobody would take: text that is none, unknown codes."""

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
        self._decoder = FrameDecoder(client=not from_client, extensions=list[Extension](deflate))
        self._opcode: Opcode | None = None
        self._parts: list[bytes] = []
        self._size = 0
        self._is_closed = False

    def messages(self, data: bytes) -> Iterator[tuple[int, bytes] | Closed]:
        """Messages that are whole with more data, as opcode and content, and how it was closed.

        Nothing is read behind a close frame. Raises NoMessageError.
        """
        try:
            self._decoder.receive_bytes(data)
            while not self._is_closed and (frame := self._decoder.process_buffer()) is not None:
                payload = bytes(frame.payload)  # type: ignore[arg-type]  # nothing is made of it yet
                if frame.opcode is Opcode.CLOSE:
                    self._is_closed = True
                    yield Closed(
                        int.from_bytes(payload[:2]) if len(payload) > 1 else CloseReason.NO_STATUS_RCVD,
                        payload[2:].decode(errors="backslashreplace"),
                    )
                elif not frame.opcode.iscontrol():
                    self._take(frame.opcode, payload)
                    if frame.frame_finished and frame.message_finished:
                        yield self._message()
        except (ParseFailed, ValueError) as error:  # ValueError: parameters of compression that cannot be
            raise NoMessageError(f"not a WebSocket frame ({error})") from error

    def _take(self, opcode: Opcode, part: bytes) -> None:
        """Go on with the message that a part belongs to, or begin one."""
        if (self._opcode is None) is (opcode is Opcode.CONTINUATION):
            raise NoMessageError("its fragments do not fit each other")
        self._opcode = self._opcode or opcode
        self._parts.append(part)
        self._size += len(part)
        if self._size > MOST:
            raise NoMessageError(f"a message of more than {MOST >> 20} MiB")

    def _message(self) -> tuple[int, bytes]:
        opcode, content = int(self._opcode or 0), b"".join(self._parts)
        self._opcode, self._parts, self._size = None, [], 0
        return opcode, content
