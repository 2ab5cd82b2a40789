r"""What a proxy and the process that writes its journal say to each other.

Over a socket, tuples of plain values, the first of which says what the rest is:

| from the proxy | |
|---|---|
| `OPERATIONS, sessions, operations` | what happened, in order, and the sessions it is the first to speak of |
| `FINISH, seconds` | nothing follows; so long may nothing be written until it is rescued |
| `TROUBLES, text` | what is wrong from now on, a line each, to be written beside the heartbeat |

A session is `session, info, position, missed, secrets`. position: frames of it that are stored; missed: those
that never will be; secrets: that it is known to have sent.

An operation is `OPENED, session`, `ENDED, session, time, code, reason, by`, `MISSED, session, frames` or
`FRAME, session, time, from_client, is_text, payload, looked, cut`, where looked is None unless somebody
has looked for its secrets, and cut is None or, of a frame that is not whole, `length, sha256, why`.

| from the journal | |
|---|---|
| `SETTLED, last, learned` | the database can be written: all operations up to this number are. learned: all \
secrets that sessions are known to have sent by now, where some are new; to be remembered, no more |
| `PROBLEM, text, passes` | it cannot, until something is settled. passes: to be told if that takes long |
| `MOVED, path` | recording goes on in this file |
| `NEWS, level, text` | something for people, with a level of logging |

And by a page of memory that both see, which tells what a process cannot when it is killed.
"""

from __future__ import annotations

import json
import marshal
import mmap
import os
import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from xentara_inspect.frames import Frame
from xentara_inspect.recorder.retention import ALL_FILES, Retention
from xentara_inspect.recorder.rotation import Rotation
from xentara_inspect.store.cutting import cut
from xentara_inspect.store.settings import ALL

OPERATIONS, FINISH, TROUBLES = range(3)
OPENED, FRAME, ENDED, MISSED = range(4)
SETTLED, PROBLEM, MOVED, NEWS = range(4)

LOST: Final = 3
"""Exit code of a process that could write frames nowhere."""

Operation = tuple[Any, ...]
Say = Callable[..., None]
"""Takes what a message is made of."""
Looked = tuple[bool, tuple[bytes, ...]]
"""Of a frame that was looked through: whether anything was blanked, and the secrets found."""

_LENGTH: Final = struct.Struct("<Q")
_FORMAT: Final = 2  # of marshal: the last one that does not look for objects that occur twice


@dataclass(frozen=True, slots=True)
class Settings:
    """What the process that writes is told at its start.

    path: of the database. durable: commit so that it survives a loss of power. keep_secrets: store
    payloads as they are. notation: see `store.settings`. names: paths of files that name elements.
    rotation: go on in the newest of the files that follow the one at `path`, and when to start the next
    one; without it only this one is written. retention: which of these files go.
    feed: the same in each process that goes on for another. first: number of the first operation it
    will be told. alone: operations up to this number are written one by one. page: descriptor of the `Page`.
    """

    path: str
    durable: bool = False
    keep_secrets: bool = False
    notation: str = ALL
    names: Sequence[str] = ()
    rotation: Rotation | None = None
    retention: Retention = ALL_FILES
    feed: str = ""
    first: int = 1
    alone: int = 0
    page: int = -1

    def to_json(self) -> str:
        """What `from_json` reads."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Settings:
        """Raises ValueError, TypeError, KeyError where it is no such thing."""
        values = json.loads(text)
        rotation, retention = values["rotation"], values["retention"]
        values["rotation"] = rotation and Rotation(**rotation)
        values["retention"] = Retention(**retention)
        return cls(**values)


SESSIONS: Final = (1 << 20) - 3
"""The highest number of a session; numbers of those that are over are given again."""


class Page:
    """Memory that the proxy and the process share. Raises OSError.

    passed: by number of a session, how many of its frames have passed: the proxy counts, and the process
    sets it to 0 once all of a session is stored.
    """

    _SIZE: Final = 8 * (SESSIONS + 3)  # what is never touched takes no memory

    def __init__(self, descriptor: int | None = None) -> None:
        """descriptor: of the page that the other one made."""
        if descriptor is None:
            descriptor = os.memfd_create("xentara-journal")
            os.ftruncate(descriptor, self._SIZE)
        self.descriptor = descriptor
        numbers = memoryview(mmap.mmap(descriptor, self._SIZE)).cast("Q")
        self._marked = numbers[:2]
        self.passed = numbers[2:]

    def mark(self, first: int, last: int) -> None:
        """The process: these operations are in work. 0, 0 for none."""
        self._marked[0] = first
        self._marked[1] = last

    def marked(self) -> tuple[int, int]:
        """What the process marked last."""
        return self._marked[0], self._marked[1]


def encode(message: tuple[Any, ...]) -> bytes:
    """A message in bytes: its length in 8 bytes, and its marshal."""
    body = marshal.dumps(message, _FORMAT)
    return _LENGTH.pack(len(body)) + body


def payload_size(operation: Operation) -> int:
    """Bytes of what is kept of a frame; 0 of what is none."""
    return len(operation[5]) if operation[0] == FRAME else 0


def frames_of(operation: Operation) -> int:
    """How many frames an operation speaks of, be it that they were missed."""
    return 1 if operation[0] == FRAME else operation[2] if operation[0] == MISSED else 0


def cut_more(operation: Operation, why: str) -> Operation:
    """A frame's operation with less of the frame: its head, and of what is cut already nothing."""
    kind, session, *frame, looked, rest = operation
    if kind != FRAME:
        return operation
    head, first_rest = cut(Frame(*frame), why)
    if rest is not None or head.payload == frame[3]:
        head = head._replace(payload=b"")
    return (kind, session, *head, looked, rest or tuple(first_rest))


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
