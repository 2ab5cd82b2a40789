"""`events`: what servers pushed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.queries.asking import ask, fill, show
from tests.store_traffic import HELLO, LEVEL, event
from xentara_inspect.queries.unknown import QuestionError


def test_an_event_has_its_values_by_name_and_its_subscription(conversation: Path) -> None:
    assert ask(conversation, "events", limit=1) == [
        {
            "id": "18p1",
            "session": 1,
            "time": "2023-11-14T22:13:20.018000000Z",
            "source_time": "2023-11-14T22:13:20.000000003Z",
            "event_type": "Data Change",
            "element": "Plant.Tank 1.Level",
            "values": {"Value": 3.5, "Quality": 0},
            "subscription": None,
            "summary": "Plant.Tank 1.Level: Value = 3.5, Quality = Good",
        }
    ]


def test_an_event_belongs_to_what_was_asked_before_even_where_it_overtakes_the_answer(
    conversation: Path,
) -> None:
    """The third comes after the unsubscribe."""
    subscriptions = [row["subscription"] for row in ask(conversation, "events")]
    assert subscriptions == ["6p1", "6p1", None]
    assert [row["id"] for row in ask(conversation, "subscriptions")] == ["6p1"]


def test_errors_times_and_attributes_met_twice_are_told_apart(database: Path) -> None:
    values = "{11: 122({0: -32102}), 5: 121(1(1)), 12: 121(true), 12: 121(null), 12: 121(7)}"
    fill(database, *HELLO, f"<[[8, 0, {{0: 1(-1), 1: {LEVEL}, 2: {values}}}], [8, 1, {{0: 2}}]]")
    first, second = ask(database, "events")
    assert first["values"] == {
        "Value": {"error_code": -32102, "error_name": "Access Denied"},
        "Source Time": "1970-01-01T00:00:01.000000000Z",
        "Error": True,
        "Error (12)": None,
        "Error (12) 5": 7,
    }
    assert first["source_time"] == "1969-12-31T23:59:59.000000000Z"
    assert (second["event_type"], second["values"], second["element"]) == ("Stage Change", {}, None)


def test_notation_is_written_on_demand_and_the_same_that_show_writes(conversation: Path) -> None:
    for row in ask(conversation, "events", with_notation=True):
        assert row["notation"] == show(conversation, row["id"])["response"]["notation"]
        assert "# element_uuid: Plant.Tank 1.Level" in row["notation"]


def test_an_element_that_nobody_told_of_is_no_empty_answer(conversation: Path) -> None:
    with pytest.raises(QuestionError, match=r"did you mean Plant\.Tank 1\.Level\?"):
        ask(conversation, "events", element="plant.tank 1.levle")
    assert ask(conversation, "events", element="Plant.Valve") == []


@pytest.mark.slow
@pytest.mark.parametrize("limit", [0, 5])
def test_the_events_of_an_element_are_the_same_however_they_are_found(database: Path, limit: int) -> None:
    """A rare element is looked for by stretches, one that is everywhere by time."""
    other = f"37(h'{'02' * 16}')"
    batch = ", ".join(
        f"[8, 0, {{0: 1({number}), 1: {LEVEL}, 2: {{11: 121({number})}}}}]" for number in range(90)
    )
    rare = f"<[[8, 0, {{0: 1(1), 1: {other}, 2: {{11: 121(true)}}}}]]"
    lines = [*HELLO]
    for number in range(60):
        lines.append(f"<[{batch}]")
        if number in (3, 40):
            lines.append(rare)
    fill(database, *lines, event(1))
    for element in ("e3ee10714d884ba18e5d0f1e4ce25ee8", "02" * 16):
        everything = [row for row in ask(database, "events", limit=0) if element == _digits(row["element"])]
        assert everything
        assert ask(database, "events", element=element, limit=limit) == everything[-limit:]
        readings = [row for row in ask(database, "readings", limit=0) if element == _digits(row["element"])]
        assert ask(database, "readings", element=element, limit=limit) == readings[-limit:]


def _digits(uuid: str) -> str:
    return uuid.replace("-", "")
