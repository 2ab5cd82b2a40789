"""Annotated diagnostic notation of messages and packets, in the layout of the specification's pages.

    [                        # Outer Array: 1 packet
      [                      # Packet 1: Request
        0,                   # Packet Type: Request
        65,                  # Message Id
        8                    # OpCode: get_stage
      ]
    ]

Exact: parsing the text gives the bytes back (see `literals`). Total: never raises, takes time and
memory linear in the bytes; malformed bytes give what could be read of them, and a comment that says
where it ended and what was expected there. `docs/notation.md` shows each packet type.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from xentara_inspect import cbor
from xentara_inspect.cbor import Item
from xentara_inspect.cbor.literals import invalid_text
from xentara_inspect.escape import quoted
from xentara_inspect.notation.events import event_message_lines, event_text
from xentara_inspect.notation.items import Renderer
from xentara_inspect.notation.lines import Line, Take, aligned, bare, comment_column, commented, uncommented
from xentara_inspect.notation.looks import LARGEST, Looks
from xentara_inspect.notation.packets import (
    NO_CONTEXT,
    Context,
    guessed_heading,
    packet_heading,
    render_packet,
)
from xentara_inspect.traffic import packets
from xentara_inspect.traffic.names import Names
from xentara_inspect.traffic.packets import Event, Message, Packet
from xentara_inspect.traffic.plain_events import PlainEvent, outer_array, plain_events

__all__ = [
    "Context",
    "annotate",
    "annotate_by_pieces",
    "annotate_message",
    "annotate_packet",
    "annotate_text_message",
    "lines_with_spans",
]

_LOOKS: Final = Looks()

_UNREAD_SHOWN: Final = 64
"""Bytes shown of what is behind the place where bytes stop being well-formed."""


def annotate(
    payload: bytes, *, from_client: bool | None = None, names: Names | None = None, comments: bool = True
) -> str:
    """The bytes of a binary WebSocket message as annotated diagnostic notation.

    from_client: the direction, if known; packets that may not go that way are said to. names: what
    is known of UUIDs. comments: False for the bare notation. Responses do not say which command they
    answer: their results get the meaning that needs no command; `annotate_message` knows more.
    """
    names = names or Names()
    events = plain_events(payload) if not from_client else None
    if events is not None:
        return _text(event_message_lines(events, payload, names), comments)
    lines = _known_lines(payload, names, from_client)
    if not lines:
        lines = _message_lines(packets.parse(payload), payload, None, names, from_client, True)
    return _text(lines, comments)


def annotate_message(
    message: Message,
    payload: bytes,
    *,
    contexts: Mapping[int, Context] | None = None,
    names: Names | None = None,
    comments: bool = True,
    from_client: bool | None = None,
) -> str:
    """A message as annotated notation. contexts: of its responses and events, by packet position."""
    events = plain_events(payload) if not from_client and isinstance(message.packets[0], Event) else None
    if events is not None:
        lines = event_message_lines(events, payload, names or Names(), contexts)
    else:
        lines = _message_lines(message, payload, contexts, names or Names(), from_client, True)
    return _text(lines, comments)


def annotate_packet(
    packet: Packet | PlainEvent,
    payload: bytes,
    *,
    context: Context | None = None,
    names: Names | None = None,
) -> str:
    """One packet as annotated notation, without the array around it. payload: of the whole message.

    A packet that stands for a whole malformed message (position 0) gives the whole message.
    """
    if isinstance(packet, PlainEvent):
        return event_text(packet, names or Names())
    if packet.item is None:
        return annotate_text_message(payload)
    if packet.position == 0:
        return annotate(payload, names=names)
    context = context or NO_CONTEXT
    return aligned(_LOOKS.packet(packet, packet.item, payload, context, names or Names()))


def _text(lines: list[Line], comments: bool) -> str:
    return aligned(lines) if comments else bare(lines)


def annotate_text_message(text: bytes) -> str:
    """A text message, given as its UTF-8: its text as notation, and that the protocol has none."""
    try:
        shown = quoted(text.decode())
    except UnicodeDecodeError:
        shown = invalid_text(text)
    return f"{shown}  # Text Message: not of the protocol, whose messages are binary CBOR\n"


def lines_with_spans(
    payload: bytes, *, from_client: bool | None = None, names: Names | None = None
) -> list[tuple[str, int, int]]:
    """The lines of `annotate`, each with start and end (exclusive) of the bytes that it shows.

    The spans follow each other without gaps; that of a closing bracket without a byte is empty.
    """
    lines: list[tuple[str, int, int]] = []

    def take(texts: Sequence[str], ends: Sequence[int]) -> None:
        starts = [lines[-1][2] if lines else 0, *ends]
        lines.extend(zip(texts, starts, ends, strict=False))

    message = packets.parse(payload)
    annotate_by_pieces(message, payload, take, from_client=from_client, names=names, by_templates=False)
    return lines


def annotate_by_pieces(
    message: Message,
    payload: bytes,
    take: Callable[[Sequence[str], Sequence[int]], None],
    *,
    from_client: bool | None = None,
    names: Names | None = None,
    comments: bool = True,
    by_templates: bool = True,
) -> None:
    """The lines of `annotate`, some thousand at a time: for text that is too large to hold.

    take: gets lines, and for each the offset behind the last byte that it shows. by_templates: True where
    these are not needed. Goes through the message twice: the column of comments is that of all lines.
    """
    width = 0

    def widen(lines: Sequence[Line]) -> None:
        nonlocal width
        width = max(width, comment_column(lines))

    def write(lines: Sequence[Line]) -> None:
        texts = commented(lines, width) if comments else uncommented(lines)
        take(texts, [end for _, _, end in lines])

    for each in (widen, write) if comments else (write,):
        _message_lines(message, payload, None, names or Names(), from_client, by_templates, each)


def _known_lines(payload: bytes, names: Names, from_client: bool | None) -> list[Line]:
    """The lines of a message in which all packets look like one that was written before; else none."""
    count, pos = outer_array(payload)
    lines: list[Line] = [("[", f"Outer Array: {_counted(count)}", pos)]
    for position in range(1, count + 1):
        look = (None, 1, "," if position < count else "", from_client)
        packet, pos = _LOOKS.known_packet(payload, pos, position, look, names)
        if not packet:
            return []
        lines += packet
    if not count or pos != len(payload):
        return []
    lines.append(("]", "", pos))
    return lines


def _message_lines(
    message: Message,
    payload: bytes,
    contexts: Mapping[int, Context] | None,
    names: Names,
    from_client: bool | None,
    by_templates: bool,
    take: Take | None = None,
) -> list[Line]:
    """by_templates: whether the offsets in the lines are not needed. take: gets them all, if there is one."""
    renderer = Renderer(payload, names, take)
    if message.error is not None:
        renderer.end = message.error.offset
    contexts = contexts or {}
    first = message.document.items[0]
    tail = "," if message.trailing else ""
    whole = message.packets[0].position == 0
    if message.bare:
        context = contexts.get(1, NO_CONTEXT)
        heading = f"{packet_heading(message.packets[0], context)}{context.note}, without the outer array"
        render_packet(renderer, first, heading, context, 0, tail, from_client)
    elif message.is_array:
        heading = f"Outer Array: {_counted(len(message.packets))}"
        if whole:
            heading = "Outer Array, malformed" if message.error else "Outer Array: empty"
        is_proper = by_templates and message.error is None and not whole
        _outer_array(renderer, message, first, heading, contexts, tail, from_client, is_proper)
    else:
        renderer.anything(first, None, "", f"not a message: {cbor.KIND_NAMES[first.kind]}", 0, tail)
    last = len(message.trailing)
    for number, item in enumerate(message.trailing, 1):
        # One comment for all: a megabyte of zeros is a million items.
        label = f"Trailing Items: {last} behind the message, from byte {item.start} on" if number == 1 else ""
        renderer.anything(item, None, "", label, 0, "," if number < last else "")
        if len(renderer.lines) > renderer.most:
            renderer.hand_over()
    if message.error is not None:
        _malformed_end(renderer, message.error)
    renderer.hand_over()
    return renderer.lines


def _outer_array(
    renderer: Renderer,
    message: Message,
    item: Item,
    heading: str,
    contexts: Mapping[int, Context],
    tail: str,
    from_client: bool | None,
    by_templates: bool,
) -> None:
    if not item.children:
        return renderer.line(item, "", heading, tail)
    renderer.open(item, "[", "", heading)
    last = len(item.children) - 1
    known = iter(message.packets if message.packets[0].position else ())
    for index, child in enumerate(item.children):
        if len(renderer.lines) > renderer.most:
            renderer.hand_over()
        position = index + 1
        context = contexts.get(position, NO_CONTEXT)
        # In a malformed message no packet counts as sent, but each is shown as what it looks like.
        packet = next(known, None)
        if by_templates and packet is not None and child.end - child.start <= LARGEST:
            end = "," if index < last else ""
            renderer.lines += _LOOKS.packet(
                packet, child, renderer.payload, context, renderer.names, 1, end, from_client
            )
            continue
        heading = packet_heading(packet, context) if packet else guessed_heading(position, child)
        separator = "," if index < last else ""
        render_packet(renderer, child, heading + context.note, context, 1, separator, from_client)
    return renderer.close(item, "]", 0, tail)


def _counted(number: int) -> str:
    return "1 packet" if number == 1 else f"{number} packets"


def _malformed_end(renderer: Renderer, error: cbor.Malformed) -> None:
    """Say where and why reading stopped, and show the beginning of what was not read."""
    size = len(renderer.payload)
    lines = renderer.lines
    lines.append((f"# Malformed: {error}", "", error.offset))
    if error.offset < size:
        shown = renderer.payload[error.offset : error.offset + _UNREAD_SHOWN]
        more = size - error.offset - len(shown)
        rest = f", and {more} more" if more else ""
        lines.append((f"# From byte {error.offset} on: h'{shown.hex()}'{rest}", "", size))
