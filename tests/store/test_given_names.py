"""Names of files in a database, each read when it is asked for."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from xentara_inspect.store.columns import stored_uuid
from xentara_inspect.store.database import open_for_writing
from xentara_inspect.store.given_names import StoredNames, give_names, given_names
from xentara_inspect.traffic.names import GivenName

LEVEL, VALVE, PUMP = (bytes([number]) * 16 for number in (1, 2, 3))


def test_one_by_one_they_are_what_they_are_all_together(tmp_path: Path) -> None:
    with (
        closing(open_for_writing(tmp_path / "a.db")) as older,
        closing(open_for_writing(tmp_path / "b.db")) as newer,
    ):
        assert not StoredNames(older, newer)
        assert give_names(older, "a.json", {LEVEL: "Level", VALVE: "Valve"}, 1) == 2
        assert give_names(older, "b.csv", {LEVEL: "Tank.Level", VALVE: "Valve"}, 2) == 1
        assert give_names(newer, "c.csv", {VALVE: "Gate"}, 3) == 1
        assert dict(StoredNames(older)) == given_names(older)
        both = StoredNames(newer, older)
        assert both
        assert both.get(PUMP) is None
        assert both[VALVE] == GivenName("Gate", "c.csv")
        everything = {LEVEL: GivenName("Tank.Level", "b.csv"), VALVE: GivenName("Gate", "c.csv")}
        assert dict(both) == everything
        assert len(StoredNames(newer, older)) == 2
        assert StoredNames(older, newer)[VALVE] == GivenName("Valve", "a.json")


def test_what_the_traffic_tells_alike_is_no_news(tmp_path: Path) -> None:
    with closing(open_for_writing(tmp_path / "a.db")) as connection:
        connection.execute(
            "INSERT INTO elements (uuid, primary_key) VALUES (?, 'Level')", (stored_uuid(LEVEL),)
        )
        assert give_names(connection, "a.json", {LEVEL: "Level", VALVE: "Valve"}, 1) == 1
        assert set(given_names(connection)) == {LEVEL, VALVE}


def test_up_to_a_file_later_ones_do_not_count(tmp_path: Path) -> None:
    with closing(open_for_writing(tmp_path / "a.db")) as connection:
        give_names(connection, "a.json", {LEVEL: "Level"}, 1)
        give_names(connection, "b.csv", {LEVEL: "Tank.Level"}, 2)
        assert given_names(connection, 0) == {}
        assert given_names(connection, 1) == {LEVEL: GivenName("Level", "a.json")}
        assert given_names(connection)[LEVEL].source == "b.csv"
