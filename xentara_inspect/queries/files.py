"""Which database files are meant by paths and patterns, and what to call each of several."""

from __future__ import annotations

import glob
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from xentara_inspect.store.errors import StoreError

LAKE: Final = "lake:"
"""What stands before the directory or URI of a lake."""

_LISTED: Final = "log, events, readings, findings, sessions, stats and serve"
"""The commands that lakes answer, too."""

_BESIDE: Final = ("-wal", "-shm", "-journal", "-indexer")
"""How the files end that SQLite and the indexer put beside a database."""


def lake_at(pattern: str) -> str | None:
    """Where the lake is that is meant in the place of a database, by `lake:DIR`; None for none."""
    return pattern.removeprefix(LAKE) if pattern.startswith(LAKE) else None


def no_database(lake: str) -> StoreError:
    """That a lake does not answer what only databases do. lake: as it is meant."""
    return StoreError(f"{lake} is a lake, which answers {_LISTED}: else `import` the part of its archive")


def matching_files(pattern: str) -> list[str]:
    """The databases that a path or a glob pattern means, by name. Raises StoreError if it matches none.

    A path that is there is meant as it is, whatever characters it has; so is one without any of a
    pattern, there or not. What a pattern matches is left out where it is empty: the next file of a
    recording is that while it is made, and stays it if the recorder is killed then. Raises StoreError for
    a lake, too.
    """
    if lake_at(pattern) is not None:
        raise no_database(pattern)
    if not glob.has_magic(pattern) or os.path.lexists(pattern):
        return [pattern]
    found = sorted(path for path in glob.glob(pattern) if not path.endswith(_BESIDE))
    if not found:
        raise StoreError(f"{pattern} matches no file")
    return [path for path in found if not _is_empty(path)] or found


def _is_empty(path: str) -> bool:
    try:
        return os.path.isfile(path) and not os.path.getsize(path)
    except OSError:
        return False  # opening it will tell


def meant_files(patterns: Sequence[str]) -> list[str]:
    """The databases that paths and glob patterns mean, each file once. Raises StoreError."""
    return without_duplicates([path for pattern in patterns for path in matching_files(pattern)])


def without_duplicates(paths: Sequence[str]) -> list[str]:
    """The paths in their order, each file once, however it is called."""
    first: dict[str, str] = {}
    for path in paths:
        first.setdefault(os.path.realpath(path), path)
    return list(first.values())


def file_labels(paths: Sequence[str]) -> list[str]:
    """A name for each of several different files: the stem, or as much of the path as tells them apart."""
    whole = [Path(os.path.abspath(path)).parts for path in paths]
    stems = [(*parts[:-1], Path(parts[-1]).stem) for parts in whole]
    # In one folder only the suffix tells them apart; then it does so for others of that stem too.
    same = {stem[-1] for stem, count in Counter(stems).items() if count > 1}
    tails = [full if stem[-1] in same else stem for full, stem in zip(whole, stems, strict=True)]
    depths = [1] * len(paths)
    while True:
        labels = ["/".join(tail[-depth:]) for tail, depth in zip(tails, depths, strict=True)]
        counts = Counter(labels)
        clashing = [index for index, label in enumerate(labels) if counts[label] > 1]
        growing = [index for index in clashing if depths[index] < len(tails[index])]
        if not growing:
            return labels
        for index in growing:
            depths[index] += 1
