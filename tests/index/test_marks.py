"""Files of names among the frames: wherever they are read in, a rebuild gives the same rows."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.live import wait_until
from tests.name_files import write_model
from tests.store_traffic import (
    CONVERSATION,
    HELLO,
    LEVEL,
    LEVEL_UUID,
    VALVE,
    VALVE_UUID,
    add,
    derived,
    event,
    frames,
    read,
)
from xentara_inspect.frames import Frame
from xentara_inspect.index.process import catch_up, reindex
from xentara_inspect.store.database import open_for_writing
from xentara_inspect.store.given_names import give_names
from xentara_inspect.store.name_files import import_names
from xentara_inspect.traffic.names import uuid_from_text

NOW = 1_700_000_000_500_000_000
SILENT = (*HELLO, event(1), f">[[0, 3, 4, {{0: {VALVE}, 1: [11]}}]]", "<[[1, 3, {11: 121(1)}]]")
"""A conversation that tells no name."""
NAMES = "SELECT uuid, primary_key, name, learned_from FROM elements ORDER BY uuid"
DISAGREEMENTS = "SELECT id, session_id, address, message, time FROM findings WHERE code = 'name-disagrees'"


def give(path: Path, source: str, **names: str) -> int:
    """Names for the level and the valve, as a file has them."""
    uuids = {"level": uuid_from_text(LEVEL_UUID) or b"", "valve": uuid_from_text(VALVE_UUID) or b""}
    with closing(open_for_writing(path)) as connection:
        return give_names(connection, source, {uuids[key]: name for key, name in names.items()}, NOW)


def without_notation(path: Path) -> dict[str, list[Any]]:
    """All that is derived, but for the text of packets, in which names are as known when it is written."""
    rows = derived(path)
    rows["packets"] = [row[:-1] for row in rows["packets"]]
    return rows


def test_names_hold_for_what_is_recorded_without_indexing_again(database: Path, tmp_path: Path) -> None:
    add(database, frames(*SILENT))
    catch_up(database)
    assert {row[1] for row in read(database, NAMES)} == {None}
    with closing(open_for_writing(database)) as connection:
        assert import_names(connection, write_model(tmp_path / "model.json"), NOW) == (4, 4)
    assert read(database, NAMES) == [
        (VALVE_UUID, "Plant.Valve", "Plant.Valve", "file"),
        (LEVEL_UUID, "Plant.Tank 1.Level", "Plant.Tank 1.Level", "file"),
    ]


def test_names_that_are_there_first_are_given_as_elements_are_seen(database: Path) -> None:
    give(database, "model.json", level="Plant.Tank 1.Level")
    add(database, frames(*SILENT))
    catch_up(database)
    assert read(database, NAMES) == [
        (VALVE_UUID, None, VALVE_UUID, "read"),
        (LEVEL_UUID, "Plant.Tank 1.Level", "Plant.Tank 1.Level", "file"),
    ]
    (text,) = read(database, "SELECT notation FROM packets WHERE kind = 'event'")[0]
    assert "Plant.Tank 1.Level" in text


def test_what_the_traffic_tells_takes_the_place_of_what_a_file_says_and_never_the_other_way(
    database: Path,
) -> None:
    give(database, "model.json", level="Plant.Old", valve="Plant.Valve")
    add(database, frames(*CONVERSATION))
    catch_up(database)
    give(database, "names.csv", level="Plant.Older")
    assert read(database, NAMES) == [
        (VALVE_UUID, "Plant.Valve", "Plant.Valve", "meta_data"),
        (LEVEL_UUID, "Plant.Tank 1.Level", "Plant.Tank 1.Level", "lookup"),
    ]


def test_a_later_file_counts_more_and_what_is_no_news_is_not_kept_twice(database: Path) -> None:
    add(database, frames(*SILENT))
    catch_up(database)
    assert give(database, "a.json", level="A", valve="V") == 2
    assert give(database, "a.json", level="A", valve="V") == 0
    assert give(database, "b.json", level="B", valve="V") == 1
    assert [row[1] for row in read(database, NAMES)] == ["V", "B"]
    assert read(database, "SELECT id, source FROM name_files") == [(1, "a.json"), (2, "b.json")]
    assert give(database, "a.json", level="A") == 1
    assert [row[1] for row in read(database, NAMES)] == ["V", "A"]
    before = without_notation(database)
    catch_up(database)
    reindex(database)
    assert [row[1] for row in read(database, NAMES)] == ["V", "A"]
    assert without_notation(database)["elements"] == before["elements"]


def indexed_in_steps(path: Path, said: Sequence[Frame], given: dict[int, dict[str, str]]) -> None:
    """Frames one by one, with names read in behind some of them; indexed as it comes."""
    for count in range(len(said) + 1):
        if count:
            add(path, said[:count], end=None)
        if count in given:
            give(path, f"{count}.json", **given[count])
        catch_up(path)


@pytest.mark.parametrize("place", range(0, len(CONVERSATION) + 1, 2))
def test_wherever_files_are_read_in_a_rebuild_gives_the_same_rows(database: Path, place: int) -> None:
    given = {place: {"level": "Plant.Old", "valve": "Plant.Valve"}, place + 3: {"level": "Plant.Older"}}
    indexed_in_steps(database, frames(*CONVERSATION), given)
    before = without_notation(database)
    codes = [row[0] for row in read(database, "SELECT code FROM findings")]
    assert codes.count("name-disagrees") >= 1
    reindex(database)
    assert without_notation(database) == before
    reindex(database)
    assert without_notation(database) == before


def test_ends_of_sessions_and_files_keep_their_order(database: Path) -> None:
    """Findings count up: what stood before the file must stay before it, with no frame between them."""
    waiting = ('>[[0, 2, 3, {0: "Plant.Tank 1.Level"}]]', f"<[[1, 2, {LEVEL}]]", ">[[0, 3, 8]]")
    add(database, frames(*HELLO, *waiting), end=None)
    give(database, "before.json", level="Plant.Old")
    add(database, frames(*HELLO, *waiting))
    give(database, "after.json", level="Plant.Older")
    catch_up(database)
    before = without_notation(database)
    codes = [row[0] for row in read(database, "SELECT code FROM findings ORDER BY id")]
    assert codes == ["name-disagrees", "unanswered-request", "name-disagrees"]
    reindex(database)
    assert without_notation(database) == before


def test_a_file_read_in_late_is_one_finding_of_its_time_and_of_no_session(database: Path) -> None:
    add(database, frames(*CONVERSATION))
    catch_up(database)
    (last,) = read(database, "SELECT max(id) FROM findings")[0]
    totals = read(database, "SELECT * FROM session_totals")
    give(database, "old.json", level="Plant.Old", valve="Plant.Gate")
    catch_up(database)
    message = (
        f"element {VALVE_UUID} is Plant.Valve in the traffic and Plant.Gate in old.json;"
        " with 2 elements it is so"
    )
    assert read(database, DISAGREEMENTS) == [(last + 1, None, None, message, NOW)]
    assert read(database, "SELECT * FROM session_totals") == totals


def test_a_rebuild_writes_notation_with_the_names_of_all_files(database: Path) -> None:
    add(database, frames(*SILENT))
    catch_up(database)
    give(database, "model.json", level="Plant.Tank 1.Level")
    text = "SELECT notation FROM packets WHERE kind = 'event'"
    assert "Plant.Tank 1.Level" not in read(database, text)[0][0]
    reindex(database)
    assert "Plant.Tank 1.Level" in read(database, text)[0][0]


def test_a_running_indexer_hears_of_names_that_are_read_in(database: Path) -> None:
    from tests.index.test_indexer import subprocess_indexer

    said = frames(*CONVERSATION)
    add(database, said[:4], end=None)
    with subprocess_indexer(database):
        wait_until(lambda: bool(read(database, "SELECT 1 FROM packets")), "something is indexed")
        give(database, "model.json", level="Plant.Old", valve="Plant.Valve")
        wait_until(lambda: bool(read(database, "SELECT name_file_id FROM checkpoint")[0][0]), "the mark")
        add(database, said)
    before = without_notation(database)
    assert len(read(database, DISAGREEMENTS)) == 1
    reindex(database)
    assert without_notation(database) == before
