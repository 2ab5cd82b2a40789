"""The short way for the traffic there is most of: data change events as servers write them.

Straight from the bytes to the lines, without items between. It takes only events whose bytes look
exactly as expected, and leaves all others to `notation`; what stays the same from event to event is
what the general renderer makes of a sample, so that both ways give the same text. A test compares.
"""

from __future__ import annotations

import struct
from functools import lru_cache
from typing import Final

from xentara_inspect import cbor
from xentara_inspect.cbor.literals import float_text
from xentara_inspect.escape import shortened
from xentara_inspect.notation.comments import said
from xentara_inspect.notation.items import Renderer
from xentara_inspect.notation.layout import INDENTS, Line
from xentara_inspect.notation.packets import packet_lines
from xentara_inspect.protocol import objects
from xentara_inspect.traffic.names import NIL, Names
from xentara_inspect.traffic.time_points import NANOSECONDS, seconds_text

_TIME: Final = bytes.fromhex("d903e9 a1 04 c4 82 28 1b")  # 1001({4: 4([-9, …])}), eight bytes follow
_BEFORE_TIME: Final = bytes.fromhex("83 08 00 a3 00") + _TIME
_BEFORE_UUID: Final = bytes.fromhex("01 d825 50")
_TIME_AT: Final = len(_BEFORE_TIME)
_UUID_AT: Final = _TIME_AT + 8 + len(_BEFORE_UUID)
_ATTRIBUTES_AT: Final = _UUID_AT + 16
_SAMPLE: Final = _BEFORE_TIME + b"\x7f" * 8 + _BEFORE_UUID + b"\x7f" * 16 + b"\x02\xa1"
_SUCCESS: Final = b"\xd8\x79"
_LEAST_TIME: Final = 1 << 32  # below, eight bytes are not the shortest form

_FLOATS: Final = {
    0xF9: (struct.Struct(">e").unpack_from, 25, 2),
    0xFA: (struct.Struct(">f").unpack_from, 26, 4),
    0xFB: (struct.Struct(">d").unpack_from, 27, 8),
}
# Bytes of the scalars that are remembered with their line: small integers, simple values, short
# texts; and integers of one to four bytes, as categories, qualities and error codes are.
_LENGTHS: Final = (
    dict.fromkeys((*range(0x18), *range(0x20, 0x38), 0xF4, 0xF5, 0xF6, 0xF7), 1)
    | {0x60 + length: 1 + length for length in range(24)}
    | {0x18: 2, 0x38: 2, 0x19: 3, 0x39: 3, 0x1A: 5, 0x3A: 5}
)


def event_message_lines(payload: bytes, names: Names | None) -> list[Line] | None:
    """The lines of a message that holds nothing but plain data change events; None for any other."""
    count, pos = _array_head(payload)
    if not count or not payload.startswith(_BEFORE_TIME, pos):
        return None
    lines: list[Line] = [("[", f"Outer Array: {count} packet{'s' if count > 1 else ''}", pos)]
    names = names if names is not None else Names()
    for position in range(1, count + 1):
        heading = f"Packet {position}: Event"
        pos = append_event(lines, payload, pos, names, heading, 1, "," if position < count else "")
        if not pos:
            return None
    if pos != len(payload):
        return None
    lines.append(("]", "", pos))
    return lines


def append_event(
    lines: list[Line], payload: bytes, pos: int, names: Names, heading: str, depth: int, tail: str
) -> int:
    """Append the lines of the plain data change event at `pos`; the offset behind it, 0 if it is none.

    Where it is none, some lines may have been appended. The offsets in the lines are not filled in.
    """
    attributes_at = pos + _ATTRIBUTES_AT
    if (
        not payload.startswith(_BEFORE_TIME, pos)
        or not payload.startswith(_BEFORE_UUID, pos + _TIME_AT + 8)
        or not payload.startswith(b"\x02", attributes_at)
        or len(payload) < attributes_at + 2
    ):
        return 0
    count = payload[attributes_at + 1] - 0xA0
    time = int.from_bytes(payload[pos + _TIME_AT : pos + _TIME_AT + 8], "big")
    if not 1 <= count < 24 or time < _LEAST_TIME:
        return 0
    start, time_prefix, time_label, uuid_prefix, uuid_label, middle, end = _frame(depth, tail)
    uuid = payload[pos + _UUID_AT : attributes_at]
    name = names.elements.get(uuid)
    lines += (
        (INDENTS[depth] + "[", heading, 0),
        *start,
        (f"{time_prefix}1001({{4: 4([-9, {time}])}}),", f"{time_label}: {_iso(time)}", 0),
        (f"{uuid_prefix}37(h'{uuid.hex().upper()}'),", _named(uuid_label, uuid, name), 0),
        middle,
    )
    pos = attributes_at + 2
    for missing in range(count - 1, -1, -1):
        pos = _append_attribute(lines, payload, pos, depth + 3, "," if missing else "")
        if not pos:
            return 0
    lines += end
    return pos


def _append_attribute(lines: list[Line], payload: bytes, pos: int, depth: int, tail: str) -> int:
    """Append the line of an attribute and its value; the offset behind them, 0 if they are not plain."""
    if payload[pos + 1 : pos + 3] != _SUCCESS or payload[pos] > 0x17 or pos + 4 > len(payload):
        return 0
    key, head = payload[pos], payload[pos + 3]
    label = _label(key)
    form = _FLOATS.get(head)
    if form is not None:
        unpack, info, width = form
        end = pos + 4 + width
        if end > len(payload):
            return 0
        text = float_text(unpack(payload, pos + 4)[0], info, payload[pos + 3 : end])
        lines.append((f"{INDENTS[depth]}{key}: 121({text}){tail}", label, 0))
        return end
    if head == _TIME[0]:
        end = pos + 20
        time = int.from_bytes(payload[pos + 12 : end], "big")
        if end > len(payload) or payload[pos + 3 : pos + 12] != _TIME or time < _LEAST_TIME:
            return 0
        text = f"{INDENTS[depth]}{key}: 121(1001({{4: 4([-9, {time}])}})){tail}"
        lines.append((text, f"{label}, {_iso(time)}", 0))
        return end
    length = _LENGTHS.get(head, 0)
    end = pos + 3 + length
    if not length or end > len(payload):
        return 0
    text, comment = _remembered(payload[pos:end], depth)
    lines.append((text + tail, comment, 0))
    return end if text else 0


def _iso(time: int) -> str:
    seconds, fraction = divmod(time, NANOSECONDS)
    return f"{seconds_text(seconds)}.{fraction:09d}Z"


def _named(label: str, uuid: bytes, name: str | None) -> str:
    if uuid == NIL:
        return said(label, "nil UUID")
    return said(label, shortened(name)) if name is not None else label


def _array_head(payload: bytes) -> tuple[int, int]:
    """Count and length of a plain head of an array that is not empty; (0, 0) for anything else."""
    if payload and 0x81 <= payload[0] <= 0x97:
        return payload[0] - 0x80, 1
    if payload.startswith(b"\x98") and len(payload) > 2 and payload[1] >= 24:
        return payload[1], 2
    if payload.startswith(b"\x99") and len(payload) > 3 and payload[1]:
        return int.from_bytes(payload[1:3], "big"), 3
    return 0, 0


@lru_cache(maxsize=16)
def _frame(depth: int, tail: str) -> tuple[list[Line], str, str, str, str, Line, list[Line]]:
    """What is the same in every event.

    Lines before the time, prefix and label of the time and of the UUID, the line behind it, the end.
    """
    sample = _SAMPLE + b"\x0b\xd8\x79\x00"
    lines = packet_lines(cbor.decode(sample).items[0], sample, "", depth, tail)
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
def _label(key: int) -> str:
    """The comment on an attribute whose value needs no further words."""
    return _remembered(bytes([key]) + b"\xd8\x79\xf9\x3e\x00", 0)[1]


@lru_cache(maxsize=4096)
def _remembered(pair: bytes, depth: int) -> tuple[str, str]:
    """Text and comment of an attribute and its value, as the general renderer writes them."""
    payload = b"\xa1" + pair
    document = cbor.decode(payload)
    if document.error is not None:
        return "", ""
    renderer = Renderer(payload, None)
    renderer.render(document.items[0], objects.ATTRIBUTE_VALUES, "", "", depth - 1, "")
    text, comment, _ = renderer.lines[1]
    return text, comment
