"""One run of the process that writes the journal, and the socket to it."""

from __future__ import annotations

import asyncio
import selectors
import socket
import subprocess
import sys
from collections.abc import Callable
from typing import Any, Final

from xentara_inspect.recorder import wire
from xentara_inspect.recorder.process import Settings

_PIECE: Final = 1 << 16
_EXIT_SECONDS: Final = 1.0  # between the end of what it says and the end of the process


class JournalLink:
    """Starts the process. Neither speaking nor hearing waits; `wait` does. Raises OSError."""

    def __init__(self, settings: Settings) -> None:
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                self._process = subprocess.Popen(  # noqa: S603 - our own module, with this interpreter
                    [sys.executable, "-m", "xentara_inspect.recorder.process", settings.to_json()],
                    stdin=theirs.fileno(),
                    stdout=subprocess.DEVNULL,
                    start_new_session=True,  # a Ctrl-C in the terminal is for the proxy
                )
        except BaseException:
            ours.close()
            raise
        ours.setblocking(False)
        self._socket = ours
        self._loop: asyncio.AbstractEventLoop | None = None
        self._outgoing = bytearray()
        self._messages = wire.Messages()
        self._ends = False
        self._ended = False
        self.is_over = False
        """Whether the process has said its last; time to `close`."""

    @property
    def pid(self) -> int:
        """The id of the process."""
        return self._process.pid

    @property
    def has_said_all(self) -> bool:
        """Whether all that was to be said has been taken by the system."""
        return not self._outgoing

    def attach(self, loop: asyncio.AbstractEventLoop, on_news: Callable[[], None]) -> None:
        """Have the loop tell when there is something to hear, and say the rest when that is possible."""
        self._loop = loop
        loop.add_reader(self._socket, on_news)
        self.send()

    def say(self, data: bytes) -> None:
        """Say this, now or as soon as the process takes it."""
        self._outgoing += data
        self.send()

    def finish(self) -> None:
        """Nothing more will be said: tell the process once all has been."""
        self._ends = True
        self.send()

    def send(self) -> None:
        """Say what can be said now."""
        try:
            while self._outgoing:
                with memoryview(self._outgoing) as view:
                    sent = self._socket.send(view[:_PIECE])
                del self._outgoing[:sent]
            if self._ends and not self._ended:
                self._ended = True
                self._socket.shutdown(socket.SHUT_WR)
        except BlockingIOError:
            pass
        except OSError:
            self._outgoing.clear()  # it has died, which `hear` will tell
        if self._loop is not None and not self._loop.is_closed():
            if self._outgoing:
                self._loop.add_writer(self._socket, self.send)
            else:
                self._loop.remove_writer(self._socket)

    def hear(self) -> list[tuple[Any, ...]]:
        """What the process has said since."""
        heard: list[tuple[Any, ...]] = []
        try:
            while data := self._socket.recv(_PIECE):
                heard += self._messages.feed(data)
            self.is_over = True
        except BlockingIOError:
            pass
        except OSError:
            self.is_over = True
        return heard

    def wait(self, timeout: float | None) -> None:
        """Wait until there is something to hear, or more can be said. timeout: seconds."""
        with selectors.DefaultSelector() as selector:
            writing = selectors.EVENT_WRITE if self._outgoing else 0
            selector.register(self._socket, selectors.EVENT_READ | writing)
            selector.select(timeout)

    def close(self) -> int:
        """Leave the process, which is over. Returns its exit code."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.remove_reader(self._socket)
            self._loop.remove_writer(self._socket)
        self._socket.close()
        try:
            return self._process.wait(_EXIT_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()
