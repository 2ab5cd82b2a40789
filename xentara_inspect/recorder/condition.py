"""What a journal's keeper is at, and what is wrong with it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from enum import Enum, auto
from typing import Final, NamedTuple

from xentara_inspect.store.processes import SILENCE
from xentara_inspect.store.supervision import Trouble

logger: Final = logging.getLogger("xentara_inspect")


class State(Enum):
    """What a keeper is at. TROUBLED: frames are not written, and people were told."""

    STARTING = auto()
    READY = auto()
    TROUBLED = auto()
    FINISHING = auto()
    OVER = auto()


TRANSITIONS: Final[dict[State, set[State]]] = {
    State.STARTING: {State.READY, State.TROUBLED, State.FINISHING},
    State.READY: {State.TROUBLED, State.FINISHING},
    State.TROUBLED: {State.READY, State.FINISHING},
    State.FINISHING: {State.OVER},
    State.OVER: set(),
}
"""What may follow; everything else changes nothing. At the end it does not matter what is in the way."""

_NO_ROOM: Final = "no room for more frames in memory; they are dropped, and counted"
_STARTING: Final = "the process that writes the database is starting"
_HELD_UP: Final = "the proxy stands still"


class Numbers(NamedTuple):
    """How a recording stands.

    backlog: things that happened and are not committed, frames for the most part; backlog_bytes: the memory
    that they take. dropped: frames that found no room. commit_age: seconds since the process said that it
    can write. restarts: how often it had to be started again. rotations: how often recording went on in
    another file.
    """

    backlog: int
    backlog_bytes: int
    dropped: int
    commit_age: float
    restarts: int
    rotations: int


def tell(level: int, text: str) -> None:
    """Let people know.

    Once mitmproxy has closed its log, logging itself puts warnings on stderr.
    """
    logger.log(level, "xentara_inspect: %s", text)


class Condition:
    """The state of a keeper, and what is wrong: told when it begins and ends, and there to be asked.

    written: when the process said last that it can write; looked: when the keeper last looked after it;
    both on the monotonic clock. rotations: how often recording went on in another file.
    """

    def __init__(self, beside: Callable[[], list[str]] = list) -> None:
        """beside: what is wrong that is none of the keeper's business."""
        self._beside = beside
        self._trouble = Trouble(tell)
        self._untold = 0  # frames that were dropped since people were told how many
        self.state = State.STARTING
        self.written = self.looked = time.monotonic()
        self.rotations = 0

    def move(self, state: State) -> None:
        """Be at something else, where that may follow."""
        if state in TRANSITIONS[self.state]:
            self.state = state

    def problem(self, text: str) -> None:
        """Frames are not written."""
        self._trouble.begin(text)
        self.move(State.TROUBLED)

    def miss(self) -> None:
        """A frame found no room."""
        if not self._untold:
            tell(logging.ERROR, _NO_ROOM)
        self._untold += 1

    def recover(self, path: str, *, has_room: bool) -> None:
        """Frames are written again, or as before. has_room: for more of them."""
        troubled = self.state is State.TROUBLED
        self.move(State.READY)
        if not troubled and not (self._untold and has_room):
            return
        what = f"{path} can be written" if troubled else "there is room"
        lost = f"{self._untold} frames had to be dropped" if self._untold else "no frame was lost meanwhile"
        self._untold = 0
        self._trouble.text = ""
        tell(logging.WARNING, f"{what} again, {lost}")

    def troubles(self) -> list[str]:
        """What is wrong just now, a line each. May be asked from any thread."""
        held_up = time.monotonic() - self.looked >= SILENCE
        texts = (
            self._trouble.text,
            _STARTING if self.state is State.STARTING else "",
            _NO_ROOM if self._untold else "",
            _HELD_UP if held_up else "",
            *self._beside(),
        )
        return [text for text in texts if text]
