"""Keeps the indexer process running beside the proxy, without holding up the event loop."""

from __future__ import annotations

import contextlib
import math
import os
import subprocess
import time
from typing import Final

from xentara_inspect.index.progress import Progress
from xentara_inspect.store.supervision import Keeper, Supervision, Tell, Trouble, start

_LOOK: Final = 0.5  # seconds between two looks at how far it is

ALONE = "--alone"
"""Argument of the indexer: index this file, not those that follow it."""

_MODULE = "xentara_inspect.index.process"


def start_indexer(
    path: str | os.PathLike[str], *, alone: bool = False, lifeline: int = subprocess.PIPE
) -> subprocess.Popen[bytes]:
    """Start the indexer of a database, and of the files that follow it unless alone, as a process.

    Its stdin is its lifeline: once that is closed, or this process ends, the indexer finishes what
    is left and exits. lifeline: descriptor of another one. Raises OSError.
    """
    return start(_MODULE, [os.path.abspath(path), *([ALONE] if alone else [])], lifeline)


class IndexerKeeper(Keeper):
    """Runs the indexer of a database, and looks at how far it is."""

    def __init__(self, path: str, *, alone: bool, on_news: Tell, lifeline: int = subprocess.PIPE) -> None:
        """alone: index this file, not those that follow it. lifeline: what tells it to finish instead of us.

        on_news: told if the indexer keeps dying, stands still or is behind, and that it goes on; called
        on a thread of this object.
        """
        self._path = path
        self._alone = alone
        self._lifeline = lifeline
        self._trouble = Trouble(on_news)
        self._progress = Progress(path, alone=alone)
        self._death = ""  # the last one, not to be told but to be found until something is decoded
        self._died = -math.inf
        meanwhile = (
            "frames are recorded all the same, and decoded once it works or by `xentara-inspect reindex`"
        )
        super().__init__(Supervision("the indexer", meanwhile), "xentara-indexer")

    @property
    def trouble(self) -> str:
        """What is wrong with the indexer, in words; empty where nothing is."""
        return self._trouble.text or ("" if self._progress.moved > self._died else self._death)

    @property
    def lag(self) -> int:
        """Frames that are recorded and not decoded, as of the last look."""
        return self._progress.lag

    def _start(self) -> subprocess.Popen[bytes]:
        return start_indexer(self._path, alone=self._alone, lifeline=self._lifeline)

    def _attend(self, process: subprocess.Popen[bytes]) -> None:
        while True:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_LOOK)
                return
            self._look(runs=True)

    def _mourn(self, code: int | str, complaint: str | None) -> None:
        self._progress.look()  # what it did before its end is not a sign of life behind it
        self._died, self._death = time.monotonic(), self._supervision.death(code)
        if complaint:
            self._trouble.begin(complaint)

    def _rest(self, pause: float) -> None:
        until = time.monotonic() + pause
        while (left := until - time.monotonic()) > 0 and not self._finishing.wait(min(left, _LOOK)):
            self._look(runs=False)

    def _look(self, *, runs: bool) -> None:
        """See how far it is. runs: whether it is there, so that what was wrong may be over."""
        if not self._progress.look():
            return
        if problem := self._progress.problem(is_told=bool(self._trouble.text)):
            self._trouble.begin(problem)
        elif runs:
            self._trouble.end("the indexer goes on")
