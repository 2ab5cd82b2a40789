"""Archiving a recording while it goes on: `python -m xentara_inspect.archive.process DB WHERE SITE`.

Each file goes into the archive once recording goes on in the next one. What is there is found out anew by
each process: whoever is killed leaves nothing that the next one cannot go on with.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Sequence
from typing import Final

from xentara_inspect.archive.errors import ArchiveError
from xentara_inspect.archive.keeper import UNDECODED
from xentara_inspect.archive.place import Place
from xentara_inspect.archive.writing import Archiver, NotYet
from xentara_inspect.store.archived import alone_at, archive_key, mark_archived
from xentara_inspect.store.chain import chain_at, members, taken_numbers
from xentara_inspect.store.errors import StoreError
from xentara_inspect.store.supervision import Tell, Trouble, lifeline, report

_LOOK: Final = 1.0  # seconds between two looks for a file that is over
_LONGEST_PAUSE: Final = 300.0  # to which that doubles while the archive cannot be reached

_NICENESS: Final = 10
"""Below the proxy, but not in idle time alone: a busy machine has none, and keeps what is not archived."""


class Archiving:
    """Archives the files of one recording as they come to their ends."""

    def __init__(
        self,
        path: str,
        where: str,
        site: str,
        *,
        undecoded: bool,
        say: Tell,
        is_over: Callable[[], bool] = lambda: False,
    ) -> None:
        """path: of the first file of the recording, there or not. where, site: the archive.

        undecoded: no indexer follows that files would wait for. is_over: whether to end behind a file.
        """
        self._first = path
        self._where = where
        self._site = site
        self._undecoded = undecoded
        self._say = say
        self._trouble = Trouble(say)
        self._is_over = is_over
        self._archiver: Archiver | None = None
        self._done: set[int] = set()
        self._pause = _LOOK

    def look(self) -> float:
        """Archive what is over. Returns the seconds after which to look again."""
        try:
            self._archive_all()
        except (ArchiveError, StoreError) as error:
            self._archiver = None  # what it knows of the archive may not be so any more
            self._trouble.begin(f"{error}; what is not archived is kept, and tried again")
            self._pause = min(_LONGEST_PAUSE, self._pause * 2)
        else:
            self._trouble.end("archiving goes on")
            self._pause = _LOOK
        return self._pause

    def _archive_all(self) -> None:
        self._done &= taken_numbers(self._first)
        for number, path in members(self._first, self._done):
            if self._is_over() or not self._archive(path):
                return  # what comes behind says what came before it
            self._done.add(number)

    def _archive(self, path: str) -> bool:
        """Returns whether a file is in the archive now."""
        place = chain_at(path)
        if place is None or place.continued_in is None:
            return False
        with alone_at(path) as alone:
            if not alone:
                return False
            if self._archiver is None:
                self._archiver = Archiver(Place(self._where), self._site, undecoded=self._undecoded)
            became = self._archiver.archive_file(path, lambda _done, _count: None)
            if isinstance(became, NotYet):
                return False
            mark_archived(path, archive_key(self._where, self._site))
        if became.is_new:
            self._say(logging.INFO, f"archived {path}")
        return True


def main(arguments: Sequence[str]) -> int:
    """Archive until stdin is closed. Returns the exit code."""
    path, where, site, *options = arguments
    os.nice(_NICENESS)
    ended = lifeline()
    archiving = Archiving(path, where, site, undecoded=UNDECODED in options, say=report, is_over=ended.is_set)
    while not ended.wait(archiving.look()):
        pass
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
