"""From when to when there is a recording, as its frames tell."""

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


def recorded_until(files: Iterable[Database]) -> int:
    """The time of the last frame; 0 where there are none. Raises StoreError."""
    span = recorded_span(files)
    return span[1] if span is not None else 0
