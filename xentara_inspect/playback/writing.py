"""Packets out of recorded bytes: what is recorded is handed on as it is, only what is new is encoded."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from cbor2 import CBORTag, dumps

from xentara_inspect import cbor
from xentara_inspect.protocol import error_codes, identifiers

_NANOSECONDS: Final = -9


def head(major: int, argument: int) -> bytes:
    """The head of an item (RFC 8949 section 3), as short as it can be. argument: not negative."""
    encoded = bytearray(dumps(argument))
    encoded[0] |= major << 5
    return bytes(encoded)


def item(value: Any) -> bytes:
    """A value."""
    encoded: bytes = dumps(value)
    return encoded


def array(parts: Iterable[bytes]) -> bytes:
    """An array of encoded items."""
    elements = list(parts)
    return head(cbor.ARRAY, len(elements)) + b"".join(elements)


def mapping(entries: Iterable[tuple[bytes, bytes]]) -> bytes:
    """A map of encoded keys and values."""
    pairs = list(entries)
    return head(cbor.MAP, len(pairs)) + b"".join(key + value for key, value in pairs)


def uuid(uuid: bytes) -> bytes:
    """A UUID by its 16 bytes."""
    return item(CBORTag(identifiers.TAG_UUID, uuid))


def attribute(key: int | bytes) -> bytes:
    """An attribute by its identifier, or the 16 bytes of its UUID."""
    return uuid(key) if isinstance(key, bytes) else item(key)


def value(content: bytes) -> bytes:
    """An attribute's value among others: the alternative that says it is one."""
    return head(cbor.TAG, identifiers.TAG_ALTERNATIVE_0) + content


def attribute_error(code: int) -> bytes:
    """What stands in the place of an attribute's value that there is none of."""
    return head(cbor.TAG, identifiers.TAG_ALTERNATIVE_1) + error(code)


def error(code: int, why: str = "") -> bytes:
    """An error object, in the vendor's words. why: what is put behind them."""
    text = error_codes.VENDOR_ERROR_TEXTS[code]
    return item({0: code, 1: f"{text} ({why})" if why else text})


def response(message_id: int, body: bytes | None, *, is_error: bool = False) -> bytes:
    """A response packet. body: the result or the error object; None for none."""
    kind = identifiers.ERROR if is_error else identifiers.SUCCESS
    return array([item(kind), item(message_id), *([body] if body is not None else [])])


def request(message_id: int, opcode: int, body: bytes | None) -> bytes:
    """A request packet. body: the parameters; None for none."""
    parts = [item(identifiers.REQUEST), item(message_id), item(opcode)]
    return array([*parts, *([body] if body is not None else [])])


def data_change(time: int, element: bytes, changed: Iterable[tuple[bytes, bytes]]) -> bytes:
    """A data change event. time: ns since 1970 UTC. changed: encoded attributes and alternatives."""
    fraction = CBORTag(identifiers.TAG_DECIMAL_FRACTION, [_NANOSECONDS, time])
    stamp = item(CBORTag(identifiers.TAG_TIME, {identifiers.TIME_KEY_DECIMAL: fraction}))
    content = zip((item(0), item(1), item(2)), (stamp, uuid(element), mapping(changed)), strict=True)
    return array([item(identifiers.EVENT), item(identifiers.EVENT_DATA_CHANGE), mapping(content)])
