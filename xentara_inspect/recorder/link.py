"""One run of the process that writes the journal, and the socket to it."""

from __future__ import annotations

import asyncio
import selectors
import socket
import subprocess
from collections import deque
from collections.abc import Callable
from typing import Any, Final

from xentara_inspect.recorder import wire
from xentara_inspect.store.supervision import start

_PIECE: Final = 1 << 16
_EXIT_SECONDS: Final = 1.0  # between the end of what it says and the end of the process


class JournalLink:
    """Starts the process. Neither speaking nor hearing waits; `wait` does. Raises OSError."""

    def __init__(self, settings: wire.Settings, said: bytes) -> None:
        """said: what the process is told first; it is never there without knowing the sessions."""
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        self._socket = ours
        self._loop: asyncio.AbstractEventLoop | None = None
        self._on_room: Callable[[], None] = lambda: None
        self._outgoing: deque[memoryview] = deque()
        self._messages = wire.Messages()
        self._ends = False
        self.has_said_all = False
        """Whether all that will ever be said has been taken by the system."""
        self.taken = 0
        """Bytes that the system has taken of what was said."""
        self.is_over = False
        """Whether the process has said its last; time to `close`."""
        try:
            with theirs:
                self.say(said)
                self._process = start(
                    "xentara_inspect.recorder.process",
                    [settings.to_json()],
                    theirs.fileno(),
                    pass_fds=[settings.page],
                )
        except BaseException:
            ours.close()
            raise

    def attach(
        self, loop: asyncio.AbstractEventLoop, on_news: Callable[[], None], on_room: Callable[[], None]
    ) -> None:
        """Have the loop tell when there is something to hear, and when all is said that was to be said."""
        self._loop = loop
        self._on_room = on_room
        loop.add_reader(self._socket, on_news)
        self.send()

    @property
    def is_free(self) -> bool:
        """Whether all that was to be said has been taken by the system."""
        return not self._outgoing

    def say(self, data: bytes) -> None:
        """Say this, now or as soon as the process takes it."""
        self._outgoing.append(memoryview(data))
        self.send()

    def finish(self, data: bytes) -> None:
        """Say this last: once all has been said the process is told."""
        if not self._ends:
            self._ends = True
            self.say(data)

    def kill(self) -> None:
        """End a process that does not listen."""
        self._process.kill()

    def send(self) -> None:
        """Say what can be said now."""
        outgoing = self._outgoing
        try:
            while outgoing:
                sent = self._socket.send(outgoing[0][:_PIECE])
                self.taken += sent
                outgoing[0] = outgoing[0][sent:]
                if not outgoing[0]:
                    outgoing.popleft()
            if self._ends and not self.has_said_all:
                self._socket.shutdown(socket.SHUT_WR)
                self.has_said_all = True
        except BlockingIOError:
            pass
        except OSError:
            outgoing.clear()  # it has died, which `hear` will tell
        if self._loop is not None and not self._loop.is_closed():
            if outgoing:
                self._loop.add_writer(self._socket, self._go_on)
            else:
                self._loop.remove_writer(self._socket)

    def _go_on(self) -> None:
        self.send()
        if self.is_free:
            self._on_room()

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
