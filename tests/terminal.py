"""Commands on a terminal: a pseudo terminal of a given size, and what appears on it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Sequence
from typing import NamedTuple

from tests.live import PATIENCE


class OnTerminal(NamedTuple):
    """What a command left on its terminal, and its exit code."""

    text: str
    code: int


def on_terminal(
    command: Sequence[str],
    *,
    columns: int = 80,
    lines: int = 50,
    keys: str | signal.Signals = "",
    after: str = "",
    **environment: str,
) -> OnTerminal:
    """Run a command in front of a terminal of its own.

    keys: typed once `after` is shown; a signal is sent then.
    """
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in ("COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "PAGER", "LESS")
    }
    child = subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
        env={**kept, "TERM": "xterm", **environment},
    )  # fmt: skip
    os.close(theirs)

    def press() -> None:
        if isinstance(keys, signal.Signals):
            child.send_signal(keys)
        else:
            os.write(ours, keys.encode())

    said = b""
    deadline = time.monotonic() + PATIENCE
    try:
        if not after:
            press()
        with contextlib.suppress(OSError):  # what reading the end of a terminal gives
            while select.select([ours], [], [], max(0, deadline - time.monotonic()))[0]:
                piece = os.read(ours, 65536)
                if not piece:
                    break
                if after.encode() not in said and after.encode() in said + piece:
                    press()
                said += piece
        return OnTerminal(said.decode(), child.wait(max(0.1, deadline - time.monotonic())))
    finally:
        if child.poll() is None:
            child.kill()
            child.wait()
        os.close(ours)
