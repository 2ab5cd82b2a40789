"""Processes that run beside the proxy, and are started again when they die: how, when, and what is said."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import subprocess
import sys
import threading
import time
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


def report(level: int, text: str) -> None:
    """Say to whoever started this process, a `Companion`, what people are to know."""
    with contextlib.suppress(OSError):  # nobody is there any more
        sys.stdout.write(f"{json.dumps([level, text])}\n")
        sys.stdout.flush()


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


def end_lifeline(process: subprocess.Popen[bytes] | None) -> None:
    """Let a process that was started know that it is to come to its end; there may be none."""
    if process is not None and process.stdin is not None:
        with contextlib.suppress(OSError):
            process.stdin.close()


class Companion:
    """A process of ours that reports, started again whenever it dies, as long as this process is there.

    Then it ends by itself, once it is done with what it is at.
    """

    def __init__(
        self,
        module: str,
        arguments: Callable[[], Sequence[str]],
        supervision: Supervision,
        on_news: Tell,
        **environment: str,
    ) -> None:
        """arguments: of the next one that is started. environment: variables that it has besides ours.

        on_news: told what the process reports, and that it keeps dying; called on a thread of this object.
        """
        self._module = module
        self._arguments = arguments
        self._supervision = supervision
        self._on_news = on_news
        self._environment = environment
        self._lock = threading.Lock()
        self._finishing = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._run, name=module, daemon=True)
        self._thread.start()

    def finish(self, timeout: float | None) -> None:
        """Let it come to its end, and wait for that so many seconds, None for as long as it takes."""
        with self._lock:
            self._finishing.set()
            end_lifeline(self._process)
        self._thread.join(timeout)

    def _run(self) -> None:
        while True:
            started = time.monotonic()
            code = self._run_once()
            if self._finishing.is_set() and (code == 0 or self._supervision.is_hopeless()):
                return
            pause = self._supervision.died(time.monotonic() - started)
            if complaint := self._supervision.complaint(code):
                self._on_news(logging.ERROR, complaint)
            self._finishing.wait(pause)

    def _run_once(self) -> int | str:
        """Start the process and wait for its end. Returns its exit code, or why it cannot be started."""
        environment = {**os.environ, **self._environment}
        try:
            process = start(
                self._module, self._arguments(), subprocess.PIPE, stdout=subprocess.PIPE, env=environment
            )
        except OSError as error:
            return error.strerror or str(error)
        with self._lock:
            self._process = process
            if self._finishing.is_set():
                end_lifeline(self._process)
        with process:  # its lifeline stays open until its stdout ends
            assert process.stdout is not None  # noqa: S101 - it is a pipe
            for line in process.stdout:
                with contextlib.suppress(ValueError, TypeError):  # it is not ours, but of a library
                    level, text = json.loads(line)
                    self._on_news(level, text)
        return process.returncode


def _how(code: int | str) -> str:
    return f"exit code {code}" if isinstance(code, int) else code
