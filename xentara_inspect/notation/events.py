"""Plain data change events to lines: the short way for the traffic there is most of.

What stays the same from event to event, and the values that come again and again, are what the general
renderer makes of a sample, so that both ways give the same text. A test compares.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

from xentara_inspect import cbor
from xentara_inspect.cbor.literals import FLOAT_HEADS, encoded_float_text
from xentara_inspect.escape import shortened
from xentara_inspect.notation.comments import said
from xentara_inspect.notation.items import Renderer
from xentara_inspect.notation.lines import INDENTS, Line
from xentara_inspect.notation.packets import NO_CONTEXT, Context, packet_lines
from xentara_inspect.protocol import objects
from xentara_inspect.traffic.names import NIL, Names
from xentara_inspect.traffic.plain_events import PlainEvent, attribute_bytes
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
    """The lines of a message that holds these events and nothing else."""
    contexts = contexts or {}
    count = len(events)
    heading = f"Outer Array: {count} packet{'s' if count > 1 else ''}"
    lines: list[Line] = [("[", heading, events[0].start)]
    for event in events:
        note = contexts.get(event.position, NO_CONTEXT).note
        append_event(lines, event, payload, names, 1, "," if event.position < count else "", note)
    lines.append(("]", "", len(payload)))
    return lines


def append_event(
    lines: list[Line],
    event: PlainEvent,
    payload: bytes,
    names: Names,
    depth: int,
    tail: str,
    note: str = "",
) -> None:
    """Append the lines of an event. Those offsets in them that nobody needs are not filled in."""
    start, time_prefix, time_label, uuid_prefix, uuid_label, middle, end = _frame(depth, tail)
    time, uuid = event.time, event.element
    name = names.element(uuid)
    lines += (
        (INDENTS[depth] + "[", f"Packet {event.position}: Event{note}", 0),
        *start,
        (f"{time_prefix}1001({{4: 4([-9, {time}])}}),", f"{time_label}: {nanoseconds_text(time)}", 0),
        (f"{uuid_prefix}37(h'{uuid.hex().upper()}'),", _named(uuid_label, uuid, name), 0),
        middle,
    )
    indent = INDENTS[depth + 3]
    left = len(event.readings)
    for key, encoded in attribute_bytes(payload, event):
        left -= 1
        text, comment = _attribute(key, encoded)
        lines.append((f"{indent}{text}," if left else indent + text, comment, 0))
    lines += end


def _attribute(key: bytes, encoded: bytes) -> tuple[str, str]:
    """An attribute and its value: text and comment."""
    if encoded[0] in FLOAT_HEADS:
        return f"{key[0]}: 121({encoded_float_text(encoded)})", _label(key)
    if encoded[0] == _TIME_HEAD:
        time = int.from_bytes(encoded[-8:], "big")
        return f"{key[0]}: 121(1001({{4: 4([-9, {time}])}}))", f"{_label(key)}, {nanoseconds_text(time)}"
    return _remembered(key, encoded)


def _named(label: str, uuid: bytes, name: str | None) -> str:
    if uuid == NIL:
        return said(label, "nil UUID")
    return said(label, shortened(name)) if name is not None else label


@lru_cache(maxsize=16)
def _frame(depth: int, tail: str) -> tuple[list[Line], str, str, str, str, Line, list[Line]]:
    """What is the same in every event.

    Lines before the time, prefix and label of the time and of the UUID, the line behind it, the end.
    """
    lines = packet_lines(cbor.decode(_SAMPLE).items[0], _SAMPLE, "", depth, tail)
    _, packet_type, event_type, opening, time, uuid, middle, _, *end = lines
    return (
        [packet_type, event_type, opening],
        time[0].partition("1001")[0],
        time[1].partition(":")[0],
        uuid[0].partition("37")[0],
        uuid[1],
        middle,
        end,
    )


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
