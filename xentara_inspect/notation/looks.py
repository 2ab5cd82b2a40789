"""Packets to lines by the templates of those that were written last, else by the general way."""

from __future__ import annotations

from typing import Final

from xentara_inspect.cbor import Item
from xentara_inspect.notation.lines import Line
from xentara_inspect.notation.packets import Context, packet_heading, packet_lines
from xentara_inspect.notation.templates import Template, filled, made_of, marking
from xentara_inspect.protocol import commands
from xentara_inspect.traffic.names import Names
from xentara_inspect.traffic.packets import Malformed, Packet, Request

FREE: Final = 64
"""Templates that are made without asking. One costs about as much as a hundred packets."""
HITS_FOR_ONE: Final = 256
"""Packets that must have been written by a template for each one beyond."""
_KEPT: Final = 8
"""Templates that are tried for a packet."""

Look = tuple[int | None, int, str, bool | None]
"""What lines depend on besides the bytes: opcode answered, depth, tail, direction if known."""


class Looks:
    """The templates of the packets written last. free: how many are made without asking."""

    def __init__(self, free: int = FREE) -> None:
        self._free = free
        self._templates: dict[Look, list[Template]] = {}
        self._hits = 0
        self._made = 0

    def known_lines(
        self, payload: bytes, pos: int, position: int, look: Look, names: Names
    ) -> tuple[list[Line], int]:
        """The lines of the packet at `pos`, and where it ends; none, and 0, if it looks like no other.

        position: its place in the message. The offsets in the lines are not filled in.
        """
        templates = self._templates.get(look, ())
        for index, template in enumerate(templates):
            found = template.pattern.match(payload, pos)
            if found is not None:
                lines = filled(template, found, position, names)
                if lines:
                    self._hits += 1
                    if index:
                        self._templates[look].insert(0, self._templates[look].pop(index))
                    return lines, found.end()
        return [], 0

    def lines(
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
        lines, end = self.known_lines(payload, item.start, packet.position, look, names)
        if end == item.end:
            return lines
        heading = packet_heading(packet, context)
        if self._wants_more() and _tells_its_lines(packet, context):
            unnumbered = heading.removeprefix(f"Packet {packet.position}")
            plain, marked = (
                packet_lines(item, payload, unnumbered, depth, tail, known, context, from_client)
                for known in (None, marking(item))
            )
            self._learn(look, made_of(item, payload, plain, marked))
        return packet_lines(item, payload, heading, depth, tail, names, context, from_client)

    def _wants_more(self) -> bool:
        return self._made < self._free + self._hits // HITS_FOR_ONE

    def _learn(self, look: Look, template: Template | None) -> None:
        self._made += 1
        if template is not None:
            templates = self._templates.setdefault(look, [])
            templates.insert(0, template)
            del templates[_KEPT:]


def _tells_its_lines(packet: Packet, context: Context) -> bool:
    """Whether the lines of a packet follow from its look. That of a secret tells whether it was blanked."""
    opcode = packet.opcode if isinstance(packet, Request) else context.opcode
    command = commands.COMMANDS.get(opcode) if opcode is not None else None
    if isinstance(packet, Malformed) or (command is not None and command.has_secret):
        return False
    return command is not None or opcode is None
