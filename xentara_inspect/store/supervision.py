"""Processes that run beside the proxy, and are started again when they die: how, when, and what is said."""

from __future__ import annotations

import contextlib
import json
import logging
import math
import os
import subprocess
import sys
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
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


def report(*said: Any) -> None:
    """Say something to who started this process: a `Companion` takes a level of logging and a text."""
    with contextlib.suppress(OSError):  # nobody is there any more
        sys.stdout.write(f"{json.dumps(said)}\n")
        sys.stdout.flush()


def reports(process: subprocess.Popen[bytes]) -> Iterator[Any]:
    """What a process reports, until its end."""
    assert process.stdout is not None  # noqa: S101 - it is a pipe
    for line in process.stdout:
        with contextlib.suppress(ValueError, RecursionError):  # it is not ours, but of a library
            yield json.loads(line)


Tell = Callable[[int, str], None]
"""Takes a level of logging, and what people are to know."""

OVER: Final = logging.WARNING
"""The level at which it is told that what was wrong is over."""


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

    def change(self, text: str) -> None:
        """Something is wrong, and it is this now: that is told, too."""
        if text != self.text:
            self.text = text
            self._tell(logging.ERROR, text)

    def end(self, text: str) -> None:
        """Nothing is wrong any more. text: how that is told, where it is news."""
        if self.text:
            self.text = ""
            self._tell(OVER, text)


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


class Keeper(ABC):
    """Keeps a process of ours running, started again whenever it dies, as long as this process is there.

    Then it ends by itself, once it is done with what it is at.
    """

    def __init__(self, supervision: Supervision, name: str) -> None:
        """Starts it, so a class made of this one calls it last. name: of the thread that waits for it."""
        self._supervision = supervision
        self._lock = threading.Lock()
        self._finishing = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    @abstractmethod
    def _start(self) -> subprocess.Popen[bytes]:
        """Start the process, with its lifeline as stdin. Raises OSError."""

    @abstractmethod
    def _attend(self, process: subprocess.Popen[bytes]) -> None:
        """Stay with the process until it has ended, or is about to."""

    @abstractmethod
    def _mourn(self, code: int | str, complaint: str | None) -> None:
        """Take note of a death, and tell people the complaint, if any. code: as in `Supervision.death`."""

    def _rest(self, pause: float) -> None:
        """Wait until it is to be started again, so many seconds. At the end there is no time to lose."""
        self._finishing.wait(pause)

    @property
    def restarts(self) -> int:
        """How often it had to be started again."""
        return self._supervision.restarts

    def finish(self, timeout: float | None) -> bool:
        """Let it come to its end, and wait for that. Returns whether it has.

        timeout: seconds, None for as long as it takes. What is not done then is done without us.
        """
        with self._lock:
            self._finishing.set()
            end_lifeline(self._process)
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def kill(self) -> None:
        """End the process, which stands still. It is started again."""
        with self._lock:
            if self._process is not None:
                self._process.kill()

    def _run(self) -> None:
        while True:
            started = time.monotonic()
            code = self._run_once()
            if self._finishing.is_set() and (code == 0 or self._supervision.is_hopeless()):
                return
            pause = self._supervision.died(time.monotonic() - started)
            self._mourn(code, self._supervision.complaint(code))
            self._rest(pause)

    def _run_once(self) -> int | str:
        """Start the process and wait for its end. Returns its exit code, or why it cannot be started."""
        try:
            process = self._start()
        except OSError as error:
            return error.strerror or str(error)
        with self._lock:
            self._process = process
            if self._finishing.is_set():
                end_lifeline(process)
        with process:  # its lifeline stays open meanwhile
            self._attend(process)
        return process.returncode


class Companion(Keeper):
    """A process that reports what people are to know (see `report`)."""

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
        self._on_news = on_news
        self._environment = environment
        self._reported = self._complaint = ""
        self._started = -math.inf
        super().__init__(supervision, module)

    @property
    def trouble(self) -> str:
        """What it reported as wrong, or that it keeps dying."""
        has_run_well = time.monotonic() - self._started >= RAN_WELL
        return self._reported or ("" if has_run_well else self._complaint)

    def _start(self) -> subprocess.Popen[bytes]:
        self._started = time.monotonic()
        environment = {**os.environ, **self._environment}
        return start(
            self._module, self._arguments(), subprocess.PIPE, stdout=subprocess.PIPE, env=environment
        )

    def _attend(self, process: subprocess.Popen[bytes]) -> None:
        for said in reports(process):
            match said:
                case [int(level), str(text)]:
                    if level >= OVER:
                        self._reported = text if level > OVER else ""
                    self._on_news(level, text)

    def _mourn(self, code: int | str, complaint: str | None) -> None:
        self._reported = ""  # the next one will find it, too
        if complaint:
            self._complaint = complaint
            self._on_news(logging.ERROR, complaint)
        elif self._supervision.deaths == 1:
            self._complaint = ""


def _how(code: int | str) -> str:
    return f"exit code {code}" if isinstance(code, int) else code
