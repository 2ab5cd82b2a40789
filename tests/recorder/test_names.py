"""Files of names that a recorder was given: in each file of a recording, whatever becomes of the first."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from tests.journal import Journal
from tests.name_files import write_model
from tests.rotating import EACH_GROUP, files_of, index
from tests.store_traffic import (
    CONVERSATION,
    HELLO,
    LEVEL_UUID,
    LIVE_INFO,
    VALVE,
    VALVE_UUID,
    derived,
    event,
    frames,
    read,
)
from xentara_inspect.index.process import reindex
from xentara_inspect.store.database import open_for_writing
from xentara_inspect.store.name_files import import_names

SILENT = (*HELLO, event(1), f">[[0, 3, 4, {{0: {VALVE}, 1: [11]}}]]", "<[[1, 3, {11: 121(1)}]]")
GIVEN = "SELECT source, uuid, name FROM given_names JOIN name_files ON id = file_id ORDER BY 3"
NAMES = "SELECT uuid, primary_key FROM elements ORDER BY uuid"
EVERY_NAME = {(VALVE_UUID, "Plant.Valve"), (LEVEL_UUID, "Plant.Tank 1.Level")}


def record(path: Path, *lines: str, names: tuple[str, ...]) -> None:
    """Every frame in a file of its own."""
    with Journal(path, names=names, rotation=EACH_GROUP) as journal:
        session = journal.open_session(LIVE_INFO)
        journal.record(session, frames(*lines))
        assert journal.problems == []


def test_each_file_of_a_recording_has_the_names_and_can_be_read_alone(tmp_path: Path) -> None:
    path = tmp_path / "plant.db"
    record(path, *SILENT, names=(str(write_model(tmp_path / "model.json")),))
    files = files_of(path)
    assert len(files) > 3
    index(path)
    given = read(path, GIVEN)
    assert [row[0] for row in given] == ["model.json"] * 4
    for number, file in enumerate(files):
        assert read(file, GIVEN) == given
        assert set(read(file, NAMES)) <= EVERY_NAME
        assert read(file, "SELECT carried FROM name_files") == [(int(number > 0),)]
    assert set(read(files[-1], NAMES)) == EVERY_NAME


def test_names_read_into_a_file_meanwhile_are_carried_on_too(tmp_path: Path) -> None:
    path = tmp_path / "plant.db"
    with Journal(path, rotation=EACH_GROUP) as journal:
        session = journal.open_session(LIVE_INFO)
        assert journal.flush()
        with closing(open_for_writing(path)) as connection:
            import_names(connection, write_model(tmp_path / "model.json"), 7)
        journal.record(session, frames(*SILENT))
    index(path)
    assert set(read(files_of(path)[-1], NAMES)) == EVERY_NAME


@pytest.mark.slow
def test_a_disagreement_is_found_once_in_all_files_and_again_when_they_are_rebuilt(tmp_path: Path) -> None:
    path = tmp_path / "plant.db"
    record(path, *CONVERSATION, names=(str(write_model(tmp_path / "model.json", level="Old")),))
    index(path)
    files = files_of(path)
    found = [
        row
        for file in files
        for row in read(file, "SELECT message FROM findings WHERE code = 'name-disagrees'")
    ]
    assert found == [
        (f"element {LEVEL_UUID} is Plant.Tank 1.Level in the traffic and Plant.Tank 1.Old in model.json",)
    ]
    for file in files:
        before = derived(file)
        reindex(file)
        assert derived(file) == before


@pytest.mark.slow
def test_a_recorder_that_starts_again_reads_what_is_new_into_the_newest_file(tmp_path: Path) -> None:
    path, model = tmp_path / "plant.db", write_model(tmp_path / "model.json")
    record(path, *HELLO, names=(str(model),))
    assert len(files_of(path)) > 1
    record(path, *HELLO, names=(str(model),))
    assert read(files_of(path)[-1], "SELECT count(*) FROM name_files") == [(1,)]
    write_model(model, level="New")
    record(path, *HELLO, names=(str(model),))
    assert read(files_of(path)[-1], "SELECT count(*) FROM name_files") == [(2,)]
    assert read(path, "SELECT count(*) FROM name_files") == [(1,)]


def test_a_file_that_takes_the_place_of_a_deleted_one_gets_the_names_again(tmp_path: Path) -> None:
    path = tmp_path / "plant.db"
    names = (str(write_model(tmp_path / "model.json")),)
    with Journal(path, names=names) as journal:
        session = journal.open_session(LIVE_INFO)
        journal.record(session, frames(*HELLO))
        for file in tmp_path.glob("plant.db*"):
            file.unlink()
        journal.append(session, frames(event(2))[0])
        assert journal.flush()
        assert "was deleted or replaced" in journal.problems[0]
    index(path)
    assert read(path, NAMES) == [(LEVEL_UUID, "Plant.Tank 1.Level")]


def test_a_file_of_names_that_went_bad_meanwhile_is_said_and_costs_no_frame(tmp_path: Path) -> None:
    (tmp_path / "model.json").write_text("{")
    with Journal(tmp_path / "plant.db", names=(str(tmp_path / "model.json"),)) as journal:
        session = journal.open_session(LIVE_INFO)
        journal.record(session, frames(*HELLO))
    assert any("model.json, line 1, column 2: no JSON" in text for _, text in journal.said)
    assert read(tmp_path / "plant.db", "SELECT count(*) FROM frames") == [(2,)]
