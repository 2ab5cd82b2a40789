"""What could not be written when the recorder had to stop, in a database of its own beside the other."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import NamedTuple

from xentara_inspect.recorder.files import JournalFile
from xentara_inspect.recorder.groups import Opened, Operation, Recorded, SessionHandle
from xentara_inspect.store.database import Path


class Rescued(NamedTuple):
    """How many frames were unwritten, and the file they are in now; None if that could not be made either."""

    frames: int
    path: str | None


def rescue(operations: Sequence[Operation], database: Path, clock: Callable[[], int]) -> Rescued:
    """Write operations that a database could not take into a new one, readable like any other."""
    frames = sum(isinstance(operation, Recorded) for operation in operations)
    stem, suffix = os.path.splitext(os.path.abspath(database))
    path = f"{stem}-unwritten-{os.getpid()}{suffix}"
    file = JournalFile(path, True, _ignore, _ignore, clock, None, _ignore)
    begun = _begun_anew(operations)
    failed = file.write(begun, len(begun), stopping=True)
    return Rescued(frames, None if failed else path)


def _begun_anew(operations: Sequence[Operation]) -> list[Operation]:
    """The operations on sessions of another file, which has not seen them begin."""
    handles: dict[SessionHandle, SessionHandle] = {}
    begun: list[Operation] = []
    for operation in operations:
        handle = handles.get(operation.handle)
        if handle is None:
            handle = handles[operation.handle] = SessionHandle(operation.handle.info)
            if not isinstance(operation, Opened):
                begun.append(Opened(handle))
        begun.append(operation._replace(handle=handle))
    return begun


def _ignore(*_: object) -> None:
    """The caller tells the one thing that there is to tell."""
