"""What the machine says of a process and of itself. Linux only."""

from __future__ import annotations

import contextlib
import os
import platform
import re
import sqlite3
from pathlib import Path


def process_cpu(pid: int) -> float:
    """Seconds of CPU time, user and system, that a process has taken so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def tree_cpu(pid: int) -> float:
    """The same of a process and all that it has started, as far as it is there or was waited for."""
    ticks: dict[int, int] = {}
    parents: dict[int, int] = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = status.read_text().rpartition(")")[2].split()
            process = int(status.parent.name)
            parents[process], ticks[process] = int(fields[1]), sum(map(int, fields[11:15]))
    tree = {pid}
    while found := {process for process, parent in parents.items() if parent in tree} - tree:
        tree |= found
    return sum(ticks.get(process, 0) for process in tree) / os.sysconf("SC_CLK_TCK")


def most_resident(pid: int) -> int:
    """Bytes of memory that a process occupied at most."""
    (peak,) = re.findall(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(peak) * 1024


def about() -> str:
    """How busy the machine was, ourselves included, and what runs on it."""
    return (
        f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores, "
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    )


def keep_to_last_core() -> None:
    """Keep this process, which makes the load, to one core.

    Left to itself it is woken on the proxy's core as often as not, and takes the time that the
    proxy is measured by.
    """
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def allow_all_cores(pid: int) -> None:
    """Let a process, that has just been started by one kept to a core, run anywhere."""
    os.sched_setaffinity(pid, range(os.cpu_count() or 1))
