"""What a proxy and the process that writes its journal say to each other over their socket.

Tuples of plain values, the first of which says what the rest is:

| from the proxy | |
|---|---|
| `SESSION, session, info, position` | a session of that number follows; so many of its frames are stored |
| `OPERATIONS, last, operations` | what happened, in order; the number of the last one |
| `ASK,` | how many frames of the sessions had been there before? |
| `FINISH, seconds` | what is behind this is nothing; so long may writing the rest take, None for any time |

An operation is `OPENED, session`, `FRAME, session, time, from_client, is_text, payload`,
`ENDED, session, time, code, reason` or `MISSED, session, frames`.

| from the journal | |
|---|---|
| `READY,` | it listens |
| `SETTLED, last` | all operations up to this number are committed |
| `PROBLEM, text` | nothing can be written |
| `NOTICE, text` | something else is wrong |
| `RECOVERED, path` | and now it can |
| `ROTATED, path` | recording goes on in this file |
| `SKIPPED, {session: (id, frames)}` | the answer to `ASK`, of sessions with frames that had been there |
"""

from __future__ import annotations

import marshal
import struct
from collections.abc import Iterator
from typing import Any, Final

SESSION: Final = 0
OPERATIONS: Final = 1
ASK: Final = 2
FINISH: Final = 3

OPENED: Final = 0
FRAME: Final = 1
ENDED: Final = 2
MISSED: Final = 3

READY: Final = 0
SETTLED: Final = 1
PROBLEM: Final = 2
RECOVERED: Final = 3
ROTATED: Final = 4
SKIPPED: Final = 5
NOTICE: Final = 6

_LENGTH: Final = struct.Struct("<Q")
_FORMAT: Final = 2  # of marshal: the last one that does not look for objects that occur twice


def encode(message: tuple[Any, ...]) -> bytes:
    """A message in bytes: its length in 8 bytes, and its marshal."""
    body = marshal.dumps(message, _FORMAT)
    return _LENGTH.pack(len(body)) + body


class Messages:
    """Messages out of the pieces that a socket gives. Both ends run the same interpreter."""

    def __init__(self) -> None:
        self._pending = bytearray()

    def feed(self, data: bytes) -> Iterator[tuple[Any, ...]]:
        """The messages that are whole with this piece. What is left at the end was cut off."""
        pending = self._pending
        pending += data
        start = 0
        while len(pending) - start >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(pending, start)
            end = start + _LENGTH.size + length
            if len(pending) < end:
                break
            with memoryview(pending) as view:
                message = marshal.loads(view[start + _LENGTH.size : end])  # noqa: S302 - our other half wrote it
            yield message
            start = end
        del pending[:start]
