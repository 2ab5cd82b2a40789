"""Real processes for tests: mitmdump with the add-on, the simulator, and waiting for what they do."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Self

import pytest

from xentara_inspect.cli import main
from xentara_inspect.simulator import Simulator

ROOT = Path(__file__).parents[1]
ADDON = ROOT / "addons" / "xentara.py"
BIN = Path(sys.executable).parent
PATIENCE = 30.0
"""Seconds after which a condition that has not come about is a failure."""


def wait_until(condition: Callable[[], bool], what: str, every: float = 0.01) -> None:
    """Wait for a condition. every: seconds between two looks."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"never: {what}")
        time.sleep(every)


def children(pid: int, what: str = "", *, stopped: bool = False) -> list[int]:
    """The processes that a process started. what: of which kind, see `_RUN`. stopped: only those that are."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = status.read_bytes().rpartition(b")")[2].split()
            arguments = status.with_name("cmdline").read_bytes().split(b"\0")
            is_meant = fields[0] == b"T" if stopped else fields[0] != b"Z"
            if int(fields[1]) == pid and is_meant and (not what or _RUN[what] in arguments):
                found.append(int(status.parent.name))
    return found


_RUN = {
    "indexer": b"xentara_inspect.index.process",
    "journal": b"xentara_inspect.recorder.process",
    "archiver": b"xentara_inspect.archive.process",
    "aside": b"xentara_inspect.recorder.aside",
    "sender": b"xentara_inspect.telemetry.process",
}


def stop_at_start(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on, processes of a kind stop themselves as they begin, until they get a SIGCONT."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "tests" / "stopping"))
    monkeypatch.setenv("STOPPING", _RUN[what].decode())


def wait_for_stopped(pid: int, what: str) -> int:
    """The one process of a kind that a process started, and that has stopped itself."""
    wait_until(lambda: bool(children(pid, what, stopped=True)), f"a stopped process: {what}")
    (found,) = children(pid, what)
    return found


def replaying(flows: Path, database: Path, confdir: Path, *options: str) -> subprocess.Popen[str]:
    """mitmdump that records the connections of a flow file, and says what it has to on one pipe."""
    settings = [f"xentara_db={database}", f"confdir={confdir}", *options]
    arguments = [part for setting in settings for part in ("--set", setting)]
    return subprocess.Popen(
        [BIN / "mitmdump", "-nr", str(flows), "-s", str(ADDON), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


class Process:
    """A child process whose output is collected while it runs.

    outlived: seconds for which those whom it started may go on behind its end, at most.
    """

    outlived = PATIENCE

    def __init__(self, arguments: Sequence[str | Path], **environment: str) -> None:
        self.child = subprocess.Popen(
            [str(argument) for argument in arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1", "COLUMNS": "300", **environment},
        )
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.child.stdout is not None
        with self.child.stdout as output:
            for line in output:
                self.lines.append(line)

    @property
    def output(self) -> str:
        return "".join(self.lines)

    def wait_for_line(self, pattern: str) -> re.Match[str]:
        """The first match in the output so far or to come; fails if the process ends without it."""
        found: list[re.Match[str]] = []

        def seen() -> bool:
            ended = self.child.poll() is not None
            if ended:
                self._read_rest()
            match = re.search(pattern, self.output)
            if match:
                found.append(match)
            elif ended:
                raise AssertionError(f"ended with {self.child.returncode} before {pattern!r}:\n{self.output}")
            return bool(found)

        wait_until(seen, f"{pattern!r} in the output")
        return found[0]

    def wait(self) -> int:
        """Wait for the end; the exit code."""
        code = self.child.wait(PATIENCE)
        self._read_rest()
        return code

    def stop(self, number: int = signal.SIGINT) -> float:
        """Send a signal and wait for the end. Returns the seconds that took."""
        started = time.monotonic()
        self.child.send_signal(number)
        self.child.wait(PATIENCE)
        seconds = time.monotonic() - started
        self._read_rest()
        return seconds

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.child.poll() is None:
            started = children(self.child.pid)
            self.child.kill()
            self.child.wait()
            for pid in started:  # those that a test has stopped would keep our end of its output for ever
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)
        self._read_rest()

    def _read_rest(self) -> None:
        """What is printed until the last process is gone that has its output."""
        self._reader.join(self.outlived)
        assert not self._reader.is_alive(), "somebody whom it started is still there"


class Mitmdump(Process):
    """mitmdump on a free port in front of a server, with the add-on recording into a database.

    finish: seconds until it has ended, at most: unless that is too short, all is decoded then. script: with
    the add-on.
    """

    def __init__(
        self,
        upstream: str,
        database: Path,
        confdir: Path,
        *options: str,
        finish: int = 20,
        script: Path = ADDON,
    ) -> None:
        super().__init__(
            [
                BIN / "mitmdump", "-s", script,
                "--set", f"xentara_db={database}", "--set", f"confdir={confdir}",
                "--set", f"xentara_finish={finish}",
                "--mode", f"reverse:{upstream}", "--listen-host", "127.0.0.1", "--listen-port", "0", *options,
            ]
        )  # fmt: skip
        self.port = int(self.wait_for_line(r"listening at \S*?:(\d+)\.?\s").group(1))

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/api/ws"


def ran(*arguments: str | Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """The query tool run as its console script does, but in this process: an interpreter takes a while."""
    given = io.TextIOWrapper(io.BytesIO(stdin.encode()), encoding="utf-8")
    out, errors = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
    with (
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(errors),
        pytest.MonkeyPatch.context() as patched,
    ):
        patched.setattr(sys, "stdin", given)
        patched.setattr(sys, "argv", ["xentara-inspect", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            main()
    printed, told = (stream.buffer.getvalue().decode() for stream in (out, errors))
    assert "Traceback" not in told
    return subprocess.CompletedProcess(sys.argv, int(end.value.code or 0), printed, told)


def inspect(*arguments: str | Path, code: int = 0) -> str:
    """What the query tool prints. code: that it ends with."""
    run = ran(*arguments)
    assert run.returncode == code, run.stdout + run.stderr
    return run.stdout


def rows(*arguments: str | Path) -> list[dict[str, Any]]:
    """The rows of a query, as JSON tells them."""
    result: list[dict[str, Any]] = json.loads(inspect(*arguments, "--format", "json"))
    return result


@contextlib.contextmanager
def read_only(database: Path) -> Iterator[sqlite3.Connection]:
    """A plain connection, as another program would open it."""
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    try:
        yield connection
    finally:
        connection.close()


def recorded_payloads(database: Path) -> list[tuple[bool, bytes]]:
    """All frames in journal order: from the client?, payload."""
    with read_only(database) as connection:
        found = connection.execute("SELECT from_client, payload FROM frames ORDER BY id").fetchall()
    return [(bool(from_client), payload) for from_client, payload in found]


@contextlib.asynccontextmanager
async def simulated(**options: Any) -> AsyncIterator[Simulator]:
    """A simulator on a free port of loopback."""
    async with Simulator("127.0.0.1", 0, **options) as simulator:
        yield simulator


def run_async(main: Any) -> Any:
    """Run a coroutine to its end."""
    return asyncio.run(main)
