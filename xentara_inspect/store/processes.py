"""Whether recorders are still there: processes come and go, and some are killed."""

from __future__ import annotations

import os
import platform
import sqlite3
import time
from functools import lru_cache
from typing import Final

HEARTBEAT_INTERVAL: Final = 1.0
"""Seconds between heartbeats of a recorder."""

HEARTBEAT_TIMEOUT: Final = 10.0
"""Seconds without a heartbeat after which a recorder on another host is taken for gone.

On this host the process itself tells, at once.
"""

SILENCE: Final = 3.0
"""Seconds without a commit, or without any frame decoded where some wait, before anybody is told."""

_ENDED: Final = "ended"  # the token of a process that nobody has waited for yet


@lru_cache(maxsize=1)
def this_host() -> str:
    """The name of this machine or container."""
    return platform.node()


def process_token(pid: int) -> str | None:
    """What tells a process from any other that has, had or will have its pid; None if not known.

    By hand: psutil tells when a process was created by the clock on the wall, which is set now and then,
    and what is stored here must hold for weeks, and be false after a reboot.
    """
    try:
        with open("/proc/sys/kernel/random/boot_id") as boot:
            fields = _process_fields(pid)
            if fields[0] in (b"Z", b"X"):
                return _ENDED
            return f"{boot.read().strip()}:{fields[19].decode()}"
    except (OSError, IndexError):
        return None


def _process_fields(pid: int) -> list[bytes]:
    """What the system says of a process, from its state on. Raises OSError."""
    with open(f"/proc/{pid}/stat", "rb") as status:
        # The command's name, in parentheses, may hold anything; fields are counted from behind it.
        return status.read().rpartition(b")")[2].split()


def is_stopped(pid: int, host: str) -> bool:
    """Whether a process is one of this host and is known to be stopped, such as by SIGSTOP."""
    try:
        return host == this_host() and _process_fields(pid)[:1] in ([b"T"], [b"t"])
    except OSError:
        return False


def is_running(pid: int, token: str | None) -> bool:
    """Whether a process of this host is still there, and not another one with its pid."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass  # it is there, but not ours
    now = process_token(pid)
    return now != _ENDED and (token is None or now is None or now == token)


def is_there(pid: int, host: str, token: str | None, heartbeat: int) -> bool:
    """Whether a recorder is there: on this host its process, on another one its heartbeat tells."""
    if host == this_host():
        return is_running(pid, token)
    return heartbeat > time.time_ns() - int(HEARTBEAT_TIMEOUT * 1e9)


def recording_now(connection: sqlite3.Connection) -> bool:
    """Whether anybody records into a database."""
    rows = connection.execute("SELECT pid, host, process, heartbeat FROM recorders WHERE stopped IS NULL")
    return any(is_there(*row) for row in rows)
