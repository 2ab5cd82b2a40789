"""Somebody has thought of every column of the journal before it goes into a copy."""

from __future__ import annotations

import pytest

from tests.sharing.test_payloads import payloads
from xentara_inspect.sharing.columns import COLUMNS, LEFT_OUT, replaced
from xentara_inspect.store.journal_tables import JOURNAL_TABLES


def test_every_column_has_a_rule_or_its_table_is_left_out() -> None:
    assert set(COLUMNS) | LEFT_OUT == set(JOURNAL_TABLES)
    for table, rules in COLUMNS.items():
        assert list(rules) == list(JOURNAL_TABLES[table].columns), table


def test_what_is_no_number_does_not_pass_as_one() -> None:
    row = dict.fromkeys(COLUMNS["cut_frames"]) | {"frame_id": 1, "length": "Plant.Tank 1"}
    with pytest.raises(ValueError, match="length of cut_frames is of the wrong type"), payloads() as how:
        replaced(how, "cut_frames", row)


@pytest.mark.parametrize(
    ("column", "value", "stays"),
    [
        ("path", "/api/ws", True),
        ("path", "/plant/north", False),
        ("subprotocol", "xentara-v1", True),
        ("subprotocol", "north-v1", False),
        ("refused", "401", True),
        ("refused", "HTTP 401", True),
        ("refused", "no answer", True),
        ("refused", "cannot be reached: connection refused", True),
        ("refused", "cannot be reached: 10.0.0.7", False),
        ("refused", "no route to 10.0.0.7", False),
        ("source", "live", True),
        ("source", "north.flow", False),
        ("close_reason", "the recorder ended before the connection did", True),
        ("close_reason", "bye, north", False),
        ("closed_by", "client", True),
        ("closed_by", "north", False),
        ("user", "ann", False),
        ("user_agent", "North/1.0", False),
        ("fingerprint", "0123456789", False),
    ],
)
def test_words_of_ours_stay_in_sessions(column: str, value: str, stays: bool) -> None:
    row = dict.fromkeys(COLUMNS["sessions"]) | {column: value}
    with payloads() as how:
        assert (replaced(how, "sessions", row)[column] == value) is stays
