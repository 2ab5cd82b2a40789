"""A recording is given away: the same happened in it, and nothing in it says in which plant."""

from __future__ import annotations

import csv
import os
import re
import socket
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.journal import Journal
from tests.live import ROOT, inspect
from tests.queries.asking import fill, record
from tests.rotating import EACH_GROUP
from tests.sharing.plants import left_in, opened, plants, telling, times_in
from tests.store_traffic import CONVERSATION, HELLO, LEVEL, LEVEL_UUID, LIVE_INFO, add, frames
from xentara_inspect.index.process import catch_up
from xentara_inspect.sharing.sharing import Shared, share
from xentara_inspect.store.database import open_for_writing
from xentara_inspect.store.errors import StoreError
from xentara_inspect.store.given_names import give_names

SAMPLES = sorted(path.stem for path in (ROOT / "sample_captures").glob("*.flow"))
START = 946_684_800 * 10**9
"""The year 2000."""


def shared(*files: Path, output: Path, **how: Any) -> Shared:
    def nobody(*_: int) -> None:
        pass

    return share(
        list(map(str, files)),
        str(output),
        str(output.with_suffix(".csv")),
        **{"values": False, "start": None, "copying": nobody, "decoding": nobody, **how},
    )


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A sample in a database, once for all tests."""
    folder = tmp_path_factory.mktemp("recorded")

    def of(name: str) -> Path:
        database = folder / f"{name}.db"
        if not database.exists():
            inspect("import", ROOT / "sample_captures" / f"{name}.flow", "-d", database)
        return database

    return of


@pytest.mark.parametrize("name", SAMPLES)
def test_a_copy_has_all_that_happened_and_no_name_of_the_plant(
    name: str, recorded: Callable[[str], Path], tmp_path: Path
) -> None:
    original, copy = recorded(name), tmp_path / "copy.db"
    made = shared(original, output=copy)
    assert telling(copy) == telling(original)
    assert made.frames == len(telling(original)["frames"])
    assert len(left_in(original, original)) > 10  # what is found there would be found in the copy
    assert left_in(copy, original) == set()


@pytest.mark.parametrize("name", SAMPLES)
def test_with_other_values_the_same_is_found(
    name: str, recorded: Callable[[str], Path], tmp_path: Path
) -> None:
    original, copy = recorded(name), tmp_path / "copy.db"
    shared(original, output=copy, values=True)
    assert telling(copy, values=False) == telling(original, values=False)
    assert left_in(copy, original) == set()


@pytest.mark.slow
def test_the_files_of_a_recording_become_one_with_all_that_happened(tmp_path: Path) -> None:
    whole = record(tmp_path / "whole.db", *CONVERSATION)
    several = record(tmp_path / "plant.db", *CONVERSATION, rotation=EACH_GROUP)
    assert len(several) > 5
    shared(*several, output=tmp_path / "copy.db")
    assert telling(tmp_path / "copy.db") == telling(*whole)
    assert not [name for file in several for name in left_in(tmp_path / "copy.db", file)]


@pytest.mark.slow
def test_of_a_recording_that_begins_in_the_middle_the_copy_knows_what_was_told_before(tmp_path: Path) -> None:
    files = record(tmp_path / "plant.db", *CONVERSATION, rotation=EACH_GROUP)
    for number in range(5):
        files[number].unlink()
    copy = tmp_path / "copy.db"
    shared(*files[5:], output=copy)
    told = [telling(file) for file in files[5:]]
    for table in ("packets", "attribute_values"):
        assert telling(copy)[table] == sorted((row for one in told for row in one[table]), key=repr)
    codes = {row[4] for one in told for row in one["findings"]}
    assert {row[4] for row in telling(copy)["findings"]} == codes  # nothing is unsolicited or unsubscribed
    with opened(files[5]) as first:
        carried = first.execute("SELECT uuid, primary_key FROM carried_elements").fetchall()
    assert [name for row in carried for name in row if name and name.encode() in files[5].read_bytes()]
    assert not [name for row in carried for name in row if name and name.encode() in copy.read_bytes()]


@pytest.mark.slow
def test_a_file_that_is_missing_between_others_is_named(tmp_path: Path) -> None:
    files = record(tmp_path / "plant.db", *CONVERSATION, rotation=EACH_GROUP)
    with pytest.raises(StoreError, match=r"plant-3\.db does not go on where .*plant\.db ends"):
        shared(files[0], files[2], output=tmp_path / "copy.db")


def test_names_out_of_files_are_replaced_as_in_the_traffic(database: Path, tmp_path: Path) -> None:
    add(database, frames(*HELLO, f">[[0, 2, 4, {{0: {LEVEL}, 1: [11]}}]]", "<[[1, 2, {11: 121(1)}]]"))
    with closing(open_for_writing(database)) as connection:
        give_names(connection, "north.csv", {bytes.fromhex(LEVEL_UUID.replace("-", "")): "Plant.Tank 1"}, 1)
    catch_up(database)
    shared(database, output=tmp_path / "copy.db")
    with opened(tmp_path / "copy.db") as connection:
        (row,) = connection.execute("SELECT primary_key, learned_from FROM elements").fetchall()
    assert re.fullmatch(r"[a-z]{5}\.[a-z]{6}", row[0])
    assert row[1] == "file"
    assert telling(tmp_path / "copy.db") == telling(database)
    assert left_in(tmp_path / "copy.db", database) == set()


def test_secrets_that_were_kept_are_neither_in_the_copy_nor_in_the_list(tmp_path: Path) -> None:
    login = '>[[0, 2, 12, {0: 123({0: "operator", 1: "hunter2-hunter2"})}]]'
    refused = '<[[2, 2, {0: -32102, 1: "operator with hunter2-hunter2 may not"}]]'
    original = fill(tmp_path / "plant.db", *HELLO, login, refused)
    assert b"hunter2-hunter2" in original.read_bytes()
    shared(original, output=tmp_path / "copy.db")
    for file in (tmp_path / "copy.db", tmp_path / "copy.csv"):
        assert b"hunter2" not in file.read_bytes()
    with opened(tmp_path / "copy.db") as connection:
        assert connection.execute("SELECT redacted FROM frames ORDER BY id").fetchall() == [
            (0,),
            (0,),
            (1,),
            (1,),
        ]


def test_of_a_frame_that_is_not_whole_the_copy_has_no_hash(database: Path, tmp_path: Path) -> None:
    add(database, frames(*HELLO))
    with closing(open_for_writing(database)) as connection:
        connection.execute(
            "INSERT INTO cut_frames VALUES (2, 70000, 'abcdef0123456789', 'larger than 1 bytes')"
        )
    shared(database, output=tmp_path / "copy.db")
    with opened(tmp_path / "copy.db") as connection:
        assert connection.execute("SELECT * FROM cut_frames").fetchall() == [
            (2, 70000, None, "larger than 1 bytes")
        ]


def test_of_who_recorded_the_copy_tells_nothing_and_what_was_open_stays_so(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "plant.db")
    handle = journal.open_session(LIVE_INFO)
    journal.record(handle, frames(*HELLO, ">[[0, 2, 8]]"))
    shared(tmp_path / "plant.db", output=tmp_path / "copy.db")
    with opened(tmp_path / "copy.db") as connection:
        (recorder,) = connection.execute("SELECT pid, host, process, feed, stopped IS NULL FROM recorders")
        assert recorder == (None, None, None, None, 0)
        assert connection.execute("SELECT status FROM exchanges").fetchall() == [("ok",), ("pending",)]
    assert socket.gethostname().encode() not in (tmp_path / "copy.db").read_bytes()
    journal.close_session(handle, 1)
    assert journal.close()


def test_times_are_moved_all_by_the_same(recorded: Callable[[str], Path], tmp_path: Path) -> None:
    original, copy = recorded("subscription-events"), tmp_path / "copy.db"
    shared(original, output=copy, start=START)
    asked = {
        "frames": "SELECT time FROM frames ORDER BY id",
        "sessions": "SELECT opened FROM sessions",
        "closed": "SELECT closed FROM sessions",
        "ends": "SELECT time FROM session_ends",
        "events": "SELECT source_time FROM packets WHERE source_time IS NOT NULL ORDER BY id",
        "findings": "SELECT time FROM findings WHERE time IS NOT NULL ORDER BY id",
    }
    moves = set()
    with opened(original) as before, opened(copy) as after:
        for sql in asked.values():
            pairs = zip(before.execute(sql).fetchall(), after.execute(sql).fetchall(), strict=True)
            moves |= {old - new for (old,), (new,) in pairs}
        latencies = "SELECT id, status, latency FROM exchanges ORDER BY id"
        assert before.execute(latencies).fetchall() == after.execute(latencies).fetchall()
        assert 0 <= START - after.execute("SELECT min(opened) FROM sessions").fetchone()[0] < 10**9
    assert len(moves) == 1
    (move,) = moves
    assert move % 10**9 == 0


@pytest.mark.parametrize("name", ["subscription-events", "reads-and-writes", "good-run", "client-faults"])
def test_where_times_are_moved_none_of_the_recorded_ones_is_left(
    name: str, recorded: Callable[[str], Path], tmp_path: Path
) -> None:
    original, copy = recorded(name), tmp_path / "copy.db"
    shared(original, output=copy, start=START)
    found = times_in(original)
    assert len(found) > 20
    assert found == {time for time in found if time in original.read_bytes()}
    assert not {time for time in found if time in copy.read_bytes()}


def test_the_list_has_all_that_was_replaced_for_the_eyes_of_its_owner(tmp_path: Path) -> None:
    original = fill(tmp_path / "plant.db", *CONVERSATION)
    made = shared(original, output=tmp_path / "copy.db")
    with (tmp_path / "copy.csv").open(newline="", encoding="utf-8") as file:
        listed = list(csv.DictReader(file))
    assert len(listed) == sum(made.replaced.values())
    stands_for = {row["original"]: row["replacement"] for row in listed}
    with opened(tmp_path / "copy.db") as connection:
        names = [name for (name,) in connection.execute("SELECT primary_key FROM elements ORDER BY id")]
    assert stands_for["Plant.Tank 1.Level"] in names
    assert {"Plant.Valve", "ann", LEVEL_UUID, "10.0.0.7"} <= set(stands_for)
    for name in ("copy.db", "copy.csv"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600


@pytest.mark.parametrize("there", ["copy.db", "copy.csv"])
def test_what_is_there_already_stays(there: str, tmp_path: Path) -> None:
    original = fill(tmp_path / "plant.db", *CONVERSATION)
    (tmp_path / there).write_text("mine")
    with pytest.raises(StoreError, match=f"{there} is there already"):
        shared(original, output=tmp_path / "copy.db")
    assert (tmp_path / there).read_text() == "mine"
    assert sorted(os.listdir(tmp_path)) == sorted(["plant.db", there])


def test_nothing_is_left_of_a_copy_that_was_not_finished(tmp_path: Path) -> None:
    original = fill(tmp_path / "plant.db", *CONVERSATION)

    def interrupted(*_: int) -> None:
        raise KeyboardInterrupt

    for moment in ("copying", "decoding"):
        with pytest.raises(KeyboardInterrupt):
            shared(original, output=tmp_path / "copy.db", **{moment: interrupted})
        assert os.listdir(tmp_path) == ["plant.db"]


def test_a_list_that_cannot_be_written_leaves_no_copy(tmp_path: Path) -> None:
    original = fill(tmp_path / "plant.db", *CONVERSATION)
    with pytest.raises(StoreError, match=r"nowhere/list\.csv"):
        share(
            [str(original)], str(tmp_path / "copy.db"), str(tmp_path / "nowhere" / "list.csv"), values=False,
            start=None, copying=lambda *_: None, decoding=lambda *_: None,
        )  # fmt: skip
    assert os.listdir(tmp_path) == ["plant.db"]


def test_a_copy_is_a_file_by_itself(tmp_path: Path) -> None:
    original = fill(tmp_path / "plant.db", *CONVERSATION)
    shared(original, output=tmp_path / "copy.db")
    assert sorted(os.listdir(tmp_path)) == ["copy.csv", "copy.db", "plant.db"]


def test_two_copies_have_no_name_in_common(tmp_path: Path) -> None:
    original = fill(tmp_path / "plant.db", *CONVERSATION)
    for name in ("one", "other"):
        shared(original, output=tmp_path / f"{name}.db")
    one, other = (plants(tmp_path / f"{name}.db") for name in ("one", "other"))
    assert {name for name in one & other if len(name) > 5} == set()  # shorter ones are alike by chance


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE sessions SET opened = 'Plant'",
        "UPDATE frames SET payload = NULL WHERE id = 2",
        "UPDATE frames SET payload = 'Plant' WHERE id = 2",
        "UPDATE frames SET session_id = 'Plant' WHERE id = 2",
        "UPDATE sessions SET user = x'506c616e74'",
    ],
)
def test_what_is_no_recording_of_ours_is_not_copied(damage: str, database: Path, tmp_path: Path) -> None:
    add(database, frames(*HELLO))
    with closing(open_for_writing(database)) as connection:
        connection.execute(damage)
    with pytest.raises(StoreError, match=r"xentara\.db is damaged: "):
        shared(database, output=tmp_path / "copy.db")
    assert os.listdir(tmp_path) == ["xentara.db"]
