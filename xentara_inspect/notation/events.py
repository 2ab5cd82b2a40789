"""Plain data change events to lines: the short way for the traffic there is most of.

What stays the same from event to event, and the values that come again and again, are what the general
renderer makes of a sample, so that both ways give the same text. A test compares.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from xentara_inspect import cbor
from xentara_inspect.cbor.literals import FLOAT_HEADS, encoded_float_text
from xentara_inspect.escape import shortened
from xentara_inspect.notation.comments import said
from xentara_inspect.notation.items import Renderer
from xentara_inspect.notation.lines import INDENTS, Line, comment_column, commented
from xentara_inspect.notation.packets import NO_CONTEXT, Context, packet_lines
from xentara_inspect.protocol import objects
from xentara_inspect.traffic.names import NIL, Names
from xentara_inspect.traffic.plain_events import PlainEvent
from xentara_inspect.traffic.time_points import nanoseconds_text

_SAMPLE: Final = bytes.fromhex(
    "83 08 00 a3 00 d903e9 a1 04 c4 82 28 1b 7f7f7f7f7f7f7f7f"
    "01 d825 50 7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f 02 a1 0b d879 00"
)
_TIME_HEAD: Final = 0xD9


def event_message_lines(
    events: Sequence[PlainEvent],
    payload: bytes,
    names: Names,
    contexts: Mapping[int, Context] | None = None,
) -> list[Line]:
    """The lines of a message that holds these events and nothing else.

    Those offsets in them that nobody needs are not filled in. contexts: by packet position.
    """
    contexts = contexts or {}
    count = len(events)
    heading = f"Outer Array: {count} packet{'s' if count > 1 else ''}"
    lines: list[Line] = [("[", heading, events[0].start)]
    for event in events:
        same = _same_lines(1, "," if event.position < count else "")
        time, element, *attributes = _own_lines(event, names, 1)
        heading = _heading(event) + contexts.get(event.position, NO_CONTEXT).note
        lines += ((f"{INDENTS[1]}[", heading, 0), *same.start, time, element, same.middle)
        lines += (*attributes, *same.end)
    lines.append(("]", "", len(payload)))
    return lines


def event_text(event: PlainEvent, names: Names) -> str:
    """The text of an event alone: what `aligned` makes of its lines, most of which need not be made."""
    own = _own_lines(event, names, 0)
    width = comment_column(own)  # no other line is as long as that of the element
    start, middle, end = _same_text(width)
    time, element, *attributes = commented(own, width)
    opening = f"{'['.ljust(width)}  # {_heading(event)}"
    return "\n".join((opening, start, time, element, middle, *attributes, end))


def _heading(event: PlainEvent) -> str:
    return f"Packet {event.position}: Event"


def _own_lines(event: PlainEvent, names: Names, depth: int) -> list[Line]:
    """The lines in which events differ: of the time, of the element, and of each attribute."""
    prefix, label = _same_lines(depth).time
    time, element = event.time, event.element
    lines: list[Line] = [
        (f"{prefix}1001({{4: 4([-9, {time}])}}),", f"{label}: {nanoseconds_text(time)}", 0),
        _element_line(depth, element, names.element(element)),
    ]
    indent = INDENTS[depth + 3]
    left = len(event.attributes)
    for key, encoded in event.attributes:
        left -= 1
        text, comment = _attribute(key, encoded)
        lines.append((f"{indent}{text}," if left else indent + text, comment, 0))
    return lines


@lru_cache(maxsize=4096)
def _element_line(depth: int, uuid: bytes, name: str | None) -> Line:
    prefix, label = _same_lines(depth).element
    if uuid == NIL:
        name = "nil UUID"
    comment = said(label, shortened(name)) if name is not None else label
    return f"{prefix}37(h'{uuid.hex().upper()}'),", comment, 0


def _attribute(key: bytes, encoded: bytes) -> tuple[str, str]:
    """An attribute and its value: text and comment."""
    if encoded[0] in FLOAT_HEADS:
        return f"{key[0]}: 121({encoded_float_text(encoded)})", _label(key)
    if encoded[0] == _TIME_HEAD:
        time = int.from_bytes(encoded[-8:], "big")
        return f"{key[0]}: 121(1001({{4: 4([-9, {time}])}}))", f"{_label(key)}, {nanoseconds_text(time)}"
    return _remembered(key, encoded)


class _SameLines(NamedTuple):
    """What is the same in every event: lines, and prefix and label of the lines that are not."""

    start: list[Line]
    time: tuple[str, str]
    element: tuple[str, str]
    middle: Line
    end: list[Line]


@lru_cache(maxsize=16)
def _same_lines(depth: int, tail: str = "") -> _SameLines:
    lines = packet_lines(cbor.decode(_SAMPLE).items[0], _SAMPLE, "", depth, tail)
    _, packet_type, event_type, opening, time, element, middle, _, *end = lines
    return _SameLines(
        [packet_type, event_type, opening],
        (time[0].partition("1001")[0], time[1].partition(":")[0]),
        (element[0].partition("37")[0], element[1]),
        middle,
        end,
    )


@lru_cache(maxsize=64)
def _same_text(width: int) -> tuple[str, str, str]:
    """The lines behind the first of every event, that behind the element, and the last ones."""
    start, _, _, middle, end = _same_lines(0)
    first, between, last = ("\n".join(commented(lines, width)) for lines in (start, [middle], end))
    return first, between, last


@lru_cache(maxsize=64)
def _label(key: bytes) -> str:
    """The comment on an attribute whose value needs no further words."""
    return _remembered(key, b"\xf9\x3e\x00")[1]


@lru_cache(maxsize=4096)
def _remembered(key: bytes, encoded: bytes) -> tuple[str, str]:
    """Text and comment of an attribute and its value, as the general renderer writes them."""
    payload = b"\xa1" + key + b"\xd8\x79" + encoded
    renderer = Renderer(payload, None)
    renderer.render(cbor.decode(payload).items[0], objects.ATTRIBUTE_VALUES, "", "", 0, "")
    text, comment, _ = renderer.lines[1]
    return text.strip(" "), comment
