"""Which files of a long recording go: rules of when, and what has to be true of a file before."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

from xentara_inspect.store import sides
from xentara_inspect.store.archived import is_archived
from xentara_inspect.store.chain import (
    beside,
    chain_at,
    chain_files,
    load_chain,
    members,
    taken_numbers,
)
from xentara_inspect.store.database import open_for_reading
from xentara_inspect.store.errors import StoreError
from xentara_inspect.store.indexer_lock import IndexerLock
from xentara_inspect.store.processes import recording_now


@dataclass(frozen=True, slots=True)
class Retention:
    """What is kept of a recording: a limit for each of the `RULES`, None for no such rule.

    files: number of files, the current one included. age: nanoseconds since the newest frame of a file.
    free: bytes of the disk that are to be free. indexed: whether an indexer follows, so that a file may not
    go before it is through with it. archive: the key of an archive that a file must be in before it goes.
    """

    files: int | None = None
    age: int | None = None
    free: int | None = None
    indexed: bool = True
    archive: str | None = None


ALL_FILES: Final = Retention()


class _Oldest(NamedTuple):
    """The oldest file of a recording. first: path of its first one, there or not. now: ns since 1970 UTC."""

    path: str
    first: str
    now: int


def _is_one_too_many(files: int, oldest: _Oldest) -> bool:
    # Somebody else's files may have such names; each has to be opened to know.
    return len(taken_numbers(oldest.first)) > files and len(chain_files(oldest.first)) > files


def _is_too_old(age: int, oldest: _Oldest) -> bool:
    with contextlib.closing(open_for_reading(oldest.path)) as connection:
        (newest,) = connection.execute(
            "SELECT coalesce((SELECT time FROM frames ORDER BY id DESC LIMIT 1), (SELECT started FROM chain))"
        ).fetchone()
    return bool(oldest.now - newest > age)


def _is_in_need_of_room(free: int, oldest: _Oldest) -> bool:
    return shutil.disk_usage(os.path.dirname(os.path.abspath(oldest.path))).free < free


RULES: Final[dict[str, Callable[[int, _Oldest], bool]]] = {
    "files": _is_one_too_many,
    "age": _is_too_old,
    "free": _is_in_need_of_room,
}
"""By the limits of `Retention`: whether the oldest file has to go.

They raise OSError, StoreError, sqlite3.Error.
"""


def delete_surplus(first: str, current: str, retention: Retention, now: int) -> None:
    """Delete the oldest files of a recording as long as there is a rule by which they go.

    One that is being recorded into or indexed, or is not archived, stays for now, and so do all behind it.
    first, current: paths of the first file, there or not, and of the one that is written. now: nanoseconds
    since 1970 UTC.
    """
    limits = {name: limit for name in RULES if (limit := getattr(retention, name)) is not None}
    if not limits:
        return
    with contextlib.suppress(
        OSError, StoreError, sqlite3.Error
    ):  # all of that may be otherwise the next time
        for _, path in members(first):
            oldest = _Oldest(path, first, now)
            has_to_go = any(RULES[name](limit, oldest) for name, limit in limits.items())
            if path == current or not has_to_go or not _delete(path, retention):
                return


def _delete(path: str, retention: Retention) -> bool:
    lock = IndexerLock(path)
    try:
        if not _is_done(path, retention) or not lock.acquire():
            return False
        sides.remove(path)
    except (OSError, StoreError, sqlite3.Error):
        return False
    finally:
        lock.release()
    return True


def _is_done(path: str, retention: Retention) -> bool:
    """Whether nobody needs a file any more: it was left, and what the next one needs of it is there."""
    with contextlib.closing(open_for_reading(path)) as connection:
        place = load_chain(connection)
        if place is None or place.continued_in is None or recording_now(connection):
            return False
    if retention.archive is not None and not is_archived(path, retention.archive):
        return False
    following = chain_at(beside(path, place.continued_in)) if retention.indexed else None
    return following is None or following.carried
