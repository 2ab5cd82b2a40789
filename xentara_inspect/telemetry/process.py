"""Sending exchanges while they are recorded: `python -m xentara_inspect.telemetry.process DB AFTER`.

AFTER: the last frame that was there before. The URL of the collector is in the environment.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import time
from collections.abc import Sequence
from typing import Final

from xentara_inspect.queries.ended import ended
from xentara_inspect.queries.tail import Tail
from xentara_inspect.queries.values import Row
from xentara_inspect.store.chain import newest_file
from xentara_inspect.store.errors import StoreError
from xentara_inspect.store.supervision import Tell, Trouble, lifeline, report
from xentara_inspect.telemetry.collector import Collector, CollectorError
from xentara_inspect.telemetry.keeper import DONE, ENDPOINT

_LOOK: Final = 0.5  # seconds between two looks for what ended
_LONGEST_PAUSE: Final = 30.0  # to which that doubles while the collector cannot be reached
_PORTION: Final = 5000  # frames of which exchanges are held at a time
_LAST_SECONDS: Final = 10.0  # for what is left when recording is over
_LAST_LOOK: Final = 0.05
_NICENESS: Final = 10


class Sending:
    """Sends the exchanges of a recording as they end. What cannot be sent waits, in the recording."""

    def __init__(self, path: str, after: int, collector: Collector, say: Tell) -> None:
        """path: of the recording's first file, there or not. after: the last frame that was there before."""
        self._first = path
        self._done = after
        self._collector = collector
        self._say = say
        self._trouble = Trouble(say)
        self._tail: Tail | None = None
        self._unsent: list[Row] = []
        self._pause = _LOOK

    def look(self) -> float:
        """Send what ended since. Returns the seconds after which to look again."""
        try:
            has_more = self._send_news()
        except (CollectorError, StoreError) as error:
            self._trouble.begin(f"{error}; exchanges are recorded all the same")
            self._pause = min(_LONGEST_PAUSE, self._pause * 2)
            return self._pause
        self._pause = _LOOK
        return 0.0 if has_more else _LOOK

    def finish(self) -> None:
        """Send what is left when recording is over, as far as that is possible within some seconds."""
        until = time.monotonic() + _LAST_SECONDS
        while not self._send_last() and time.monotonic() < until:
            time.sleep(_LAST_LOOK)
        if self._unsent:
            self._say(logging.ERROR, "not all exchanges were sent; `export --otlp` can do it")

    def close(self) -> None:
        """Let go of the recording and the collector."""
        if self._tail is not None:
            self._tail.close()
        self._collector.close()

    def _send_last(self) -> bool:
        """Send what ended. Returns whether that was all, and nothing more will end."""
        with contextlib.suppress(CollectorError, StoreError):
            is_over = self._tail is not None and self._tail.is_over()
            return not self._send_news() and is_over
        return False

    def _send_news(self) -> bool:
        """Returns whether there is more to be sent right away."""
        if self._tail is None:
            self._tail = Tail([newest_file(self._first)], ended, after=self._done, portion=_PORTION)
        self._send()  # what could not be sent before
        self._unsent = self._tail.news()
        self._send()
        if self._done != self._tail.last_frame:
            self._done = self._tail.last_frame
            self._say(DONE, str(self._done))
        return self._tail.has_more

    def _send(self) -> None:
        done = 0
        try:
            for count in self._collector.send(self._unsent):
                done += count
                self._trouble.end("the collector takes spans again")
        except CollectorError as error:
            done += error.lost
            raise
        finally:
            del self._unsent[:done]


def main(arguments: Sequence[str]) -> int:
    """Send until stdin is closed. Returns the exit code."""
    path, after = arguments
    os.nice(_NICENESS)
    is_over = lifeline()
    sending = Sending(path, int(after), Collector(os.environ[ENDPOINT]), report)
    with contextlib.closing(sending):
        while not is_over.wait(sending.look()):
            pass
        sending.finish()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
