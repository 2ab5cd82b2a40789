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
    """Starts the process. Nothing waits but `wait` and `close`. Raises OSError.

    is_over: whether the process has said its last; time to `close`.
    """

    def __init__(self, settings: wire.Settings) -> None:
        self._socket, theirs = socket.socketpair()
        self._socket.setblocking(False)
        self._messages = wire.Messages()
        self.is_over = False
        try:
            with theirs, settings.saved() as told:
                self._process = start(
                    "xentara_inspect.recorder.process",
                    [str(told.fileno())],
                    theirs.fileno(),
                    pass_fds=[told.fileno(), settings.page, *settings.files],
                )
        except BaseException:
            self._socket.close()
            raise

    def fileno(self) -> int:
        """What an event loop waits for."""
        return self._socket.fileno()

    def wake(self) -> None:
        """Let the process look for what there is to do."""
        with contextlib.suppress(OSError):  # it has died, which `hear` will tell
            self._socket.send(b"\0")

    def finish(self) -> None:
        """Say that nothing follows."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)

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
        """Wait until there is something to hear. timeout: seconds."""
        with selectors.DefaultSelector() as selector:
            selector.register(self, selectors.EVENT_READ)
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
