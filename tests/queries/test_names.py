"""`names`, and every other question where only a file says what elements are called."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.name_files import TIMER_UUID, write_model
from tests.queries.asking import ask, fill, show
from tests.store_traffic import (
    CONVERSATION,
    HELLO,
    LEVEL,
    LEVEL_UUID,
    SUBSCRIPTION,
    VALVE,
    VALVE_UUID,
    event,
    info,
    read,
    reading,
)
from xentara_inspect.index.process import catch_up
from xentara_inspect.queries.databases import open_databases
from xentara_inspect.queries.elements import elements
from xentara_inspect.queries.log import log
from xentara_inspect.queries.names import NAME_KEYS, names
from xentara_inspect.queries.unknown import QuestionError
from xentara_inspect.store.database import open_for_writing
from xentara_inspect.store.name_files import import_names

PANEL = (
    *HELLO,
    f">[[0, 2, 6, {{0: [{{0: {LEVEL}, 1: [11, 9]}}, {{0: {VALVE}, 1: [11]}}]}}]]",
    f"<[[1, 2, {SUBSCRIPTION}]]",
    event(1),
    f">[[0, 3, 4, {{0: {VALVE}, 1: [11]}}]]",
    "<[[1, 3, {11: 121(1)}]]",
    f">[[0, 4, 7, {{0: {SUBSCRIPTION}}}]]",
    "<[[1, 4]]",
)
"""A client that knows its UUIDs and never asks for a name."""

LEVEL_NAME, VALVE_NAME = "Plant.Tank 1.Level", "Plant.Valve"


def give(database: Path, file: Path) -> None:
    """Read a file of names in, as `names import` does."""
    with closing(open_for_writing(database)) as connection:
        import_names(connection, file, 1_700_000_000_000_000_000)
    catch_up(database)


@pytest.fixture
def panel(database: Path, tmp_path: Path) -> Path:
    """A recording of the panel, indexed before it got its names."""
    fill(database, *PANEL)
    give(database, write_model(tmp_path / "model.json"))
    return database


def test_names_say_what_elements_are_called_and_who_says_so(conversation: Path, tmp_path: Path) -> None:
    give(conversation, write_model(tmp_path / "model.json", level="Old"))
    rows = ask(conversation, "names")
    assert {tuple(row) for row in rows} == {NAME_KEYS}
    assert [tuple(row.values()) for row in rows] == [
        ("c65685e6-b7a2-40b6-bce4-b84d2c538aeb", "Plant", "model.json", None),
        (LEVEL_UUID, LEVEL_NAME, "traffic", "Plant.Tank 1.Old"),
        (VALVE_UUID, VALVE_NAME, "traffic", None),
        (TIMER_UUID, "Track.500ms", "model.json", None),
    ]


def test_the_limit_of_names_is_the_elements_seen_last(panel: Path) -> None:
    assert [row["name"] for row in ask(panel, "names", limit=2)] == [LEVEL_NAME, VALVE_NAME]
    assert len(ask(panel, "names", limit=0)) == 4


def test_every_list_has_the_names(panel: Path) -> None:
    log_rows = ask(panel, "log")
    assert [row["elements"] for row in log_rows] == [
        [], [LEVEL_NAME, VALVE_NAME], [VALVE_NAME], [LEVEL_NAME, VALVE_NAME],
    ]  # fmt: skip
    assert [row["element"] for row in log_rows][2] == VALVE_NAME
    assert [row["element"] for row in ask(panel, "events")] == [LEVEL_NAME]
    assert {row["element"] for row in ask(panel, "readings")} == {LEVEL_NAME, VALVE_NAME}
    (subscription,) = ask(panel, "subscriptions")
    assert [entry["element"] for entry in subscription["elements"]] == [LEVEL_NAME, VALVE_NAME]
    assert [(row["primary_key"], row["learned_from"]) for row in ask(panel, "elements")] == [
        (LEVEL_NAME, "file"),
        (VALVE_NAME, "file"),
    ]


@pytest.mark.parametrize("room", ["log", "events", "readings", "subscriptions"])
def test_every_filter_by_element_takes_the_names(room: str, panel: Path) -> None:
    by_name, by_uuid = (ask(panel, room, element=name) for name in (LEVEL_NAME, LEVEL_UUID))
    assert by_name
    assert by_name == by_uuid


def test_an_element_of_a_file_that_never_occurred_is_known_and_has_no_rows(panel: Path) -> None:
    assert ask(panel, "log", element="Track.500ms") == []
    assert ask(panel, "log", element=TIMER_UUID) == []
    with pytest.raises(QuestionError, match=r"did you mean Plant\.Valve"):
        ask(panel, "log", element="Plant.Valv")
    assert read(panel, "SELECT count(*) FROM elements") == [(2,)]


def test_what_is_shown_as_structure_has_the_names(panel: Path) -> None:
    decoded: Any = show(panel, "6p1")["request"]["decoded"]
    assert decoded["parameters"]["element_uuid"] == {"uuid": VALVE_UUID, "element": VALVE_NAME}


@pytest.mark.parametrize("view", ["exchanges", "events", "readings", "subscriptions"])
def test_every_view_has_the_names(view: str, panel: Path) -> None:
    names_in_view = {row[0] for row in read(panel, f"SELECT element FROM {view}_readable")} - {None}
    assert names_in_view
    assert names_in_view <= {LEVEL_NAME, VALVE_NAME}


def test_a_disagreement_is_in_the_list_of_findings(conversation: Path, tmp_path: Path) -> None:
    give(conversation, write_model(tmp_path / "model.json", level="Old"))
    (finding,) = ask(conversation, "findings", code="name-disagrees")
    assert (finding["severity"], finding["session"], finding["frame"]) == ("warning", None, None)
    assert "is Plant.Tank 1.Level in the traffic and Plant.Tank 1.Old in model.json" in finding["message"]


def test_names_read_into_one_database_hold_for_all_that_are_asked_with_it(
    panel: Path, tmp_path: Path
) -> None:
    other = fill(tmp_path / "other.db", *PANEL, about=info("flow-2"))
    told = fill(tmp_path / "told.db", *CONVERSATION, about=info("flow-3"))
    with reading(other) as connection:
        assert next(iter(log(connection, limit=1)))["elements"] == [LEVEL_UUID, VALVE_UUID]
    with open_databases([str(panel), str(other)]) as both:
        assert [row["elements"] for row in log(both, element=LEVEL_NAME)] == [[LEVEL_NAME, VALVE_NAME]] * 4
        assert {row["source"] for row in names(both)} == {"model.json"}
        assert [row["learned_from"] for row in elements(both)] == ["file", "file"]
    with open_databases([str(told), str(panel)]) as both:
        assert [row["learned_from"] for row in elements(both)] == ["lookup", "meta_data"]
        assert [row["source"] for row in names(both, limit=2)] == ["traffic", "traffic"]
