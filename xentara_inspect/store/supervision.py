"""Processes that run beside the proxy, and are started again when they die: how, when, and what is said."""

from __future__ import annotations

import contextlib
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from typing import Any, Final

FIRST_PAUSE: Final = 0.5
"""Seconds until a process that died is started again; doubles with each death in a row."""

LONGEST_PAUSE: Final = 30.0
"""The most seconds that it doubles to."""

RAN_WELL: Final = 60.0
"""Seconds after which a process that dies is not one more death in a row."""

_TELL_AFTER: Final = 3  # deaths in a row
_LAST_TRIES: Final = 3  # at the end, when somebody waits


def start(module: str, arguments: Sequence[str], stdin: int, **options: Any) -> subprocess.Popen[bytes]:
    """Run a module of ours with this interpreter. stdin: its lifeline. options: of Popen. Raises OSError.

    A fork would keep the proxy's port open when the proxy is killed.
    """
    return subprocess.Popen(  # noqa: S603 - our own module
        [sys.executable, "-m", module, *arguments],
        stdin=stdin,
        start_new_session=True,  # a Ctrl-C in the terminal is for the proxy, which tells us when it is done
        **{"stdout": subprocess.DEVNULL, **options},
    )


def lifeline() -> threading.Event:
    """Set once the stdin of this process is closed: whoever started it wants it to end, or is gone."""
    ended = threading.Event()

    def watch() -> None:
        with contextlib.suppress(OSError):
            while os.read(0, 4096):
                pass
        ended.set()

    threading.Thread(target=watch, daemon=True).start()
    return ended


Tell = Callable[[int, str], None]
"""Takes a level of logging, and what people are to know."""


class Trouble:
    """What is wrong just now: told when it begins and when it is over, and there to be asked in between.

    text: empty while nothing is.
    """

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self.text = ""

    def begin(self, text: str) -> None:
        """Something is wrong; unless something was before, that is told."""
        if not self.text:
            self.text = text
            self._tell(logging.ERROR, text)

    def end(self, text: str) -> None:
        """Nothing is wrong any more. text: how that is told, where it is news."""
        if self.text:
            self.text = ""
            self._tell(logging.WARNING, text)


class Supervision:
    """Counts the deaths of a process that is to be there.

    deaths: in a row. restarts: how often it had to be started again.
    """

    def __init__(self, what: str, meanwhile: str) -> None:
        """what: the process, in words. meanwhile: what is so while it is not there."""
        self._what = what
        self._meanwhile = meanwhile
        self._told = False
        self.deaths = 0
        self.restarts = 0

    def died(self, ran: float) -> float:
        """It died after so many seconds. Returns the seconds to wait before the next one is started."""
        if ran >= RAN_WELL:
            self.deaths, self._told = 0, False
        self.deaths += 1
        self.restarts += 1
        return min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** (self.deaths - 1))

    def complaint(self, code: int | str) -> str | None:
        """What to tell people, once and not of a single death. code: of its exit, or why it did not start."""
        if self.deaths < _TELL_AFTER or self._told:
            return None
        self._told = True
        return f"{self._what} keeps dying ({_how(code)}) and is started again and again; {self._meanwhile}"

    def death(self, code: int | str) -> str:
        """A single death, for those who ask. code: as in `complaint`."""
        return f"{self._what} died ({_how(code)}) and is started again; {self._meanwhile}"

    def is_hopeless(self) -> bool:
        """Whether somebody who waits for its end need not wait for another try."""
        return self.deaths >= _LAST_TRIES


def _how(code: int | str) -> str:
    return f"exit code {code}" if isinstance(code, int) else code
