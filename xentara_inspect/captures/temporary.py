"""Captures as a database for as long as a question takes."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from xentara_inspect.captures.importing import import_capture
from xentara_inspect.index.process import catch_up
from xentara_inspect.store.errors import StoreError
from xentara_inspect.store.importing import Importer


@contextlib.contextmanager
def as_database(captures: Sequence[str], progress: Callable[[int], None]) -> Iterator[str]:
    """The path of a database with all that is in captures, indexed; it is gone at the end.

    It is what `import` makes of them, with the same ids. progress: is told how many bytes of a capture are
    read. Raises StoreError, also for a capture that cannot be read whole, or has nothing of Xentara.
    """
    with tempfile.TemporaryDirectory(prefix="xentara-inspect-") as folder:
        database = Path(folder) / f"{Path(captures[0]).stem}.db"
        with Importer(database) as importer:
            for capture in captures:
                imported = import_capture(Path(capture), importer, None, progress)
                if imported.failures:
                    raise StoreError(imported.failures[0])
                if not imported.sessions:
                    raise StoreError(f"{capture} has no connection of Xentara in it")
        catch_up(database)
        yield str(database)
