"""Recordings are archived while they go on, by a process that may be killed and places that may be gone."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import Iterable
from functools import partial
from pathlib import Path

import pytest

from tests.archived import verified
from tests.live import Mitmdump, children, inspect, run_async, simulated, wait_until
from tests.rotating import Recorder, files_of, index
from tests.store_traffic import HELLO, event, frames, read
from xentara_inspect.archive.process import Archiving
from xentara_inspect.simulator import OPERATOR, Client
from xentara_inspect.store.archived import alone_at, archive_key, is_archived

SAID = (*HELLO, event(1), event(2))


@pytest.fixture
def where(tmp_path: Path) -> Path:
    return tmp_path / "archive"


Said = list[tuple[int, str]]


def archiving(path: Path, where: Path | str, said: Said, undecoded: bool = True) -> Archiving:
    def say(level: int, text: str) -> None:
        said.append((level, text))

    return Archiving(str(path), str(where), "north", undecoded=undecoded, say=say)


def test_each_file_is_archived_once_when_recording_goes_on_in_the_next(
    tmp_path: Path, where: Path, problems: list[str]
) -> None:
    path = tmp_path / "plant.db"
    key = archive_key(str(where), "north")
    said: Said = []
    archives = archiving(path, where, said)
    archives.look()  # nobody has begun
    with Recorder(path, problems) as recorder:
        session = recorder.open()
        for number, frame in enumerate(frames(*SAID), 1):
            recorder.record(session, [frame])
            archives.look()
            assert len(said) == len(files_of(path)) - 1 == number - 1
    archiving(path, where, said).look()
    *over, newest = files_of(path)
    assert [text for _, text in said] == [f"archived {file}" for file in over]
    assert [is_archived(str(file), key) for file in (*over, newest)] == [True] * len(over) + [False]
    assert "3 parts, 3 frames: whole" in verified(where)


def test_a_file_that_waits_for_the_indexer_is_archived_behind_it(
    tmp_path: Path, where: Path, problems: list[str]
) -> None:
    path = tmp_path / "plant.db"
    said: Said = []
    archives = archiving(path, where, said, undecoded=False)
    with Recorder(path, problems) as recorder:
        recorder.record(recorder.open(), frames(*SAID))
        archives.look()
        assert [text for _, text in said] == [f"archived {path}"]
        index(path)
        archives.look()
    assert [text for _, text in said] == [f"archived {file}" for file in files_of(path)[:-1]]


def test_a_place_that_cannot_be_reached_is_told_once_and_gets_everything_afterwards(
    tmp_path: Path, where: Path, problems: list[str]
) -> None:
    where.write_text("not a directory")
    path = tmp_path / "plant.db"
    said: Said = []
    archives = archiving(path, where, said)
    with Recorder(path, problems) as recorder:
        recorder.record(recorder.open(), frames(*SAID))
    assert [archives.look() for _ in range(10)] == [2, 4, 8, 16, 32, 64, 128, 256, 300, 300]
    assert said == [
        (logging.ERROR, f"{where}: Not a directory; what is not archived is kept, and tried again")
    ]
    where.unlink()
    assert archives.look() == 1
    assert said[-1] == (logging.WARNING, "archiving goes on")
    assert "3 parts" in verified(where)


@pytest.mark.stress  # its library tries for some seconds
def test_an_object_store_that_cannot_be_reached_is_told_as_well(
    tmp_path: Path, problems: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "made-up")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "made-up")
    said: Said = []
    with Recorder(tmp_path / "plant.db", problems) as recorder:
        recorder.record(recorder.open(), frames(*SAID))
    store = "s3://plants/xentara?endpoint_override=127.0.0.1:9&scheme=http&region=us-east-1"
    archives = archiving(tmp_path / "plant.db", store, said)
    archives.look()
    ((level, text),) = said
    assert level == logging.ERROR
    assert text.startswith("s3://plants/xentara")
    assert "\n" not in text


def test_nobody_archives_a_file_that_another_one_is_at(
    tmp_path: Path, where: Path, problems: list[str]
) -> None:
    path = tmp_path / "plant.db"
    said: Said = []
    with Recorder(path, problems) as recorder:
        recorder.record(recorder.open(), frames(*SAID))
    with alone_at(str(path)) as alone:
        assert alone
        archiving(path, where, said).look()
        assert not list(where.rglob("*"))
    archiving(path, where, said).look()
    assert "3 parts" in verified(where)


def kill_archiver(proxy: int) -> None:
    wait_until(lambda: bool(children(proxy, "archiver")), "the process that archives")
    os.kill(children(proxy, "archiver")[0], signal.SIGKILL)


LARGE = b"\x5a" + (100_000).to_bytes(4, "big") + bytes(100_000)


async def fill_a_file(client: Client) -> None:
    for _ in range(12):
        await client.send_raw(LARGE)
        await client.wait_for_frames(len(client.received) + 1)


def frames_in(files: Iterable[Path]) -> dict[int, bytes]:
    return dict(row for file in files for row in read(file, "SELECT id, payload FROM frames"))


@pytest.mark.slow
def test_a_proxy_archives_what_it_records_and_deletes_what_is_archived(
    tmp_path: Path, confdir: Path, where: Path
) -> None:
    """Though the process that archives is killed."""
    path = tmp_path / "plant.db"
    options = (
        "xentara_rotate_size=1M", "xentara_keep=1", f"xentara_archive={where}", "xentara_site=north",
    )  # fmt: skip

    async def main() -> int:
        async with simulated() as simulator:
            given = [part for option in options for part in ("--set", option)]
            start = partial(Mitmdump, f"http://127.0.0.1:{simulator.port}", path, confdir, *given)
            with await asyncio.to_thread(start) as proxy:
                await asyncio.to_thread(kill_archiver, proxy.child.pid)
                async with Client(proxy.url, user=OPERATOR.user, password=OPERATOR.password) as client:
                    await fill_a_file(client)
                    await asyncio.to_thread(proxy.wait_for_line, f"xentara_inspect: archived {path}\n")
                    await fill_a_file(client)
                    await asyncio.to_thread(wait_until, lambda: not path.exists(), "room")
                    count = len(client.sent) + len(client.received)
                await asyncio.to_thread(proxy.stop)
                assert proxy.child.returncode == 0, proxy.output
        return count

    count = run_async(main())
    assert "whole" in verified(where)
    inspect("import", where, "-d", tmp_path / "back.db")
    archived, left = frames_in(files_of(tmp_path / "back.db")), frames_in(files_of(path))
    assert sorted(archived | left) == list(range(1, count + 1))
    assert archived | left == left | archived
