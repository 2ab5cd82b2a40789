"""Values from the wire as columns of any table hold them: one rule for integers, one for UUIDs."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from xentara_inspect.traffic.names import uuid_text
from xentara_inspect.traffic.records import AttributeKey

_LEAST: Final = -(1 << 63)
_GREATEST: Final = (1 << 63) - 1
_PLAIN_KINDS: Final = {int: "integer", float: "float", str: "text", type(None): "null"}


def stored_integer(value: int | None) -> int | str | None:
    """The value for a column: an INTEGER where it fits 64 signed bits, else its decimal TEXT.

    The column must have no affinity (BLOB), or SQLite makes a REAL of the text and loses digits.
    """
    if value is None or _LEAST <= value <= _GREATEST:
        return value
    return str(value)


def plain_kind(value: object) -> str | None:
    """The kind of a reading's value in a column that its type says by itself; None for no such type."""
    return _PLAIN_KINDS.get(type(value))


def loaded_integer(value: int | str | None) -> int | None:
    """The integer that `stored_integer` put into a column."""
    return int(value) if isinstance(value, str) else value


_cached_uuid_text = lru_cache(maxsize=1 << 16)(uuid_text)


def stored_uuid(uuid: bytes | None) -> str | None:
    """A UUID for a column: canonical text."""
    return _cached_uuid_text(uuid) if uuid is not None else None


def loaded_uuid(text: str) -> bytes:
    """The 16 bytes of a UUID in a column."""
    return bytes.fromhex(text.replace("-", ""))


def stored_attribute(attribute: AttributeKey) -> int | str | None:
    """An attribute for a column: its identifier as an integer from the wire, or its UUID."""
    return _cached_uuid_text(attribute) if isinstance(attribute, bytes) else stored_integer(attribute)


def loaded_attribute(value: int | str) -> AttributeKey:
    """The attribute in a column: its identifier (of any size) or the 16 bytes of its UUID."""
    if isinstance(value, str):
        return loaded_uuid(value) if len(value) == 36 else int(value)
    return value
