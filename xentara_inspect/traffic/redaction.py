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
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Final

from xentara_inspect.cbor import ARRAY, MAP
from xentara_inspect.protocol import commands, error_codes, identifiers, objects
from xentara_inspect.protocol.shape_types import Anything, Object
from xentara_inspect.traffic.blanking import TooDeepError
from xentara_inspect.traffic.blanks import BLANK
from xentara_inspect.traffic.heads import UndecodableError
from xentara_inspect.traffic.modes import Mode
from xentara_inspect.traffic.plain_requests import plain_requests
from xentara_inspect.traffic.shaped_blanking import SECRET, ShapedBlanker

_UNTOLD: Final = Mode(strings=True, number=4, tag=4, watch=True)
"""Of what is not understood: small numbers stay, they tell what it looks like."""
_UNTOLD_PACKET: Final = _UNTOLD._replace(value=True)
"""Likewise, but the user name stays in credentials of the proper shape."""
_UNKNOWN: Final = SECRET._replace(watch=True, told=False)
"""The parameters of a command that is not known: it may take a secret, but what it takes may be anything."""
_HARMLESS: Final = Mode(watch=True)
_VALUE: Final = Mode(watch=True, value=True)

_BREAK: Final = b"\xff"
_LENGTHS: Final = (2, 3, 4, -1)
"""Of the arrays that packets are, whoever sends them."""
_HARMLESS_TEXTS: Final = frozenset((b"", b"hello", b"hi", b"ping", b"pong", b"keepalive", b"heartbeat"))
_AUTHENTICATION: Final = objects.AUTHENTICATION
_MOST_FOUND: Final = 100
"""Strings in the place of credentials that are found in one message."""
_MOST_EMBEDDED: Final = 10  # byte strings that hold credentials, of which so many bytes are read:
_LOOKED_AT: Final = 1 << 16
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


def redact(
    payload: bytes, from_client: bool | None, is_text: bool = False, found: list[bytes] | None = None
) -> bytes:
    """The payload with its secrets blanked; the same object where there is nothing to blank.

    from_client: None where the direction is not known; then nothing is blanked in what can hold no secret
    of a client's, and the packets that servers send are taken for theirs. found: gets the strings that
    stood where credentials ought to and were blanked, at most `_MOST_FOUND` in a message and as many in
    each of the byte strings that hold some.

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
    redaction.run()
    if found is not None:
        found += redaction.credentials()
    return redaction.result


class _Redaction(ShapedBlanker):
    """What is secret in a client's message, or in one that may be a server's."""

    def __init__(self, payload: bytes, from_anybody: bool) -> None:
        super().__init__(payload)
        self._from_anybody = from_anybody
        self._strings: list[Sequence[tuple[int, int]]] = []  # where credentials ought to be
        self._embedded: list[tuple[int, int]] = []  # in bytes that hold some

    def run(self) -> None:
        """Blank what is to be blanked in the whole payload."""
        try:
            end = self.message()
        except (UndecodableError, TooDeepError):
            end = 0
        try:
            if end < len(self.payload):
                self.untold(end)
        except UndecodableError as error:
            self.blank(error.offset, len(self.payload))

    def credentials(self) -> Iterator[bytes]:
        """What stood where credentials ought to, here and in bytes that hold some."""
        yield from self._found()
        for start, end in self._embedded:
            inner = _Redaction(b"\x81" + self.payload[start:end], from_anybody=False)
            inner.run()
            yield from inner._found()

    def _found(self) -> Iterator[bytes]:
        for pieces in self._strings:
            if all(self.is_blanked(start, end) for start, end in pieces):  # and not restored as a user name
                yield b"".join(self.payload[start:end] for start, end in pieces)

    def told(self, pieces: Sequence[tuple[int, int]]) -> None:
        """Remember a string, while there are not enough."""
        self._strings.append(pieces)
        if len(self._strings) >= _MOST_FOUND:
            self.unheard = len(self.payload)

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
            alike, pos = plain_requests(self.payload, pos, count)
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
        if major == MAP and (mode.value or not mode.strings):
            return self.shaped(content, _AUTHENTICATION.by_tag[tag].shape)
        # The value of an attribute may be in alternative 0, as it is in what servers answer.
        is_value = mode is _VALUE and tag == identifiers.TAG_ALTERNATIVE_0 and major != ARRAY
        return content if is_value else self.scan(content, 1, SECRET)

    def suspicious(self, start: int, end: int) -> bool:
        """Whether bytes hold credentials, or a request that has them."""
        for match in chain(
            _EMBEDDED_TAG.finditer(self.payload, start, end),
            _EMBEDDED_REQUEST.finditer(self.payload, start, end),
        ):
            if match.re is _EMBEDDED_TAG or _has_secret(match[1][-1]):
                if len(self._embedded) < _MOST_EMBEDDED:
                    self._embedded.append((match.start(), min(end, match.start() + _LOOKED_AT)))
                return True
        return False

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
                pos = self.scan(pos, 1, _UNKNOWN)
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


def _has_secret(opcode: int) -> bool:
    command = commands.COMMANDS.get(opcode)
    return command is not None and command.has_secret
