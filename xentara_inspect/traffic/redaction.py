"""Secrets blanked in the bytes, same length, before anything is stored.

What is secret follows from the shapes of `commands.COMMANDS`: in the parameters of a command that has
a secret, every string and number is blanked but those that have their place there and are declared to be
none. On top of that comes what must not depend on a client doing it properly:

- what stands under one of the authentication tags is blanked wherever a client sends it
- so is a byte string that holds such a tag, or a request with a secret
- the parameters of a command that is not known lose all strings and numbers, what only servers ought to
  send and what is no packet its strings and wide numbers
- a message that is no array of packets, or cannot be decoded, likewise, and everything behind the first
  head that cannot be decoded: what it ought to have been, or goes on with, is not known
- a text message is blanked whole but for a few words

Offsets, heads and lengths stay, so the blanked bytes decode and fail exactly as the original did.
"""

from __future__ import annotations

import re
from typing import Final

from xentara_inspect.cbor import ARRAY, MAP
from xentara_inspect.frames import Frame
from xentara_inspect.protocol import commands, error_codes, identifiers, objects
from xentara_inspect.protocol.shape_types import Anything, Object
from xentara_inspect.traffic.blanking import BLANK, Mode, TooDeepError, UndecodableError
from xentara_inspect.traffic.shaped_blanking import SECRET, ShapedBlanker

_UNTOLD: Final = Mode(strings=True, number=4, tag=4, watch=True)
"""Of what is not understood: small numbers stay, they tell what it looks like."""
_UNTOLD_PACKET: Final = _UNTOLD._replace(value=True)
"""Likewise, but the user name stays in credentials of the proper shape."""
_HARMLESS: Final = Mode(watch=True)
_VALUE: Final = Mode(watch=True, value=True)

_BREAK: Final = b"\xff"
_LENGTHS: Final = (2, 3, 4, -1)
"""Of the arrays that packets are, whoever sends them."""
_HARMLESS_TEXTS: Final = frozenset((b"", b"hello", b"hi", b"ping", b"pong", b"keepalive", b"heartbeat"))
_AUTHENTICATION: Final = objects.AUTHENTICATION
_UNTOLD_PACKETS: Final = 1000
"""Packets of a message that are looked at one by one though they are no requests."""

# However the head of an authentication tag is written, and what a string or container begins with.
_EMBEDDED_TAG: Final = re.compile(
    rb"(?:\xd8|\xd9\x00|\xda\x00{3}|\xdb\x00{7})[%s][\x40-\xbf\xc0-\xdb]"
    % b"".join(rb"\x%02x" % tag for tag in _AUTHENTICATION.by_tag)
)
_EMBEDDED_REQUEST: Final = re.compile(
    rb"(?=[\x83\x84\x9f]\x00"
    rb"(?:[\x00-\x17\x20-\x37]|[\x18\x38].|[\x19\x39]..|[\x1a\x3a].{4}|[\x1b\x3b].{8})"
    rb"([\x00-\x17]|\x18.))",
    re.DOTALL,
)
_FROM_SERVER: Final = frozenset(identifiers.PACKET_TYPES) - identifiers.FROM_CLIENT
# An opcode with a secret, however it is encoded; an authentication tag.
_MAY_BE_SECRET: Final = re.compile(
    rb"[%s]|(?:\xd8|\xd9\x00|\xda\x00{3}|\xdb\x00{7})[%s]"
    % (
        b"".join(rb"\x%02x" % (row.opcode & 0xFF) for row in commands.COMMANDS.values() if row.has_secret),
        b"".join(rb"\x%02x" % tag for tag in _AUTHENTICATION.by_tag),
    )
)
_OPCODES: Final = b"".join(rb"\x%02x" % opcode for opcode in commands.COMMANDS if opcode < 24)
_OPEN_OPCODES: Final = b"".join(
    rb"\x%02x" % opcode for opcode, row in commands.COMMANDS.items() if opcode < 24 and not row.has_secret
)
_MESSAGE_IDS: Final = {0: rb"[\x00-\x17]", 1: rb"\x18.", 2: rb"\x19..", 4: rb"\x1a.{4}"}
# Requests without parameters, by the head of their message id: a peer may send a million in one message.
_BARE_REQUESTS: Final = {
    head: (4 + width, re.compile(rb"(?:\x83\x00%s[%s])++" % (_MESSAGE_IDS[width], _OPCODES), re.DOTALL))
    for heads, width in ((range(24), 0), ((0x18,), 1), ((0x19,), 2), ((0x1A,), 4))
    for head in heads
}
_SCALAR: Final = (
    rb"(?:[\x00-\x17\x20-\x37\xf4-\xf7]|\xd8\x25\x50.{16}|[\x18\x38].|[\x19\x39\xf9]..|[\x1a\x3a\xfa].{4}"
    rb"|\xfb.{8}|%s)" % b"|".join(rb"\x%02x.{%d}" % (0x60 + size, size) for size in range(24))
)
_VALUE_OR_LIST: Final = rb"(?:%s|%s)" % (
    _SCALAR,
    b"|".join(rb"\x%02x%s{%d}" % (0x80 + count, _SCALAR, count) for count in range(9)),
)
_OPEN_REQUEST: Final = re.compile(
    rb"\x84\x00(?:%s)[%s](?:%s)"
    % (
        b"|".join(_MESSAGE_IDS.values()),
        _OPEN_OPCODES,
        b"|".join(rb"\x%02x(?:[\x00-\x17]%s){%d}" % (0xA0 + n, _VALUE_OR_LIST, n) for n in range(5)),
    ),
    re.DOTALL,
)
"""Most requests: of a command without secrets, with numbers, UUIDs, short texts and lists of them."""


def without_secrets(frame: Frame) -> Frame:
    """The frame with its secrets blanked; the same object where it has none."""
    payload = frame.payload
    try:
        blanked = redact(payload, frame.from_client, frame.is_text)
    except Exception:  # a bug must neither stop the traffic nor let a secret through
        blanked = bytes((BLANK,)) * len(payload)
    return frame if blanked is payload else frame._replace(payload=blanked)


def redact(payload: bytes, from_client: bool | None, is_text: bool = False) -> bytes:
    """The payload with its secrets blanked; the same object where there is nothing to blank.

    from_client: None where the direction is not known; then nothing is blanked in what can hold no secret
    of a client's, and the packets that servers send are taken for theirs.

    One pass over the bytes (two where a message turns out to be none), in memory that does not grow
    with what they hold.
    """
    if (from_client is not None and not from_client) or not payload:
        return payload
    if is_text:
        return payload if payload.lower() in _HARMLESS_TEXTS else bytes((BLANK,)) * len(payload)
    if from_client is None and not _MAY_BE_SECRET.search(payload):
        return payload
    redaction = _Redaction(payload, from_client is None)
    try:
        end = redaction.message()
    except (UndecodableError, TooDeepError):
        end = 0
    try:
        if end < len(payload):
            redaction.untold(end)
    except UndecodableError as error:
        redaction.blank(error.offset, len(payload))
    return redaction.result


class _Redaction(ShapedBlanker):
    """What is secret in a client's message, or in one that may be a server's."""

    def __init__(self, payload: bytes, from_anybody: bool) -> None:
        super().__init__(payload)
        self._from_anybody = from_anybody

    def message(self) -> int:
        """The first item, which ought to be the array of packets; where it ends."""
        major, count, pos = self.head(0)
        if major != ARRAY:
            return 0
        if count and self.payload[pos : pos + 1] < b"\x40" and pos < len(self.payload):
            return self._packet(0)  # a packet without the array around it
        untold = 0
        while count:
            if count < 0 and self.payload[pos : pos + 1] == _BREAK:
                return pos + 1
            plain = _OPEN_REQUEST.match(self.payload, pos)
            if plain is not None:
                pos = plain.end()
                count -= count > 0
                continue
            alike, pos = self._bare_requests(pos, count)
            if alike:
                count -= alike if count > 0 else 0
                continue
            end = self._proper(pos)
            if not end:
                untold += 1
                if untold > _UNTOLD_PACKETS:
                    raise TooDeepError
                end = self.scan(pos, 1, _UNTOLD_PACKET)
            pos = end
            count -= count > 0
        return pos

    def untold(self, start: int) -> None:
        """All there is from `start` on is not understood. Raises UndecodableError."""
        try:
            self.scan(start, len(self.payload), _UNTOLD)  # more than there can be: it ends with the bytes
        except TooDeepError:
            self.flat(_UNTOLD)

    def tagged(self, tag: int, content: int, mode: Mode) -> int:
        """Credentials, wherever they are."""
        if tag not in _AUTHENTICATION.by_tag:
            return content
        major, _, _ = self.head(content)
        if major == MAP and mode is not _UNTOLD:
            return self.shaped(content, _AUTHENTICATION.by_tag[tag].shape)
        # The value of an attribute may be in alternative 0, as it is in what servers answer.
        is_value = mode is _VALUE and tag == identifiers.TAG_ALTERNATIVE_0 and major != ARRAY
        return content if is_value else self.scan(content, 1, SECRET)

    def suspicious(self, start: int, end: int) -> bool:
        """Whether bytes hold credentials, or a request that has them."""
        if _EMBEDDED_TAG.search(self.payload, start, end):
            return True
        requests = _EMBEDDED_REQUEST.finditer(self.payload, start, end)
        return any(_has_secret(match[1][-1]) for match in requests)

    def _packet(self, pos: int) -> int:
        return self._proper(pos) or self.scan(pos, 1, _UNTOLD_PACKET)

    def _proper(self, start: int) -> int:
        """A packet that is laid out as one. Returns where it ends, 0 where it is none.

        Its first numbers stay: they tell which answer is whose. Of what is none anything may be blanked.
        """
        major, count, pos = self.head(start)
        if major != ARRAY or count not in _LENGTHS:
            return 0
        packet_type, pos = self.integer(pos)
        number, pos = self.integer(pos)
        if number is None:
            return 0
        if packet_type in _FROM_SERVER and count in (2, 3):
            return self._of_server(start, pos, packet_type, count)
        opcode, pos = self.integer(pos) if count != 2 else (None, pos)
        if packet_type != identifiers.REQUEST or opcode is None:
            return 0
        if count == 4 or (count < 0 and self.payload[pos : pos + 1] != _BREAK):
            command = commands.COMMANDS.get(opcode)
            if command is None:
                pos = self.scan(pos, 1, SECRET)
            else:
                pos = self._parameters(pos, command.parameters, command.has_secret)
        if count > 0:
            return pos
        return pos + 1 if self.payload[pos : pos + 1] == _BREAK else 0

    def _of_server(self, start: int, pos: int, packet_type: int, count: int) -> int:
        """A packet that servers send. pos: behind its first two numbers."""
        if self._from_anybody:
            return self.scan(start, 1, _HARMLESS)
        end = self._refusal(pos) if packet_type == identifiers.ERROR and count == 3 else 0
        return end or self.scan(pos, count - 2, _UNTOLD_PACKET)

    def _refusal(self, pos: int) -> int:
        """The error object of a client that answers as servers do, with an error that there is; else 0."""
        major, _, end = self.head(pos)
        key, end = self.integer(end) if major == MAP else (None, end)
        code, _ = self.integer(end) if key == 0 else (None, end)
        return self.shaped(pos, objects.ERROR_OBJECT) if code in error_codes.ERROR_NAMES else 0

    def _parameters(self, pos: int, shape: Object | None, has_secret: bool) -> int:
        if shape is None:
            return self.scan(pos, 1, _HARMLESS)
        if has_secret:
            return self.shaped(pos, shape)
        major, count, end = self.head(pos)
        if major != MAP or not 0 <= count <= len(shape.fields):
            return self.scan(pos, 1, _HARMLESS)
        for _ in range(count):
            key, value = self.integer(end)
            field = shape.by_key.get(key) if key is not None else None
            if key is None:
                value = self.scan(end, 1, _HARMLESS)
            takes_any = field is not None and isinstance(field.shape, Anything)
            end = self.scan(value, 1, _VALUE if takes_any else _HARMLESS)
        return end

    def _bare_requests(self, pos: int, count: int) -> tuple[int, int]:
        """Requests without parameters, at most `count`: how many of one size there are, and their end."""
        payload = self.payload
        message_id = payload[pos + 2 : pos + 3]
        if not message_id or not payload.startswith(b"\x83\x00", pos):
            return 0, pos
        size, pattern = _BARE_REQUESTS.get(message_id[0], (0, None))
        limit = pos + count * size if count > 0 else len(payload)
        run = pattern.match(payload, pos, min(len(payload), limit)) if pattern is not None else None
        return ((run.end() - pos) // size, run.end()) if run is not None else (0, pos)


def _has_secret(opcode: int) -> bool:
    command = commands.COMMANDS.get(opcode)
    return command is not None and command.has_secret
