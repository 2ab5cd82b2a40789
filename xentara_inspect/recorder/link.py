"""One run of the process that writes the journal, and the socket to it."""

from __future__ import annotations

import contextlib
import selectors
import socket
import subprocess
from typing import Any, Final

from xentara_inspect.recorder import wire
from xentara_inspect.store.supervision import start

_PIECE: Final = 1 << 16
_EXIT_SECONDS: Final = 1.0  # between the end of what it says and the end of the process


class JournalLink:
    """Starts the process. Neither speaking nor hearing waits; `wait` does. Raises OSError.

    taken: bytes that the system has taken of what was said. is_over: whether the process has said its
    last; time to `close`.
    """

    def __init__(self, settings: wire.Settings, said: bytes) -> None:
        """said: what the process is told first; it is never there without knowing the sessions."""
        self._socket, theirs = socket.socketpair()
        self._socket.setblocking(False)
        self._outgoing = bytearray()
        self._messages = wire.Messages()
        self._ends = False
        self.taken = 0
        self.is_over = False
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
            self._socket.close()
            raise

    def fileno(self) -> int:
        """What an event loop waits for."""
        return self._socket.fileno()

    @property
    def is_free(self) -> bool:
        """Whether all that was to be said has been taken by the system."""
        return not self._outgoing

    @property
    def has_said_all(self) -> bool:
        """Whether nothing will be said any more."""
        return self._ends and self.is_free

    def say(self, data: bytes) -> None:
        """Say this, now or as soon as the process takes it."""
        self._outgoing += data
        self.send()

    def finish(self, seconds: float) -> None:
        """Say that this is all; once. See `wire.FINISH`."""
        if not self._ends:
            self._ends = True
            self.say(wire.encode((wire.FINISH, seconds)))

    def send(self) -> None:
        """Say what can be said now."""
        with contextlib.suppress(OSError):  # it takes no more, or has died, which `hear` will tell
            while self._outgoing:
                sent = self._socket.send(self._outgoing[:_PIECE])
                self.taken += sent
                del self._outgoing[:sent]

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

    def wait(self, timeout: float) -> None:
        """Wait until there is something to hear, or more can be said. timeout: seconds."""
        with selectors.DefaultSelector() as selector:
            writing = selectors.EVENT_WRITE if self._outgoing else 0
            selector.register(self, selectors.EVENT_READ | writing)
            selector.select(timeout)

    def kill(self) -> None:
        """End a process that does not listen."""
        self._process.kill()

    def close(self) -> int:
        """Leave the process, which is over. Returns its exit code."""
        self._socket.close()
        try:
            return self._process.wait(_EXIT_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()
