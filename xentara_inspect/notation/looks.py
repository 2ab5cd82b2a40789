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
"""Templates that are made without asking. One costs about as much as two hundred packets."""
HITS_FOR_ONE: Final = 256
"""Packets that must have been written by a template for each one beyond."""
LARGEST: Final = 1024
"""Bytes of a packet that is worth a template."""
_KEPT: Final = 16
"""Templates that are tried for a packet."""

Look = tuple[int | None, int, str, bool | None]
"""What lines depend on besides the bytes: opcode answered, depth, tail, direction if known."""


class _Known:
    """The templates of a look and a type of packet, how often they served and how often one was made."""

    def __init__(self) -> None:
        self.templates: list[Template] = []
        self.hits = 0
        self.made = 0


class Looks:
    """The templates of the packets written last. free: how many of a kind are made without asking."""

    def __init__(self, free: int = FREE) -> None:
        self._free = free
        self._known: dict[tuple[Look, bytes], _Known] = {}

    def known_lines(
        self, payload: bytes, pos: int, position: int, look: Look, names: Names
    ) -> tuple[list[Line], int]:
        """The lines of the packet at `pos`, and where it ends; none, and 0, if it looks like no other.

        position: its place in the message. The offsets in the lines are not filled in.
        """
        known = self._known.get((look, payload[pos + 1 : pos + 2]))
        if known is None:
            return [], 0
        for index, template in enumerate(known.templates):
            found = template.pattern.match(payload, pos)
            if found is not None:
                lines = filled(template, found, position, names)
                if lines:
                    known.hits += 1
                    if index:
                        known.templates.insert(0, known.templates.pop(index))
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
        if (
            item.end - item.start <= LARGEST
            and _tells_its_lines(packet, context)
            and self._wants_more(look, payload, item)
        ):
            unnumbered = heading.removeprefix(f"Packet {packet.position}")
            plain, marked = (
                packet_lines(item, payload, unnumbered, depth, tail, known, context, from_client)
                for known in (None, marking(item))
            )
            self._learn(look, payload, item, made_of(item, payload, plain, marked))
        return packet_lines(item, payload, heading, depth, tail, names, context, from_client)

    def _wants_more(self, look: Look, payload: bytes, item: Item) -> bool:
        known = self._known.get((look, payload[item.start + 1 : item.start + 2]))
        return known is None or known.made < self._free + known.hits // HITS_FOR_ONE

    def _learn(self, look: Look, payload: bytes, item: Item, template: Template | None) -> None:
        known = self._known.setdefault((look, payload[item.start + 1 : item.start + 2]), _Known())
        known.made += 1
        if template is not None:
            known.templates.insert(0, template)
            del known.templates[_KEPT:]


def _tells_its_lines(packet: Packet, context: Context) -> bool:
    """Whether the lines of a packet follow from its look. That of a secret tells whether it was blanked."""
    opcode = packet.opcode if isinstance(packet, Request) else context.opcode
    command = commands.COMMANDS.get(opcode) if opcode is not None else None
    if isinstance(packet, Malformed) or (command is not None and command.has_secret):
        return False
    return command is not None or opcode is None
