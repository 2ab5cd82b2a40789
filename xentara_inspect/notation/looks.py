"""Packets to lines by the templates of those that were written last, else by the general way.

An array of objects that goes the general way, such as that of a browse, has templates for its objects.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Final

from xentara_inspect.cbor import Item
from xentara_inspect.notation.items import Renderer
from xentara_inspect.notation.lines import INDENTS, Line
from xentara_inspect.notation.packets import Context, packet_heading, packet_lines, render_packet
from xentara_inspect.notation.templates import Template, filled, made_of, marking
from xentara_inspect.protocol import commands
from xentara_inspect.protocol.shape_types import Object, Shape
from xentara_inspect.traffic.names import Names
from xentara_inspect.traffic.packets import Event, Malformed, Packet, Request

FREE: Final = 64
"""Templates that are made without asking. One costs about as much as two hundred packets."""
HITS_FOR_ONE: Final = 256
"""Packets or objects that must have been written by a template for each one beyond."""
LARGEST: Final = 1 << 16
"""Bytes of a packet that is written here; larger ones are written as they are read, for all it costs."""
_LARGEST_TEMPLATE: Final = 1024
"""Bytes of what is worth a template."""
_KEPT: Final = 16
"""Templates that are tried."""

Look = tuple[int | None, int, str, bool | None]
"""What the lines of a packet depend on besides its bytes: opcode answered, depth, tail, direction."""


class Templates:
    """The templates of one look. free: how many are made without asking."""

    def __init__(self, free: int) -> None:
        self._free = free
        self._templates: list[Template] = []
        self._hits = 0
        self._made = 0

    def lines(self, payload: bytes, pos: int, names: Names) -> tuple[list[Line], int]:
        """The lines of what stands at `pos`, and where it ends; none, and 0, if it looks like no other.

        The offsets in the lines are not filled in.
        """
        for index, template in enumerate(self._templates):
            found = template.pattern.match(payload, pos)
            if found is not None:
                lines = filled(template, found, names)
                if lines:
                    self._hits += 1
                    if index:
                        self._templates.insert(0, self._templates.pop(index))
                    return lines, found.end()
        return [], 0

    def learn(
        self,
        payload: bytes,
        item: Item,
        written: Callable[[Names | None], list[Line]],
        message_id: Item | None = None,
    ) -> None:
        """Make a template of an item, if it is worth one. written: its lines by the general way."""
        if item.end - item.start > _LARGEST_TEMPLATE or self._made >= self._free + self._hits // HITS_FOR_ONE:
            return
        self._made += 1
        template = made_of(item, payload, written(None), written(marking(item)), message_id)
        if template is not None:
            self._templates.insert(0, template)
            del self._templates[_KEPT:]


class Looks:
    """The templates of what was written last. free: how many of a look are made without asking."""

    def __init__(self, free: int = FREE) -> None:
        self._free = free
        self._known: dict[Hashable, Templates] = {}

    def known_packet(
        self, payload: bytes, pos: int, position: int, look: Look, names: Names
    ) -> tuple[list[Line], int]:
        """The lines of the packet at `pos`, and where it ends; none, and 0, if it looks like no other.

        position: its place in the message. The offsets in the lines are not filled in.
        """
        known = self._known.get((look, payload[pos + 1 : pos + 2]))
        lines, end = known.lines(payload, pos, names) if known is not None else ([], 0)
        if lines:
            lines[0] = (lines[0][0], f"Packet {position}{lines[0][1]}", 0)
        return lines, end

    def packet(
        self,
        packet: Packet,
        item: Item,
        payload: bytes,
        context: Context,
        names: Names,
        depth: int = 0,
        tail: str = "",
        from_client: bool | None = None,
    ) -> list[Line]:
        """The lines of a packet of a well-formed message, without offsets. item: its array."""
        look = (context.opcode, depth, tail, from_client)
        lines, end = self.known_packet(payload, item.start, packet.position, look, names)
        if end != item.end:
            lines = self._new_packet(packet, item, payload, context, names, look)
        if context.note:
            lines[0] = (lines[0][0], lines[0][1] + context.note, lines[0][2])
        return lines

    def _new_packet(
        self, packet: Packet, item: Item, payload: bytes, context: Context, names: Names, look: Look
    ) -> list[Line]:
        _, depth, tail, from_client = look
        heading = packet_heading(packet, context)
        if not _tells_its_lines(packet, context):
            return packet_lines(item, payload, heading, depth, tail, names, context, from_client)
        unnumbered = heading.removeprefix(f"Packet {packet.position}")

        def written(names: Names | None) -> list[Line]:
            return packet_lines(item, payload, unnumbered, depth, tail, names, context, from_client)

        message_id = None if isinstance(packet, Event) else item.children[1]
        self.of((look, payload[item.start + 1 : item.start + 2])).learn(payload, item, written, message_id)
        renderer = _ByLooks(payload, names, self)
        render_packet(renderer, item, heading, context, depth, tail, from_client)
        return renderer.lines

    def of(self, look: Hashable) -> Templates:
        """The templates of a look, perhaps none as yet."""
        found = self._known.get(look)
        if found is None:
            found = self._known[look] = Templates(self._free)
        return found


class _ByLooks(Renderer):
    """Writes the objects in arrays by their templates. The offsets in the lines are not all filled in."""

    __slots__ = ("_looks",)

    def __init__(self, payload: bytes, names: Names, looks: Looks) -> None:
        super().__init__(payload, names)
        self._looks = looks

    def array(
        self, item: Item, element: Shape | None, prefix: str, comment: str, depth: int, tail: str
    ) -> None:
        """Write an array; the last of its objects, behind which is no comma, goes the general way."""
        if not isinstance(element, Object) or not item.children or self.attribute is not None:
            return super().array(item, element, prefix, comment, depth, tail)
        self.open(item, "[", prefix, comment)
        *others, last = item.children
        depth += 1
        templates = self._looks.of((self.opcode, depth, element))
        for child in others:
            lines, end = templates.lines(self.payload, child.start, self.names)
            if end == child.end:
                self.lines += lines
            else:
                self._learn(templates, child, element, depth)
                self.render(child, element, INDENTS[depth], "", depth, ",")
        self.render(last, element, INDENTS[depth], "", depth, "")
        return self.close(item, "]", depth - 1, tail)

    def _learn(self, templates: Templates, item: Item, shape: Object, depth: int) -> None:
        def written(names: Names | None) -> list[Line]:
            renderer = Renderer(self.payload, names)
            renderer.opcode = self.opcode
            renderer.render(item, shape, INDENTS[depth], "", depth, ",")
            return renderer.lines

        templates.learn(self.payload, item, written)


def _tells_its_lines(packet: Packet, context: Context) -> bool:
    """Whether the lines of a packet follow from its look. That of a secret tells whether it was blanked."""
    opcode = packet.opcode if isinstance(packet, Request) else context.opcode
    command = commands.COMMANDS.get(opcode) if opcode is not None else None
    if isinstance(packet, Malformed) or (command is not None and command.has_secret):
        return False
    return command is not None or opcode is None
