"""What is wrong with a recording: told when it begins and ends, and there to be asked."""

from __future__ import annotations

import logging
import math
import time
from collections import deque
from collections.abc import Callable
from typing import Final

from xentara_inspect.recorder.backlog import Backlog
from xentara_inspect.recorder.shared import TROUBLES, Page
from xentara_inspect.recorder.wire import Settings
from xentara_inspect.store.processes import SILENCE
from xentara_inspect.store.supervision import Trouble

logger: Final = logging.getLogger("xentara_inspect")

_DURABLE_SILENCE: Final = 0.6  # of a frame on its way to the disk, where traffic waits for it

_NO_ROOM: Final = "no room for more frames in memory; they are dropped, and counted"
_STARTING: Final = "the process that writes the database is starting"
_STILL: Final = "the process that writes stands still, or is behind"
_HELD_UP: Final = "the proxy stands still"


def tell(level: int, text: str) -> None:
    """Let people know.

    Once mitmproxy has closed its log, logging itself puts warnings on stderr.
    """
    logger.log(level, "xentara_inspect: %s", text)


class Condition:
    """What is wrong, as of the last look. meanwhile: what is so while nothing can be written."""

    def __init__(
        self, page: Page, backlog: Backlog, settings: Settings, beside: Callable[[], list[str]]
    ) -> None:
        """beside: what is wrong that is none of our business."""
        self._page = page
        self._backlog = backlog
        self._path = settings.path
        self._silence = _DURABLE_SILENCE if settings.durable else SILENCE
        waits = "traffic waits for it" if settings.durable else "frames are kept in memory"
        self.meanwhile = f"{waits} meanwhile"
        self._beside = beside
        self._trouble = Trouble(tell)
        self._why = ""  # nothing can be written, where that may pass
        self._untold = 0  # frames that were dropped since people were told how many
        self._began = self._looked = time.monotonic()
        self._came: deque[tuple[int, float]] = deque()  # operations: up to which number, before when

    @property
    def commit_age(self) -> float:
        """Seconds since the process wrote, be it only that it is there."""
        return time.monotonic() - (self._page.written or self._began)

    @property
    def is_troubled(self) -> bool:
        """Whether frames are not written, and people were told."""
        return bool(self._trouble.text)

    def problem(self, text: str, *, passes: bool = False) -> None:
        """Nothing can be written. passes: to be told if that takes long. From any thread."""
        self._why = f"{text}; {self.meanwhile}"
        if not passes:
            self._trouble.change(self._why)

    def died(self, complaint: str | None) -> None:
        """The process died; the next one will find what is wrong. complaint: to be told. From any thread."""
        self._why, self._page.well = "", math.inf
        if complaint:
            self._trouble.begin(complaint)

    def miss(self) -> None:
        """A frame found no room."""
        if not self._untold:
            tell(logging.ERROR, _NO_ROOM)
        self._untold += 1

    def look(self) -> None:
        """See what is wrong, and what is not any more."""
        self._looked = time.monotonic()
        age = self._age()
        can_write = self._looked - self._page.well  # seconds
        if silence := self._silent(age):
            why = self._why if can_write < 0 else ""
            self._trouble.begin(why or f"{silence}: {_STILL}; {self.meanwhile}")
        elif self.is_troubled and age < self._silence / 2 <= can_write:
            # A disk that is full takes a little now and then.
            self._trouble.end(f"{self._path} can be written again, {self._lost()}")
        elif not self.is_troubled and self._untold and self._backlog.is_relieved:
            tell(logging.WARNING, f"there is room again, {self._lost()}")
        # Names of files need not be UTF-8.
        self._page.troubles = "\n".join(self.troubles()).encode(errors="backslashreplace")[:TROUBLES]

    def _age(self) -> float:
        """Seconds since the oldest operation came that is not committed; less by those between two looks."""
        number, came = self._backlog.number, self._came
        settled = number - self._backlog.count
        if number > (came[-1][0] if came else settled):
            came.append((number, self._looked))
        while came and came[0][0] <= settled:
            came.popleft()
        return self._looked - came[0][1] if came else 0.0

    def _silent(self, age: float) -> str:
        """What takes too long, in words; empty where nothing does."""
        if age < self._silence and self.commit_age < SILENCE:
            return ""
        unwritten = f"what passed {age:.1f} seconds ago is not written yet"
        return unwritten if age else f"nothing was written for {self.commit_age:.1f} seconds"

    def _lost(self) -> str:
        untold, self._untold = self._untold, 0
        return f"{untold} frames had to be dropped" if untold else "no frame was lost meanwhile"

    def troubles(self) -> list[str]:
        """What is wrong just now, a line each. May be asked from any thread."""
        texts = (
            self._trouble.text or ("" if self._page.written else _STARTING),
            _NO_ROOM if self._untold else "",
            _HELD_UP if time.monotonic() - self._looked >= SILENCE else "",
            *self._beside(),
        )
        return [text for text in texts if text]
