"""A chain is checked before it is followed: the next file is beside this one, and behind it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.journal import Journal, numbered
from tests.live import children, wait_until
from tests.store_traffic import HELLO, LIVE_INFO, frames
from xentara_inspect.index.keeper import start_indexer
from xentara_inspect.recorder.rotation import Rotation
from xentara_inspect.store.chain import chain_at, chain_files, load_chain, newest_file
from xentara_inspect.store.database import open_for_writing
from xentara_inspect.store.errors import Kind, StoreError
from xentara_inspect.store.processes import is_running

TAMPERED = {
    "itself": "continued_in = 'plant.db'",
    "a number that is not higher": "number = 5, continued_in = 'plant-5.db'",
    "another directory": "continued_in = '../elsewhere-2.db'",
    "an absolute path": "continued_in = '/tmp/elsewhere-2.db'",
    "no name": "continued_in = ''",
    "a parent in another directory": "continues = '../../etc/passwd'",
    "no number": "number = 'x', continued_in = 'plant-2.db'",
}


def tampered(path: Path, change: str) -> None:
    with closing(open_for_writing(path)) as connection:
        connection.execute(f"UPDATE chain SET {change}")


@pytest.fixture
def plant(tmp_path: Path) -> Path:
    place = tmp_path / "recording"
    place.mkdir()
    with Journal(place / "plant.db", rotation=Rotation()) as journal:
        journal.record(journal.open_session(LIVE_INFO), frames(*HELLO))
    return place / "plant.db"


@pytest.mark.parametrize("change", TAMPERED.values(), ids=TAMPERED)
def test_a_chain_that_leads_nowhere_is_one_clear_line(plant: Path, change: str) -> None:
    tampered(plant, change)
    with (
        closing(open_for_writing(plant)) as connection,
        pytest.raises(StoreError, match=r"^\S+plant\.db is damaged: ") as raised,
    ):
        load_chain(connection)
    assert raised.value.kind is Kind.DAMAGED
    assert chain_at(plant) is None
    assert newest_file(str(plant)) == str(plant)
    assert chain_files(str(plant)) == {}


@pytest.mark.slow
@pytest.mark.parametrize("change", TAMPERED.values(), ids=TAMPERED)
def test_a_journal_says_so_once_makes_no_file_elsewhere_and_ends_with_its_proxy(
    plant: Path, change: str
) -> None:
    tampered(plant, change)
    journal = Journal(plant, rotation=Rotation())
    journal.append(journal.open_session(LIVE_INFO), next(numbered(1, 1)))
    (pid,) = children(os.getpid(), "journal")
    assert not journal.flush(0.6)
    started = time.monotonic()
    journal.close(1.5)
    assert time.monotonic() - started < 2
    wait_until(lambda: not Path(f"/proc/{pid}").exists() or not journal.keeper.close(1), "its end")
    assert len(journal.problems) == 1
    assert "plant.db is damaged: " in journal.problems[0]
    assert sorted(path.name for path in plant.parent.parent.iterdir()) == ["recording"]


@pytest.mark.parametrize("change", [TAMPERED["itself"], TAMPERED["another directory"]])
def test_an_indexer_says_so_and_ends_when_it_is_told(plant: Path, change: str) -> None:
    tampered(plant, change)
    process = start_indexer(plant)
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) is not None
    assert process.stdin is not None
    process.stdin.close()
    assert sorted(path.name for path in plant.parent.parent.iterdir()) == ["recording"]


def test_a_journal_whose_proxy_is_gone_can_be_ended(plant: Path) -> None:
    """While the database is locked and nothing says how long to wait."""
    script = f"""
import os, signal, sys
sys.path.insert(0, {str(Path(__file__).parents[2])!r})
from tests.journal import Journal, numbered
from tests.store_traffic import LIVE_INFO
journal = Journal({str(plant)!r})
journal.append(journal.open_session(LIVE_INFO), next(numbered(1, 1)))
journal.keeper._memory.page.seconds = float("inf")
print(journal.keeper._process.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    with closing(open_for_writing(plant)) as other:
        other.execute("BEGIN IMMEDIATE")
        run = subprocess.run(
            [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False
        )
        pid = int(run.stdout)
        deadline = time.monotonic() + 10
        while is_running(pid, None):
            assert time.monotonic() < deadline, "it ignores the signal"
            os.kill(pid, signal.SIGTERM)
            time.sleep(0.05)
        other.execute("ROLLBACK")
