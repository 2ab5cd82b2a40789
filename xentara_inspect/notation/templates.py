"""Packets, and objects in their arrays, that look like one written before: only what differs is written anew.

A template is made of an item that went the general way: its bytes as a pattern in which the message id,
UUIDs, floats, short texts and times are left open, and its lines. What stands in the open places is
written into copies of those lines; everything else of the bytes, and so of the lines, is the same. What
the general way would say otherwise for other values is not left open. A test compares both ways.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Final, NamedTuple, assert_never

from xentara_inspect import cbor
from xentara_inspect.cbor import Item, uuid_bytes
from xentara_inspect.cbor.literals import encoded_float_text, scalar
from xentara_inspect.escape import quoted, shortened
from xentara_inspect.notation.lines import Line
from xentara_inspect.protocol import identifiers
from xentara_inspect.traffic.names import NIL, Names
from xentara_inspect.traffic.time_points import time_point, time_text, units_text

_TIME: Final = re.compile(rb"\xd9\x03\xe9\xa1\x04\xc4\x82([\x22\x25\x28])\x1b(?!\x00{4}).{8}", re.DOTALL)
_MESSAGE_IDS: Final = {
    1: rb"([\x00-\x17])",
    2: rb"\x18([\x18-\xff])",
    3: rb"\x19((?!\x00)..)",
    5: rb"\x1a((?!\x00\x00).{4})",
}
_TEXTS: Final = b"|".join(
    [rb"\x%02x.{%d}" % (0x60 + size, size) for size in range(1, 24)]
    + [rb"\x78(?:%s)" % b"|".join(rb"\x%02x.{%d}" % (size, size) for size in range(24, 64))]
)
_TEXT: Final = re.compile(_TEXTS, re.DOTALL)
_LONG_TEXT: Final = 0x78
_PLACES: Final = 16
"""Places that are left open at most: a pattern takes time to make."""
_TRANSPARENT: Final = frozenset((identifiers.TAG_ALTERNATIVE_0, identifiers.TAG_ALTERNATIVE_1))
_MARK: Final = "\N{SNOWMAN}"


class Number(NamedTuple):
    """A message id."""


class Float(NamedTuple):
    """A float, taken with its head."""


class Text(NamedTuple):
    """A text of 1 to 63 bytes, taken with its head."""


class Time(NamedTuple):
    """A time. digits: of its fraction. before, after: what stands around it in the comment."""

    digits: int
    before: str
    after: str


class Element(NamedTuple):
    """The UUID of an element. before, after: around its primary key in the comment, if that is known."""

    before: str
    after: str


Kind = Number | Float | Text | Time | Element


class Slot(NamedTuple):
    """What is left open. line: where it stands. before, after: the text around it there."""

    line: int
    before: str
    after: str
    kind: Kind


class Template(NamedTuple):
    """What items of one look have in common."""

    pattern: re.Pattern[bytes]
    lines: tuple[Line, ...]
    slots: tuple[Slot, ...]


class _Open(NamedTuple):
    """A place in the bytes that is to be left open. start, end: of what stands there."""

    start: int
    end: int
    pattern: bytes
    text: str
    kind: Kind


def marking(item: Item) -> Names:
    """Names in which every UUID in an item is that of an element called by the mark."""
    return Names(elements=dict.fromkeys(filter(None, map(uuid_bytes, cbor.walk(item))), _MARK))


def filled(template: Template, found: re.Match[bytes], names: Names) -> list[Line]:
    """The lines of another item, without offsets; none where they cannot be said without the general way."""
    lines = list(template.lines)
    for slot, content in zip(template.slots, found.groups(), strict=True):
        index, before, after, kind = slot
        comment = lines[index][1]
        match kind:
            case Float():
                text = encoded_float_text(content)
            case Element():
                if content == NIL:
                    return []
                text = f"37(h'{content.hex().upper()}')"
                name = names.element(content)
                if name:
                    comment = f"{kind.before}{shortened(name)}{kind.after}"
            case Number():
                text = str(int.from_bytes(content, "big"))
            case Time():
                units = int.from_bytes(content, "big")
                text = f"1001({{4: 4([-{kind.digits}, {units}])}})"
                comment = f"{kind.before}{units_text(units, kind.digits)}{kind.after}"
            case Text():
                try:
                    text = quoted(content[2 if content[0] == _LONG_TEXT else 1 :].decode())
                except UnicodeDecodeError:
                    return []
            case _:
                assert_never(kind)
        lines[index] = (f"{before}{text}{after}", comment, 0)
    return lines


def made_of(
    item: Item, payload: bytes, lines: list[Line], marked: list[Line], message_id: Item | None
) -> Template | None:
    """The template of an item, None where none can be made.

    lines: without names. marked: the same with the names of `marking`. message_id: in a packet that has one.
    """
    places = list(islice(_places(item, payload, message_id), _PLACES + 1))
    uuids = sum(uuid_bytes(part) is not None for part in cbor.walk(item))
    if len(places) > _PLACES:
        return None
    if sum(isinstance(place.kind, Element) for place in places) != uuids or len(marked) != len(lines):
        return None
    slots: list[Slot] = []
    pattern = b""
    pos = item.start
    index = 0
    for place in places:
        while index < len(lines) and lines[index][2] < place.end:
            index += 1
        slot = _slot(place, index, lines, marked) if index < len(lines) else None
        if slot is None or (slots and slots[-1].line == index):
            return None
        slots.append(slot)
        pattern += re.escape(payload[pos : place.start]) + place.pattern
        pos = place.end
    pattern += re.escape(payload[pos : item.end])
    return Template(re.compile(pattern, re.DOTALL), tuple(lines), tuple(slots))


def _slot(place: _Open, index: int, lines: list[Line], marked: list[Line]) -> Slot | None:
    text, comment, _ = lines[index]
    if text.count(place.text) != 1:
        return None
    before, _, after = text.partition(place.text)
    kind = place.kind
    if isinstance(kind, Time):
        if comment.count(kind.before) != 1:
            return None
        start, _, end = comment.partition(kind.before)
        kind = Time(kind.digits, start, end)
    elif isinstance(kind, Element):
        # What is called by the name of an element whatever else is known of the UUID.
        start, mark, end = marked[index][1].partition(_MARK)
        if not mark or start.endswith("element ") or comment not in (start.rstrip(": "), start.rstrip(", ")):
            return None
        kind = Element(start, end)
    elif comment != marked[index][1]:
        return None
    return Slot(index, before, after, kind)


def _places(whole: Item, payload: bytes, message_id: Item | None) -> Iterator[_Open]:
    """What can be left open in an item, in wire order."""
    stack: list[tuple[Item, bool]] = [(whole, False)]  # and whether it is a key
    while stack:
        item, is_key = stack.pop()
        if item is message_id:
            pattern = _MESSAGE_IDS.get(item.end - item.start) if item.kind == cbor.UINT else None
            if pattern is not None and not scalar(item, payload).count("_"):
                yield _Open(item.start, item.end, pattern, str(item.value), Number())
        elif not is_key:
            place = _place(item, payload)
            if place is not None:
                yield place
            elif item.kind != cbor.TAG or item.value in _TRANSPARENT:
                is_map = item.kind == cbor.MAP
                children = [(child, is_map and not index & 1) for index, child in enumerate(item.children)]
                stack.extend(reversed(children))


def _place(item: Item, payload: bytes) -> _Open | None:
    encoded = payload[item.start : item.end]
    if item.kind == cbor.FLOAT:
        pattern = b"(%s.{%d})" % (re.escape(encoded[:1]), len(encoded) - 1)
        return _Open(item.start, item.end, pattern, scalar(item, payload), Float())
    if item.kind == cbor.TEXT and isinstance(item.value, str) and _TEXT.fullmatch(encoded):
        return _Open(item.start, item.end, rb"(%s)" % _TEXTS, quoted(item.value), Text())
    if item.kind != cbor.TAG:
        return None
    uuid = uuid_bytes(item)
    if uuid is not None:
        if not encoded.startswith(b"\xd8\x25\x50") or uuid == NIL:
            return None
        text = f"37(h'{uuid.hex().upper()}')"
        return _Open(item.start, item.end, rb"\xd8\x25\x50(.{16})", text, Element("", ""))
    time = _TIME.fullmatch(encoded)
    point = time_point(item)
    if time is None or point is None:
        return None
    exponent = time[1]
    pattern = rb"\xd9\x03\xe9\xa1\x04\xc4\x82%s\x1b((?!\x00{4}).{8})" % re.escape(exponent)
    text = f"1001({{4: 4([-{point.digits}, {point.units}])}})"
    return _Open(item.start, item.end, pattern, text, Time(point.digits, time_text(point), ""))
