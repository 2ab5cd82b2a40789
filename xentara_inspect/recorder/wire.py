"""What a proxy and the process that writes its journal tell each other.

The proxy writes operations, in order, into a `feed`. They are tuples of plain values:

| operation | |
|---|---|
| `OPENED, session, info, secrets` | a connection opens; secrets: that came with the request for it |
| `FRAME, session, time, from_client, is_text, payload, looked, cut` | looked: None unless somebody has \
looked for its secrets; cut: None or, of a frame that is not whole, `length, sha256, why` |
| `MISSED, session, frames` | so many found no room |
| `ENDED, session, time, code, reason, by` | it is over |

The process reports, to be told to people, `PROBLEM, text, passes`: it cannot write (passes: to be told if
that takes long), and `NEWS, level, text`. All else both see in what is `shared`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xentara_inspect.frames import Frame
from xentara_inspect.recorder.feed import FeedReader, Operation
from xentara_inspect.recorder.retention import ALL_FILES, Retention
from xentara_inspect.recorder.rotation import Rotation
from xentara_inspect.store.cutting import cut
from xentara_inspect.store.settings import ALL

OPENED, FRAME, ENDED, MISSED = range(4)
PROBLEM, NEWS = range(2)

Looked = tuple[bool, tuple[bytes, ...]]
"""Of a frame that was looked through: whether anything was blanked, and the secrets found."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the process that writes is told at its start.

    path: of the database. durable: commit so that it survives a loss of power. keep_secrets: store
    payloads as they are. notation: see `store.settings`. names: paths of files that name elements.
    rotation: go on in the newest of the files that follow the one at `path`, and when to start the next
    one; without it only this one is written. retention: which of these files go.
    feed: the same in each process that goes on for another. shared: descriptors of `Shared`.
    """

    path: str
    durable: bool = False
    keep_secrets: bool = False
    notation: str = ALL
    names: Sequence[str] = ()
    rotation: Rotation | None = None
    retention: Retention = ALL_FILES
    feed: str = ""
    shared: Sequence[int] = ()


def payload_size(operation: Operation) -> int:
    """Bytes of what is kept of a frame; 0 of what is none."""
    return len(operation[5]) if operation[0] == FRAME else 0


def frames_in(feed: FeedReader) -> int:
    """How many frames there are still to be read."""
    return sum(operation[0] == FRAME for operation in iter(feed.read, None))


def cut_more(operation: Operation, why: str) -> Operation:
    """A frame's operation with less of the frame: its head, and of what is cut already nothing."""
    if operation[0] != FRAME:
        return operation
    kind, session, *frame, looked, rest = operation
    head, first_rest = cut(Frame(*frame), why)
    if rest is not None or head.payload == frame[3]:
        head = head._replace(payload=b"")
    return (kind, session, *head, looked, rest or tuple(first_rest))
