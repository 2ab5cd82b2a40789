"""Entries of objects (maps with integer keys) by the names that the tables give them."""

from __future__ import annotations

from xentara_inspect import cbor
from xentara_inspect.cbor import Item
from xentara_inspect.protocol.shape_types import Object


def entries(item: Item | None, shape: Object) -> dict[str, Item]:
    """The known entries of an object by field name; the last one where a key is there twice.

    Empty for what is no map.
    """
    found: dict[str, Item] = {}
    if item is None or item.kind != cbor.MAP:
        return found
    fields = shape.by_key
    children = item.children
    for index in range(0, len(children) - 1, 2):
        key = children[index]
        if key.kind <= cbor.NINT and (entry := fields.get(key.value)) is not None:
            found[entry.name] = children[index + 1]
    return found


def text(item: Item | None) -> str | None:
    """The value of a text string, None for anything else and for what is not UTF-8."""
    return item.value if item is not None and isinstance(item.value, str) else None


def number(item: Item | None) -> int | None:
    """The value of an integer, None for anything else."""
    return cbor.integer(item) if item is not None else None


def uuid(item: Item | None) -> bytes | None:
    """The 16 bytes of a UUID, None for anything else."""
    return cbor.uuid_bytes(item) if item is not None else None


def array(item: Item | None) -> list[Item]:
    """The elements of an array, none for anything else."""
    return list(item.children) if item is not None and item.kind == cbor.ARRAY else []
