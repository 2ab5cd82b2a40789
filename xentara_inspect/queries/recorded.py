"""From when to when there is a recording."""

from __future__ import annotations

from collections.abc import Iterable

from xentara_inspect.queries.databases import Database


def recorded_span(files: Iterable[Database]) -> tuple[int, int] | None:
    """The times of the first and the last frame; None where there are none. Raises StoreError."""
    bounds = [
        bound
        for file in files
        for bound in file.tuples("SELECT (SELECT min(time) FROM frames), (SELECT max(time) FROM frames)")
        if bound[0] is not None
    ]
    return (min(first for first, _ in bounds), max(last for _, last in bounds)) if bounds else None
