"""A copy of a recording to give away, and the list of what was replaced in it, which stays with the owner."""

from __future__ import annotations

import contextlib
import csv
import os
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from xentara_inspect.index.collecting import seldom_collecting
from xentara_inspect.index.process import catch_up
from xentara_inspect.sharing.chance import Chance
from xentara_inspect.sharing.copying import Progress, copy, opened
from xentara_inspect.sharing.numbers import Numbers
from xentara_inspect.sharing.payloads import Payloads
from xentara_inspect.sharing.replacements import Kind, Replacements
from xentara_inspect.store import sides
from xentara_inspect.store.errors import StoreError, from_os, from_sqlite
from xentara_inspect.traffic.time_points import NANOSECONDS

_PRIVATE: Final = 0o600
_BEGIN: Final = (
    "SELECT min(time) FROM (SELECT min(opened) AS time FROM sessions UNION ALL SELECT min(time) FROM frames)"
)


class Shared(NamedTuple):
    """What was made. frames: how many the copy has. replaced: how many names of each kind."""

    frames: int
    replaced: Mapping[Kind, int]


def share(
    paths: Sequence[str],
    output: str,
    listed: str,
    *,
    values: bool,
    start: int | None,
    copying: Progress,
    decoding: Progress,
) -> Shared:
    """Write a copy of a recording to `output`, and what was replaced to `listed`: both whole or not at all.

    paths: its files in order. values: whether attribute values are replaced, too. start: when the copy is
    to begin, in nanoseconds since 1970 (whole seconds count); None for the recorded times. Raises
    StoreError, also where one of both is there already.
    """
    for path in (output, listed):
        if os.path.lexists(path):
            raise StoreError(f"{path} is there already")
    chance = Chance()
    unfinished = _beside(output)
    with contextlib.closing(Replacements(chance)) as replacements, opened(paths) as sources:
        seconds = _seconds(sources[0], start)
        how = Payloads(replacements, Numbers(chance), values=values, seconds=seconds)
        try:
            with seldom_collecting():
                frames = copy(sources, unfinished, how, copying)
            catch_up(unfinished, decoding)
            _list(replacements, listed)
            _rename(unfinished, output, listed)
        finally:
            sides.remove(unfinished)
        return Shared(frames, replacements.counts())


def _beside(path: str) -> str:
    """Where a copy is made before it has its name."""
    directory, name = os.path.split(path)
    return os.path.join(directory, f".{name}.{os.getpid()}")


def _rename(unfinished: str, output: str, listed: str) -> None:
    """Give the copy its name; where that cannot be, there is no list either."""
    try:
        os.rename(unfinished, output)
    except BaseException as error:
        os.unlink(listed)
        if isinstance(error, OSError):
            raise from_os(output, error) from None
        raise


def _seconds(source: sqlite3.Connection, start: int | None) -> int:
    """By how many seconds times are moved so that a recording begins at about a time."""
    if start is None:
        return 0
    (begin,) = source.execute(_BEGIN).fetchone()
    return (start - begin) // NANOSECONDS if begin is not None else 0


def _list(replacements: Replacements, path: str) -> None:
    """Write the list, for its owner's eyes."""
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, _PRIVATE)
        try:
            with open(descriptor, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
                writer = csv.writer(file)
                writer.writerow(("kind", "original", "replacement"))
                writer.writerows(replacements.listed())
        except BaseException:
            os.unlink(path)
            raise
    except OSError as error:
        raise from_os(path, error) from None
    except sqlite3.Error as error:
        raise from_sqlite(path, error) from None
