"""A command that is told to end does so soon, whatever it is at, and leaves nothing behind."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest

from tests.live import BIN, Process, children, wait_until
from tests.queries.asking import fill
from tests.store_traffic import CONVERSATION
from tests.terminal import on_terminal

ENDS = {signal.SIGINT: 130, signal.SIGTERM: -signal.SIGTERM}
"""Exit codes by signal. Who is told by SIGTERM ends of it, as services are expected to."""

ENDLESS = """
import sys
from xentara_inspect.cli.failures import reported
from xentara_inspect.queries.databases import open_databases
with reported(), open_databases([sys.argv[1]]) as databases:
    print("asked")
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
    databases.files[0].row(endless)
"""

SIGNALS = pytest.mark.parametrize("number", ENDS)


@pytest.fixture
def conversation(database: Path) -> Path:
    return fill(database, *CONVERSATION)


@SIGNALS
def test_a_question_that_sqlite_is_at_has_an_end(number: signal.Signals, conversation: Path) -> None:
    with Process([sys.executable, "-c", ENDLESS, conversation]) as process:
        process.wait_for_line("asked")
        process.stop(number)
    assert (process.child.returncode, process.output) == (ENDS[number], "asked\n")


@SIGNALS
def test_a_demonstration_takes_its_proxy_along(number: signal.Signals, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "xentara_inspect", "demo", "--seconds", "60"]
    with Process(command, TMPDIR=str(tmp_path)) as process:
        process.wait_for_line("→")
        (proxy,) = children(process.child.pid)
        process.stop(number)
        assert process.child.returncode == ENDS[number], process.output
        wait_until(lambda: not Path(f"/proc/{proxy}").exists(), "the end of the proxy")
    assert list(tmp_path.iterdir()) == []


@SIGNALS
def test_the_screen_of_watch_is_taken_down(number: signal.Signals, conversation: Path) -> None:
    command = [str(BIN / "xentara-inspect"), "watch", "-d", str(conversation)]
    run = on_terminal(command, keys=number, after="Valve")
    assert "\x1b[?1049l" in run.text.rpartition("Valve")[2]  # the screen from before it
    assert number == signal.SIGINT or run.code == ENDS[number]  # Ctrl-C is a key there


def test_a_pager_ends_with_the_command_that_is_told_to(conversation: Path) -> None:
    command = [str(BIN / "xentara-inspect"), "show", "1p1", "2p1", "3p1", "-d", str(conversation)]
    pager = "sh -c 'head -n 1; exec sleep 1000'"
    run = on_terminal(command, lines=10, keys=signal.SIGTERM, after="1p1", PAGER=pager)
    assert run.code == ENDS[signal.SIGTERM]
