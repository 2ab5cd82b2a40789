"""Packets to lines of annotated notation: what each element of a packet's array is."""

from __future__ import annotations

from typing import Final, NamedTuple

from xentara_inspect import cbor
from xentara_inspect.cbor import Item
from xentara_inspect.notation.comments import said
from xentara_inspect.notation.items import ANYTHING, Renderer
from xentara_inspect.notation.lines import INDENTS, Line
from xentara_inspect.protocol import commands, identifiers, objects, shape_types
from xentara_inspect.traffic import packets
from xentara_inspect.traffic.names import Names
from xentara_inspect.traffic.packets import Malformed, Packet, Request


class Context(NamedTuple):
    """What a response answers: its request's opcode, and the element it was about (16 bytes).

    note: what else is to be said of a packet, of events too, in the comment on its first line.
    """

    opcode: int | None = None
    element: bytes | None = None
    note: str = ""


NO_CONTEXT: Final = Context()

_EVENT_TYPES: Final = {
    number: f"{name} (inferred)" if number in identifiers.INFERRED_EVENT_TYPES else name
    for number, name in identifiers.EVENT_TYPES.items()
}
_TYPES: Final = {kind: number for number, kind in packets.KIND_OF_TYPE.items()}
_RESULT_TITLES: Final = {
    shape_types.UuidRole.ELEMENT: "Element UUID",
    shape_types.UuidRole.SUBSCRIPTION: "Subscription Id",
    shape_types.UuidRole.SUB_SESSION: "Session Id",
    shape_types.UuidRole.ATTRIBUTE: "Attribute UUID",
}


def packet_lines(
    item: Item,
    payload: bytes,
    heading: str,
    depth: int,
    tail: str,
    names: Names | None = None,
    context: Context | None = None,
    from_client: bool | None = None,
) -> list[Line]:
    """The lines of the packet in an item. heading: the comment on the first, tail: behind the last."""
    renderer = Renderer(payload, names)
    render_packet(renderer, item, heading, context or NO_CONTEXT, depth, tail, from_client)
    return renderer.lines


def packet_heading(packet: Packet, context: Context | None) -> str:
    """The comment on a packet's first line. context: what a response answers."""
    if isinstance(packet, Malformed):
        why = packet.message.removeprefix(f"packet {packet.position}: ")
        return f"Packet {packet.position}: malformed, {why}"
    name = identifiers.PACKET_TYPES[_TYPES[packet.kind]]
    command = commands.COMMANDS.get(context.opcode) if context and context.opcode is not None else None
    answered = f" to {command.name}" if command and not isinstance(packet, Request) else ""
    return f"Packet {packet.position}: {name}{answered}"


def guessed_heading(position: int, item: Item) -> str:
    """The comment on the first line of what looks like a packet in a message that is malformed."""
    packet_type = cbor.integer(item.children[0]) if item.kind == cbor.ARRAY and item.children else None
    name = identifiers.PACKET_TYPES.get(packet_type) if packet_type is not None else None
    return f"Packet {position}: {name}" if name else f"Packet {position}"


def render_packet(
    renderer: Renderer,
    item: Item,
    heading: str,
    context: Context,
    depth: int,
    tail: str,
    from_client: bool | None = None,
) -> None:
    """Write a packet, also one whose array is not as it ought to be."""
    children = item.children
    indent = INDENTS[depth]
    if item.kind != cbor.ARRAY or not children:
        return renderer.anything(item, None, indent, "" if item.kind == cbor.BROKEN else heading, depth, tail)
    renderer.open(item, "[", indent, heading)
    inner = INDENTS[depth + 1]
    packet_type = cbor.integer(children[0])
    layout = identifiers.PACKET_LAYOUTS.get(packet_type, ()) if packet_type is not None else ()
    renderer.opcode, renderer.element = context.opcode, context.element or b""
    last = len(children) - 1
    for index, child in enumerate(children):
        separator = "," if index < last else ""
        if index == 0:
            _packet_type(renderer, child, inner, depth + 1, separator, from_client)
        elif index == len(layout) and packet_type is not None:
            shape, label = _BODIES[packet_type](renderer, cbor.integer(children[1]))
            renderer.render(child, shape, inner, label, depth + 1, separator)
        elif index < len(layout):
            _packet_number(renderer, child, layout[index - 1], inner, depth + 1, separator)
        else:
            label = "not part of the packet's layout" if layout else ""
            renderer.anything(child, None, inner, label, depth + 1, separator)
        if len(renderer.lines) > renderer.most:
            renderer.hand_over()
    return renderer.close(item, "]", depth, tail)


def _packet_type(
    renderer: Renderer, item: Item, prefix: str, depth: int, tail: str, from_client: bool | None
) -> None:
    number = cbor.integer(item)
    if number is None:
        return renderer.unexpected(item, "an integer", prefix, "Packet Type", depth, tail)
    name = identifiers.PACKET_TYPES.get(number, f"{number} (unknown)")
    by_client = number in identifiers.FROM_CLIENT
    if from_client is not None and number in identifiers.PACKET_TYPES and from_client != by_client:
        name += f" (wrong direction: from the {'client' if from_client else 'server'})"
    return renderer.line(item, prefix, said("Packet Type", name), tail)


def _packet_number(renderer: Renderer, item: Item, label: str, prefix: str, depth: int, tail: str) -> None:
    """Write a message id, an opcode or an event type."""
    number = cbor.integer(item)
    if number is None:
        return renderer.unexpected(item, "an integer", prefix, label, depth, tail)
    meaning = ""  # a message id has none
    if label == "OpCode":
        renderer.opcode = number
        command = commands.COMMANDS.get(number)
        meaning = _command(command) if command is not None else f"{number} (unknown)"
    elif label == "Event Type":
        meaning = _EVENT_TYPES.get(number, f"{number} (unknown)")
    return renderer.line(item, prefix, said(label, meaning), tail)


def _command(command: shape_types.Command) -> str:
    return f"{command.name} (inferred)" if command.inferred else command.name


def _parameters(renderer: Renderer, _number: int | None) -> tuple[shape_types.Shape, str]:
    command = commands.COMMANDS.get(renderer.opcode) if renderer.opcode is not None else None
    if command is None:
        return ANYTHING, "Parameters"
    return (command.parameters, "") if command.parameters else (ANYTHING, "Parameters: none expected")


def _result(renderer: Renderer, _number: int | None) -> tuple[shape_types.Shape, str]:
    command = commands.COMMANDS.get(renderer.opcode) if renderer.opcode is not None else None
    if command is None:
        return ANYTHING, "Result"
    if command.result is None:
        return ANYTHING, "Result: none expected"
    return command.result, _title(command.result)


def _error_object(_renderer: Renderer, _number: int | None) -> tuple[shape_types.Shape, str]:
    return objects.ERROR_OBJECT, ""


def _event_object(_renderer: Renderer, number: int | None) -> tuple[shape_types.Shape, str]:
    shape = objects.EVENTS.get(number) if number is not None else None
    return (shape, "") if shape else (ANYTHING, "Event Object")


_BODIES: Final = {
    identifiers.REQUEST: _parameters,
    identifiers.SUCCESS: _result,
    identifiers.ERROR: _error_object,
    identifiers.EVENT: _event_object,
}


def _title(shape: shape_types.Shape) -> str:
    """What to call a result by its shape; empty where the shape's handler says it itself."""
    if isinstance(shape, shape_types.Uuid):
        return _RESULT_TITLES[shape.role]
    if isinstance(shape, shape_types.Integer):
        return shape.enumeration
    return ""
