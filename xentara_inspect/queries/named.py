"""What a request names: elements by UUID or primary key, also by way of a subscription.

All of it follows from the shapes of the command's parameters.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from xentara_inspect.protocol import commands
from xentara_inspect.protocol.shape_types import ArrayOf, Object, Shape, Text, Uuid, UuidRole
from xentara_inspect.traffic.fields import entries, text, uuid
from xentara_inspect.traffic.learning import elements_named
from xentara_inspect.traffic.names import Names, uuid_text
from xentara_inspect.traffic.packets import Request

PRIMARY_KEY = "primary_key"
"""What a field is called whose text names an element."""


class Named(NamedTuple):
    """What a request names. elements: UUIDs, each once. primary_keys: as the request has them."""

    elements: tuple[bytes, ...] = ()
    primary_keys: tuple[str, ...] = ()

    def texts(self, names: Names) -> list[str]:
        """What to call the elements: primary keys if known, else UUIDs."""
        called = [names.element(element) or uuid_text(element) for element in self.elements]
        return [*called, *self.primary_keys]


def named_by(request: Request, names: Names) -> Named:
    """What a request names. names: for the elements of a subscription."""
    elements = elements_named(request)
    if elements:
        return Named(elements)
    command = commands.COMMANDS.get(request.opcode)
    if command is None or command.parameters is None:
        return Named()
    named = entries(request.body, command.parameters)
    for field in command.parameters.fields:
        item = named.get(field.name)
        if field.name == PRIMARY_KEY and isinstance(field.shape, Text):
            key = text(item)
            if key is not None:
                return Named(primary_keys=(key,))
        elif isinstance(field.shape, Uuid) and field.shape.role is UuidRole.SUBSCRIPTION:
            subscription = uuid(item)
            if subscription is not None:
                return Named(tuple(dict.fromkeys(names.subscriptions.get(subscription, ()))))
    return Named()


def commands_naming_elements() -> list[int]:
    """Opcodes of requests that may name elements without being about one."""
    return [
        row.opcode for row in commands.COMMANDS.values() if row.parameters and any(_names(row.parameters))
    ]


def _names(shape: Shape) -> Iterator[bool]:
    """A true value for each place in a shape that may name an element."""
    if isinstance(shape, Object):
        for field in shape.fields:
            if field.name == PRIMARY_KEY:
                yield True
            yield from _names(field.shape)
    elif isinstance(shape, ArrayOf):
        yield from _names(shape.element)
    elif isinstance(shape, Uuid):
        yield shape.role in (UuidRole.ELEMENT, UuidRole.SUBSCRIPTION)
