"""Requests that hold no secret, recognised as a whole: those there are most of, or may be a million of.

Everything else goes the general way, with the same result.
"""

from __future__ import annotations

import re
from typing import Final

from xentara_inspect.protocol import commands

_OPCODES: Final = b"".join(rb"\x%02x" % opcode for opcode in commands.COMMANDS if opcode < 24)
_OPEN_OPCODES: Final = b"".join(
    rb"\x%02x" % opcode for opcode, row in commands.COMMANDS.items() if opcode < 24 and not row.has_secret
)
_MESSAGE_IDS: Final = {0: rb"[\x00-\x17]", 1: rb"\x18.", 2: rb"\x19..", 4: rb"\x1a.{4}"}
# Requests without parameters, by the head of their message id: a peer may send a million in one message.
_BARE_REQUESTS: Final = {
    head: (4 + width, re.compile(rb"(?:\x83\x00%s[%s])++" % (_MESSAGE_IDS[width], _OPCODES), re.DOTALL))
    for heads, width in ((range(24), 0), ((0x18,), 1), ((0x19,), 2), ((0x1A,), 4))
    for head in heads
}
_SCALAR: Final = (
    rb"(?:[\x00-\x17\x20-\x37\xf4-\xf7]|\xd8\x25\x50.{16}|[\x18\x38].|[\x19\x39\xf9]..|[\x1a\x3a\xfa].{4}"
    rb"|\xfb.{8}|%s)" % b"|".join(rb"\x%02x.{%d}" % (0x60 + size, size) for size in range(24))
)
_VALUE_OR_LIST: Final = rb"(?:%s|%s)" % (
    _SCALAR,
    b"|".join(rb"\x%02x%s{%d}" % (0x80 + count, _SCALAR, count) for count in range(9)),
)
_OPEN_REQUEST: Final = re.compile(
    rb"\x84\x00(?:%s)[%s](?:%s)"
    % (
        b"|".join(_MESSAGE_IDS.values()),
        _OPEN_OPCODES,
        b"|".join(rb"\x%02x(?:[\x00-\x17]%s){%d}" % (0xA0 + n, _VALUE_OR_LIST, n) for n in range(5)),
    ),
    re.DOTALL,
)
"""Most requests: of a command without secrets, with numbers, UUIDs, short texts and lists of them."""


def plain_requests(payload: bytes, pos: int, count: int) -> tuple[int, int]:
    """How many such requests follow each other at `pos`, and where they end. count: at most, < 0 for any."""
    plain = _OPEN_REQUEST.match(payload, pos)
    if plain is not None:
        return 1, plain.end()
    message_id = payload[pos + 2 : pos + 3]
    if not message_id or not payload.startswith(b"\x83\x00", pos):
        return 0, pos
    size, pattern = _BARE_REQUESTS.get(message_id[0], (0, None))
    limit = pos + count * size if count > 0 else len(payload)
    run = pattern.match(payload, pos, min(len(payload), limit)) if pattern is not None else None
    return ((run.end() - pos) // size, run.end()) if run is not None else (0, pos)
