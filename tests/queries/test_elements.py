"""`elements`: what the traffic told of each."""

from __future__ import annotations

from pathlib import Path

from tests.queries.asking import ask
from xentara_inspect.queries.elements import ELEMENT_KEYS


def test_elements_have_names_and_categories(conversation: Path) -> None:
    rows = ask(conversation, "elements")
    assert [(row["primary_key"], row["category"], row["learned_from"]) for row in rows] == [
        ("Plant.Tank 1.Level", None, "lookup"),
        ("Plant.Valve", "Device", "meta_data"),
    ]
    assert {tuple(row) for row in rows} == {ELEMENT_KEYS}


def test_the_limit_is_those_seen_last(conversation: Path) -> None:
    everything = ask(conversation, "elements", limit=0)
    assert len(everything) == 2
    (last,) = ask(conversation, "elements", limit=1)
    assert last in everything
