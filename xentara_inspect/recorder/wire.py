"""What a proxy and the process that writes its journal tell each other.

The proxy writes operations, in order, into a `feed`. They are tuples of plain values:

| operation | |
|---|---|
| `OPENED, session, info, secrets` | a connection opens; secrets: that came with the request for it |
| `FRAME, session, time, from_client, is_text, payload, looked, cut` | looked: None unless somebody has \
looked for its secrets; cut: None or, of a frame that is not whole, `length, sha256, why` |
| `MISSED, session, frames` | so many found no room |
| `ENDED, session, time, code, reason, by` | it is over |

Over a socket the proxy sends a byte to wake the process, and nothing else: its end says that nothing
follows. The process says tuples, too:

| message | |
|---|---|
| `SETTLED, place, sessions` | the database can be written: all operations up to this place are. sessions: \
by number, what who goes on for this process must know of those that had some, None where it is over |
| `PROBLEM, text, passes` | it cannot, until something is settled. passes: to be told if that takes long |
| `MOVED, path` | recording goes on in this file |
| `NEWS, level, text` | something for people, with a level of logging |

What both have to know at any time, also of one that was killed, is on a page of memory that they share.
"""

from __future__ import annotations

import contextlib
import ctypes
import mmap
import os
import pickle
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Final

from xentara_inspect.frames import Frame, SessionInfo
from xentara_inspect.recorder.feed import BEGINNING, FeedReader, Operation, Place, packed, size_at, value_at
from xentara_inspect.recorder.retention import ALL_FILES, Retention
from xentara_inspect.recorder.rotation import Rotation
from xentara_inspect.store.cutting import cut
from xentara_inspect.store.settings import ALL

OPENED, FRAME, ENDED, MISSED = range(4)
SETTLED, PROBLEM, MOVED, NEWS = range(4)

LOST: Final = 3
"""Exit code of a process that could write frames nowhere."""

SESSIONS: Final = (1 << 20) - 1
"""The highest number of a session; numbers of those that are over are given again."""

TROUBLES: Final = 4096
"""Bytes of what is wrong that a page has room for."""

Say = Callable[..., None]
"""Takes what a message is made of."""
Looked = tuple[bool, tuple[bytes, ...]]
"""Of a frame that was looked through: whether anything was blanked, and the secrets found."""
Told = tuple[tuple[bytes, ...], int]
"""Of a session: the secrets that it has sent, and how many frames were missed."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the process that writes is told at its start.

    path: of the database. durable: commit so that it survives a loss of power. keep_secrets: store
    payloads as they are. notation: see `store.settings`. names: paths of files that name elements.
    rotation: go on in the newest of the files that follow the one at `path`, and when to start the next
    one; without it only this one is written. retention: which of these files go.
    feed: the same in each process that goes on for another. place: in it, where to begin. sessions: those
    that are open there. files, page: descriptors of the feed's files, and of the `Page`.
    """

    path: str
    durable: bool = False
    keep_secrets: bool = False
    notation: str = ALL
    names: Sequence[str] = ()
    rotation: Rotation | None = None
    retention: Retention = ALL_FILES
    feed: str = ""
    place: Place = BEGINNING
    sessions: Mapping[int, tuple[SessionInfo, Told]] = field(default_factory=dict, repr=False)
    files: Sequence[int] = ()
    page: int = -1

    def saved(self) -> BinaryIO:
        """A file of them, in memory: they have secrets. Raises OSError."""
        with contextlib.ExitStack() as opened:
            file = opened.enter_context(open(os.memfd_create("xentara-settings"), "wb"))
            pickle.dump(self, file)
            file.flush()
            opened.pop_all()
        return file

    @classmethod
    def load(cls, descriptor: int) -> Settings:
        """Raises OSError, ValueError, EOFError, pickle.UnpicklingError where it is no such thing."""
        with open(os.dup(descriptor), "rb") as file:
            file.seek(0)
            settings = pickle.load(file)  # noqa: S301 - our other half wrote it
        if not isinstance(settings, cls):
            raise ValueError("no settings")
        return settings


class Page(ctypes.Structure):
    """Memory that the proxy and the process share.

    sleeps: whether the process is to be woken. rounds: how often it has looked for something to do.
    first, last: numbers of the operations that it is at, 0 for none. suspect: of the one that the process
    before it died of, as far as that is known; deaths: of how many in a row. alone: up to this one they are
    taken one by one. seconds: how long nothing may be written, at the end, until what is left is rescued.
    troubles: what the proxy says is wrong, a line each, to be written beside the heartbeat. missed: frames
    that it had no room for, by number of a session.
    """

    sleeps: int
    rounds: int
    first: int
    last: int
    suspect: int
    deaths: int
    alone: int
    seconds: float
    troubles: bytes
    missed: ctypes.Array[ctypes.c_uint64]

    _fields_ = (
        *(
            (name, ctypes.c_uint64)
            for name in ("sleeps", "rounds", "first", "last", "suspect", "deaths", "alone")
        ),
        ("seconds", ctypes.c_double),
        ("troubles", ctypes.c_char * TROUBLES),
        ("missed", ctypes.c_uint64 * (SESSIONS + 1)),  # what is never touched takes no memory
    )

    @classmethod
    def at(cls, descriptor: int) -> Page:
        """The page in a file. Raises OSError."""
        os.ftruncate(descriptor, ctypes.sizeof(cls))
        return cls.from_buffer(mmap.mmap(descriptor, ctypes.sizeof(cls)))

    def mark(self, first: int, last: int) -> None:
        """The process: these operations are in work. 0, 0 for none."""
        self.first, self.last = first, last

    def take_over(self) -> None:
        """A process: begin where another one died, which shows of what."""
        again = self.first == self.last == self.suspect
        self.deaths = self.deaths + 1 if again else 1
        self.suspect = self.first if self.first == self.last else 0
        self.alone = max(self.alone, self.last)
        self.mark(0, 0)


def encode(message: tuple[Any, ...]) -> bytes:
    """A message in bytes: a record as those of a feed."""
    return b"".join(packed(message))


def payload_size(operation: Operation) -> int:
    """Bytes of what is kept of a frame; 0 of what is none."""
    return len(operation[5]) if operation[0] == FRAME else 0


def frames_behind(files: Sequence[int], place: Place) -> int:
    """How many frames stand in a feed behind a place."""
    return sum(operation[0] == FRAME for operation in iter(FeedReader(files, place).read, None))


def cut_more(operation: Operation, why: str) -> Operation:
    """A frame's operation with less of the frame: its head, and of what is cut already nothing."""
    if operation[0] != FRAME:
        return operation
    kind, session, *frame, looked, rest = operation
    head, first_rest = cut(Frame(*frame), why)
    if rest is not None or head.payload == frame[3]:
        head = head._replace(payload=b"")
    return (kind, session, *head, looked, rest or tuple(first_rest))


class Messages:
    """Messages out of the pieces that a socket gives."""

    def __init__(self) -> None:
        self._pending = bytearray()

    def feed(self, data: bytes) -> Iterator[tuple[Any, ...]]:
        """The messages that are whole with this piece. What is left at the end was cut off."""
        pending = self._pending
        pending += data
        start = 0
        while len(pending) - start >= (size := size_at(pending, start)):
            yield value_at(pending, start, size)
            start += size
        del pending[:start]
