"""Opening databases for a query, and saying when they are behind."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

from xentara_inspect.cli.printing import note
from xentara_inspect.queries import questions as queries
from xentara_inspect.queries.databases import Recording, open_recording


@contextlib.contextmanager
def opened(databases: Sequence[str]) -> Iterator[Recording]:
    """Databases by paths and patterns, read-only, closed at the end. Raises StoreError.

    Says on stderr how much of what is recorded a query cannot see yet.
    """
    with open_recording(databases) as recording:
        waiting = queries.unindexed_frames(recording)
        if waiting:
            frames = "1 frame is" if waiting == 1 else f"{waiting} frames are"
            note(f"{frames} not indexed yet; `xentara-inspect reindex` does it.")
        yield recording
