"""Connections of two recordings: compared with those on which the same, or the most alike, was asked."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.compared import compared
from tests.queries.asking import fill
from tests.store_traffic import BYE, HELLO, add, frames, info
from xentara_inspect.index.process import catch_up

LOOKUP = ('>[[0, 2, 3, {0: "A"}]]', "<[[2, 2, {0: -32102}]]")
STAGE = (">[[0, 2, 8]]", "<[[1, 2, 0]]")
OTHER_STAGE = (">[[0, 2, 8]]", "<[[1, 2, 1]]")
SUSPEND = (">[[0, 3, 10]]", "<[[1, 3]]")


def recorded(path: Path, *talks: tuple[str, ...]) -> Path:
    """Connections that open one after the other."""
    for number, lines in enumerate(talks):
        fill(path, *HELLO, *lines, about=info(f"flow-{number}", opened=1_700_000_000 + number))
    return path


def test_a_connection_that_is_missing_does_not_shift_the_others(tmp_path: Path) -> None:
    a = recorded(tmp_path / "a.db", LOOKUP, STAGE, SUSPEND)
    b = recorded(tmp_path / "b.db", STAGE, SUSPEND)
    assert [row[:4] for row in compared(a, b)] == [
        ("missing", "1p1", None, "client_hello"),
        ("missing", "3p1", None, "lookup"),
    ]
    assert [row[:4] for row in compared(b, a)] == [
        ("extra", None, "1p1", "client_hello"),
        ("extra", None, "3p1", "lookup"),
    ]


def test_connections_that_open_in_another_order_are_the_same(tmp_path: Path) -> None:
    a = recorded(tmp_path / "a.db", LOOKUP, STAGE, LOOKUP)
    assert compared(a, recorded(tmp_path / "b.db", STAGE, LOOKUP, LOOKUP)) == []


def test_what_has_most_in_common_is_compared(tmp_path: Path) -> None:
    a = recorded(tmp_path / "a.db", (*LOOKUP, *SUSPEND), STAGE)
    b = recorded(tmp_path / "b.db", (*OTHER_STAGE, *SUSPEND), LOOKUP)
    assert [(row[0], row[3]) for row in compared(a, b)] == [
        ("missing", "suspend"),
        ("answer", "get_stage"),
        ("extra", "suspend"),
    ]


def test_what_has_nothing_in_common_is_paired_in_its_order(tmp_path: Path) -> None:
    a, b = fill(tmp_path / "a.db", *LOOKUP), fill(tmp_path / "b.db", *STAGE)
    assert [(row[0], row[3]) for row in compared(a, b)] == [("missing", "lookup"), ("extra", "get_stage")]


def test_sessions_can_be_chosen(tmp_path: Path) -> None:
    both = recorded(tmp_path / "a.db", STAGE, OTHER_STAGE)
    assert [row[:4] for row in compared(both, both, session_a="1", session_b="2")] == [
        ("answer", "3p1", "7p1", "get_stage")
    ]
    assert compared(both, both, session_a="2", session_b="2") == []


@pytest.mark.parametrize(
    ("end", "rows"),
    [
        (None, []),
        (BYE._replace(code=None), []),
        (BYE._replace(reason="later"), []),
        (BYE._replace(code=1011), ["connection: closed with code 1000 → closed with code 1011"]),
    ],
)
def test_how_connections_closed_counts_where_both_say_so(
    end: object, rows: list[str], tmp_path: Path
) -> None:
    for name, said in (("a.db", BYE), ("b.db", end)):
        add(tmp_path / name, frames(*HELLO), end=said)  # type: ignore[arg-type]
        catch_up(tmp_path / name)
    found = compared(tmp_path / "a.db", tmp_path / "b.db")
    assert found == [("error", None, None, None, None, row) for row in rows]


def test_a_connection_that_is_refused_is_told(tmp_path: Path) -> None:
    a = recorded(tmp_path / "a.db", STAGE)
    b = recorded(tmp_path / "b.db", STAGE)
    add(b, [], replace(info("flow-9"), refused="HTTP 401"), end=None)
    assert compared(a, b) == [("extra", None, None, None, None, "connection 2, refused: HTTP 401")]
    assert compared(b, a) == [("missing", None, None, None, None, "connection 2, refused: HTTP 401")]
