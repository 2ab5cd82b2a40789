"""Secrets blanked in the bytes, same length, before anything is stored.

A `create_sub_session` request carries a token or a password. In it every text and byte string and
every number is blanked but those known to be no secret, wherever they stand and however they are
encoded, so that an unexpected shape keeps nothing. So is what looks like credentials (one of the
authentication tags on a map) wherever a client sends it. A client's message that might be such a
request but cannot be decoded loses all its strings and everything behind the first undecodable
head: fail closed.
Offsets, heads and lengths stay, so the blanked bytes decode and fail exactly as the original did.
"""

from __future__ import annotations

import re
from typing import Final

from xentara_inspect import cbor
from xentara_inspect.cbor import Item
from xentara_inspect.frames import Frame
from xentara_inspect.protocol import commands, identifiers, objects
from xentara_inspect.traffic import packets
from xentara_inspect.traffic.packets import Malformed, Request

BLANK: Final = ord("*")
"""What each byte of a blanked string becomes: one byte of UTF-8, readable in the notation."""

_MAY_BE_SECRET: Final = re.compile(
    rb"\x0c"  # however an integer 12 is encoded, this byte is in it
    # 12.0, which some decoders take for 12; its head may be another byte where bytes were sent as text
    rb"|\x4a\x00|\x41\x40\x00\x00|\x40\x28\x00{6}"
    rb"|12|sub_session"  # written out: a client that sends text, JSON, or a name for the opcode
    rb"|(?:\xd8|\xc3\x98|\xd9\x00|\xda\x00{3}|\xdb\x00{7})[\x79-\x7b]"  # an authentication tag; as text too
)
_AUTHENTICATION_TAGS: Final = frozenset(objects.AUTHENTICATION.by_tag)
_NUMBERS: Final = (cbor.UINT, cbor.NINT, cbor.FLOAT)
_PASSWORD_TAG: Final = identifiers.TAG_ALTERNATIVE_2
_CERTIFICATE_TAG: Final = identifiers.TAG_ALTERNATIVE_1


def redact(payload: bytes, from_client: bool) -> bytes:
    """The payload with its secrets blanked; the same object where there is nothing to blank.

    Takes text messages too: what they hold is looked at as if it were CBOR.
    """
    if not from_client or not _MAY_BE_SECRET.search(payload):  # most messages end here
        return payload
    message = packets.parse(payload)
    blanked = bytearray(payload)
    for packet in message.packets:
        if packet.item is None:
            continue
        if isinstance(packet, Malformed):
            _blank_strings(blanked, packet.item)
            _blank_credentials(blanked, packet.item)
        elif (
            isinstance(packet, Request)
            and packet.opcode == commands.CREATE_SUB_SESSION
            and packet.body is not None
        ):
            _blank(blanked, packet.body, _public_strings(packet.body))
        else:
            _blank_credentials(blanked, packet.item)
    for item in message.trailing:
        _blank_strings(blanked, item)
        _blank_credentials(blanked, item)
    if message.error is not None:
        resume = message.error.resume
        blanked[resume:] = bytes((BLANK,)) * (len(payload) - resume)
    return payload if blanked == payload else bytes(blanked)


def _public_strings(parameters: Item | None) -> frozenset[int]:
    """Offsets of the strings that are no secret, in parameters of the proper shape and in no other."""
    if parameters is None or parameters.kind != cbor.MAP:
        return frozenset()
    public = set()
    for key, value in cbor.pairs(parameters):
        number = cbor.integer(key)
        if number == 1 and cbor.uuid_bytes(value) is not None:
            public.add(value.children[0].start)
        elif number == 0 and value.kind == cbor.TAG and value.children[0].kind == cbor.MAP:
            public.update(_public_credentials(value.value, value.children[0]))
    return frozenset(public)


def _public_credentials(tag: int, credentials: Item) -> list[int]:
    """The user name where a password stands beside it, and a certificate in bytes."""
    keys = [cbor.integer(key) for key, _ in cbor.pairs(credentials)]
    contents = [content for _, content in cbor.pairs(credentials)]
    if tag == _PASSWORD_TAG and sorted(key for key in keys if key is not None) == [0, 1]:
        name = contents[keys.index(0)]
        return [name.start] if name.kind == cbor.TEXT else []
    if tag == _CERTIFICATE_TAG and keys == [0] and contents[0].kind == cbor.BYTES:
        return [contents[0].start]
    return []


def _blank_credentials(blanked: bytearray, item: Item) -> None:
    """Blank what looks like credentials anywhere in an item."""
    for part in cbor.walk(item):
        if part.kind == cbor.TAG and part.value in _AUTHENTICATION_TAGS:
            content = part.children[0]
            if content.kind == cbor.MAP:
                _blank(blanked, content, frozenset(_public_credentials(part.value, content)))


def _blank(blanked: bytearray, item: Item, spared: frozenset[int]) -> None:
    """Blank strings wherever they are, and numbers that are no keys."""
    stack = [(item, False)]
    while stack:
        item, is_key = stack.pop()
        if item.start in spared:
            continue
        if item.children:
            is_map = item.kind == cbor.MAP
            stack.extend((child, is_map and not index & 1) for index, child in enumerate(item.children))
        elif item.kind in (cbor.BYTES, cbor.TEXT):
            _overwrite(blanked, item, _content_length(item))
        elif item.kind in _NUMBERS and not is_key:
            _overwrite(blanked, item, item.end - item.start - 1)  # the argument; below 24 there is none


def _blank_strings(blanked: bytearray, item: Item) -> None:
    for part in cbor.walk(item):
        if part.kind in (cbor.BYTES, cbor.TEXT) and not part.children:
            _overwrite(blanked, part, _content_length(part))


def _content_length(item: Item) -> int:
    return len(item.value.encode() if isinstance(item.value, str) else item.value)


def _overwrite(blanked: bytearray, item: Item, length: int) -> None:
    """Blank the last bytes of an item, up to the end of what was there."""
    if not item.children and item.info != cbor.INDEFINITE:
        blanked[item.end - length : item.end] = bytes((BLANK,)) * length


def without_secrets(frame: Frame) -> Frame:
    """The frame with its secrets blanked; the same object where it has none."""
    payload = frame.payload
    try:
        blanked = redact(payload, frame.from_client)
    except Exception:  # a bug must neither stop the traffic nor let a secret through
        blanked = bytes((BLANK,)) * len(payload)
    return frame if blanked is payload else frame._replace(payload=blanked)
