"""New databases, of which each test wants one: the same bytes as a recording begins with, made once."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory, mkstemp

from xentara_inspect.store.database import open_for_writing


def make(path: str | Path) -> None:
    """Put a new database there, whole at once, unless there is something.

    Who makes one itself loads sqlite-utils for it, and the numpy that there is for other tests: 0.2 s.
    """
    if not os.path.lexists(path):
        descriptor, unfinished = mkstemp(dir=Path(path).parent)
        with open(descriptor, "wb") as file:
            file.write(_new())
        os.rename(unfinished, path)


@cache
def _new() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "new.db"
        open_for_writing(path).close()
        return path.read_bytes()
