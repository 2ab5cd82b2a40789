"""Messages in which all that the plant named is replaced: as long as before, and of the same shape.

All strings are replaced wherever they stand, so that nothing depends on understanding them. Numbers stay, but
for values where these are to be replaced, too. Of what is no packet, and of what stands behind the first head
that cannot be decoded, nothing is left that somebody could read: that may be anything, such as text or JSON.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum, auto
from typing import Final

from xentara_inspect import cbor
from xentara_inspect.cbor import WIDTHS, Item
from xentara_inspect.cbor.items import PREFERRED_FROM
from xentara_inspect.frames import LAST_POSITION, Frame
from xentara_inspect.protocol import commands, identifiers, objects
from xentara_inspect.protocol.shape_types import Anything, Object, Shape
from xentara_inspect.sharing.numbers import Numbers
from xentara_inspect.sharing.replacements import Replacements
from xentara_inspect.sharing.times import moved
from xentara_inspect.traffic.blanks import BLANK, Blanks
from xentara_inspect.traffic.packets import Event, Malformed, Packet, Request, parse
from xentara_inspect.traffic.readings import attribute_key, attribute_number
from xentara_inspect.traffic.time_points import time_point

_UNBELIEVABLE: Final = 1 << 24
"""From here on a tag, or a length of what is not there, may as well be four letters."""

_SHORT_TAGS: Final = range(0xC0, 0xD8)
_SIMPLE_VALUES: Final = range(0xE0, 0xF8)
_TIMES: Final = (identifiers.TAG_TIME, identifiers.TAG_EPOCH)
_ALTERNATIVES: Final = (identifiers.TAG_ALTERNATIVE_0, identifiers.TAG_ALTERNATIVE_1)


class _Place(Enum):
    """What numbers are where they stand, and what becomes of them."""

    KNOWN = auto()  # a page says what they mean: they stay
    VALUE = auto()  # they are replaced
    UNKNOWN = auto()  # likewise, but those that are a head alone
    UNREADABLE = auto()  # they need not even be numbers: all but heads is blanked


class Payloads:
    """Replaces in messages. values: whether in attribute values, too. seconds: by which times are moved."""

    def __init__(
        self, replacements: Replacements, numbers: Numbers, *, values: bool = False, seconds: int = 0
    ) -> None:
        self.replacements = replacements
        self.numbers = numbers
        self.values = values
        self.seconds = seconds

    def of_frame(self, frame: Frame) -> bytes:
        """The payload of a frame."""
        return self.replacements.text(frame.payload) if frame.is_text else self.of_message(frame.payload)

    def of_message(self, payload: bytes) -> bytes:
        """A binary message. Never raises but sqlite3.Error."""
        message = _Message(payload, self)
        message.run()
        return message.result


class _Message(Blanks):
    """A message, and a copy of it that is written into."""

    def __init__(self, payload: bytes, how: Payloads) -> None:
        super().__init__(payload)
        self._how = how

    def run(self) -> None:
        """Replace in the whole message."""
        message = parse(self.payload)
        first = message.document.items[0]
        if message.is_array and len(first.children) > LAST_POSITION:
            self._walk(first, _Place.UNREADABLE)
        else:
            for packet in message.packets:
                self._packet(packet)
        for item in message.trailing:
            self._walk(item, _Place.UNREADABLE)
        if message.error is not None:
            self._rest(message.error)

    def _packet(self, packet: Packet) -> None:
        if isinstance(packet, Malformed):
            if packet.item is not None:
                self._walk(packet.item, _Place.UNREADABLE)
        elif packet.body is not None:
            if not self._how.values:
                self._walk(packet.body, _Place.KNOWN)
            elif isinstance(packet, Event):
                self._shaped(packet.body, objects.EVENTS.get(packet.event_type))
            elif isinstance(packet, Request):
                command = commands.COMMANDS.get(packet.opcode)
                self._shaped(packet.body, command.parameters if command is not None else None)
            elif not packet.is_error and _is_of_attributes(packet.body):
                self._shaped(packet.body, objects.ATTRIBUTE_VALUES)
            else:
                self._walk(packet.body, _Place.KNOWN)

    def _shaped(self, item: Item, shape: Shape | None) -> None:
        """An item whose values are to be replaced. Goes no deeper than the shape does."""
        if shape is None:
            self._walk(item, _Place.UNKNOWN)
        elif isinstance(shape, Anything):
            self._walk(item, _Place.VALUE)
        elif shape is objects.ATTRIBUTE_VALUES and item.kind == cbor.MAP:
            for key, tagged in cbor.pairs(item):
                self._walk(key, _Place.KNOWN)
                self._walk(tagged, _place_of_value(key, tagged))
        elif isinstance(shape, Object) and item.kind == cbor.MAP:
            for key, value in cbor.pairs(item):
                self._walk(key, _Place.KNOWN)
                number = cbor.integer(key)
                field = shape.by_key.get(number) if number is not None else None
                self._shaped(value, field.shape if field is not None else None)
        else:
            self._walk(item, _Place.KNOWN)

    def _walk(self, root: Item, place: _Place) -> None:
        stack: list[Iterator[Item]] = [iter((root,))]
        while stack:
            item = next(stack[-1], None)
            if item is None:
                stack.pop()
                continue
            kind = item.kind
            if kind == cbor.TEXT or kind == cbor.BYTES:
                self._string(item)
            elif kind <= cbor.NINT or kind == cbor.FLOAT:
                if place is not _Place.KNOWN:
                    self._number(item, place)
            elif kind == cbor.TAG:
                if not self._tag(item, place):
                    stack.append(iter(item.children))
            elif kind == cbor.SIMPLE:
                if place is _Place.UNREADABLE:
                    self._one_of(item.start, _SIMPLE_VALUES)
            elif kind == cbor.NESTED:
                for piece in cbor.go_through(item, self.payload):
                    if isinstance(piece, Item):
                        self._walk(piece, _Place.UNREADABLE)
            elif kind != cbor.BROKEN:
                if item.info >= 24 and item.value is not None and item.value > len(self.payload):
                    self._mask_length(item.start + 1, item.info)
                stack.append(iter(item.children))

    def _string(self, item: Item) -> None:
        """A string, or the chunks of one, among which the replacement is divided as it was."""
        chunks = item.children if item.info == cbor.INDEFINITE else (item,)
        spans = [
            (chunk.start + 1 + WIDTHS.get(chunk.info, 0), chunk.end)
            for chunk in chunks
            if chunk.kind != cbor.BROKEN
        ]
        content = b"".join(self.payload[start:end] for start, end in spans)
        if not content:
            return
        replacements = self._how.replacements
        other = replacements.text(content) if item.kind == cbor.TEXT else replacements.octets(content)
        done = 0
        for start, end in spans:
            self.write(start, other[done : done + end - start])
            done += end - start

    def _number(self, item: Item, place: _Place) -> None:
        if place is _Place.UNREADABLE:
            self._mask(item)
            if item.kind == cbor.NINT and item.info < 24:  # a digit, where it is text
                self.blank(item.start, item.end)
        elif item.kind == cbor.FLOAT:
            start = item.start + 1
            self.write(start, self._how.numbers.float(item.info, self.payload[start : item.end]))
        elif item.info >= 24 or place is _Place.VALUE:
            argument = item.value if item.kind == cbor.UINT else -1 - item.value
            other = self._how.numbers.argument(item.kind, argument)
            width = WIDTHS.get(item.info, 0)
            head = item.kind << 5 | (item.info if width else other)
            self.write(item.start, bytes((head,)) + (other.to_bytes(width, "big") if width else b""))

    def _tag(self, item: Item, place: _Place) -> bool:
        """Whether all of it is done with."""
        if place is _Place.UNREADABLE:
            self._mask(item)
            self._one_of(item.start, _SHORT_TAGS)
            return False
        if item.value >= _UNBELIEVABLE:
            self._mask(item)
        if item.value not in _TIMES or (place is _Place.KNOWN and not self._how.seconds):
            return False
        point = time_point(item)
        if point is None:
            return False
        if self._how.seconds and not point.infinite:
            for start, content in moved(item, self._how.seconds):
                self.write(start, content)
        return True

    def _rest(self, error: cbor.Malformed) -> None:
        """What stands where the bytes stop being well-formed, and behind. What is wrong there stays so."""
        size, head = len(self.payload), error.offset
        if head >= size:
            return
        major, info = self.payload[head] >> 5, self.payload[head] & 31
        start = head + 1
        end = start + WIDTHS.get(info, 0)
        if end > size:
            self.blank(start, size)
            return
        if cbor.BYTES <= major <= cbor.TEXT:  # of a string that is not there as a whole
            self._mask_length(start, info)
        self.blank(error.resume, size)

    def _mask(self, item: Item) -> None:
        """Blank the argument of a head, but for one that is shorter than its bytes have room for."""
        start = item.start + 1
        if item.kind == cbor.FLOAT:
            self.blank(start, item.end)
        elif item.info >= 24:
            self._mask_argument(start, item.info)

    def _mask_argument(self, start: int, info: int, least: int = 0) -> None:
        end = start + WIDTHS[info]
        argument = int.from_bytes(self.payload[start:end], "big")
        if argument >= max(least, PREFERRED_FROM[info]):
            self.blank(start, end)
        elif argument >= _UNBELIEVABLE:
            self.blank(end - 4, end)

    def _mask_length(self, start: int, info: int) -> None:
        """The same of a length that is more than there is, and is so afterwards."""
        blanked = BLANK.to_bytes() * WIDTHS.get(info, 0)
        if int.from_bytes(blanked, "big") > len(self.payload):
            self._mask_argument(start, info, len(self.payload) + 1)

    def _one_of(self, start: int, heads: range) -> None:
        """Another head of a byte: three of them in a row, or two, may be a letter of any script."""
        if self.payload[start] in heads:
            self.write(start, bytes((heads[0] + (self.payload[start] == heads[0]),)))


def _is_of_attributes(body: Item) -> bool:
    """Whether a result is that of a read: values, or errors, by attribute."""
    return body.kind == cbor.MAP and any(
        value.kind == cbor.TAG and value.value in _ALTERNATIVES for _, value in cbor.pairs(body)
    )


def _place_of_value(key: Item, tagged: Item) -> _Place:
    """What numbers are in what stands under an attribute."""
    if tagged.kind == cbor.TAG and tagged.value == identifiers.TAG_ALTERNATIVE_1:
        return _Place.KNOWN
    attribute = attribute_key(key)
    number = attribute_number(attribute) if attribute is not None else None
    return _Place.KNOWN if number in objects.ATTRIBUTE_VALUE_SHAPES else _Place.VALUE
