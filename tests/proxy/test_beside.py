"""The processes beside the proxy end in the right order, also where the proxy is gone before."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest

from tests.live import children, rows, run_async, stop_at_start, wait_for_stopped, wait_until
from tests.store_traffic import HELLO, LIVE_INFO, frames
from xentara_inspect.proxy.beside import Beside
from xentara_inspect.proxy.options import OPTIONS
from xentara_inspect.recorder import keeper


def test_what_is_written_behind_the_end_of_the_proxy_is_decoded_as_well(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a process that was started in place of one that was killed, and is slow to come."""
    monkeypatch.setattr(keeper, "_START_SECONDS", 20.0)
    values = {option.name: option.parse(option.default) for option in OPTIONS}

    async def main() -> None:
        beside = Beside(values, str(database), None)
        session = beside.journal.open_session(LIVE_INFO)
        for frame in frames(*HELLO, ">[[0, 2, 8]]"):
            beside.journal.append(session, frame)
        assert beside.journal.flush(20)
        (journal,) = children(os.getpid(), "journal")
        stop_at_start("journal", monkeypatch)
        os.kill(journal, signal.SIGKILL)
        another = await asyncio.to_thread(wait_for_stopped, os.getpid(), "journal")
        for frame in frames("<[[1, 2, 2]]"):
            beside.journal.append(session, frame)
        beside.finish(lambda: 1.0)
        assert children(os.getpid(), "indexer"), "it waits for who writes"
        os.kill(another, signal.SIGCONT)
        assert beside.journal.close(20) == 0
        await asyncio.to_thread(wait_until, lambda: not children(os.getpid(), "indexer"), "its end")

    run_async(main())
    assert [row["status"] for row in rows("log", "-d", database)] == ["ok", "ok"]
