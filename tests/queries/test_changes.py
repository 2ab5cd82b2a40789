"""`readings --changes` and `--every`: where values changed, and what they were in each interval."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.queries.asking import START
from tests.store_traffic import HELLO, LEVEL, VALVE, add, frames, reading
from xentara_inspect.index.process import catch_up
from xentara_inspect.queries.changes import INTERVAL_KEYS, changes, intervals

SECOND = 10**9


def push(value: str, quality: int | None = None, element: str = LEVEL) -> str:
    told = "" if quality is None else f", 9: 121({quality})"
    return f"<[[8, 0, {{1: {element}, 2: {{11: {value}{told}}}}}]]"


def said(database: Path, *lines: tuple[float, str]) -> Path:
    """A database in which these messages came at so many seconds."""
    made = frames(*HELLO, *(line for _, line in lines))
    timed = [
        frame._replace(time=START + int(second * SECOND))
        for frame, (second, _) in zip(made[2:], lines, strict=True)
    ]
    add(database, [*made[:2], *timed])
    catch_up(database)
    return database


def changed(database: Path, **filters: Any) -> list[tuple[Any, ...]]:
    with reading(database) as connection:
        return [(row["value"], row["quality"], row["error_code"]) for row in changes(connection, **filters)]


def summed(database: Path, *keys: str, every: int = SECOND, **filters: Any) -> list[tuple[Any, ...]]:
    with reading(database) as connection:
        return [tuple(row[key] for key in keys) for row in intervals(connection, every=every, **filters)]


def test_a_change_is_another_value_quality_or_error_than_before(database: Path) -> None:
    values = [
        "121(1)",
        "121(1)",
        "121(2)",
        "122({0: -32109})",
        "122({0: -32109})",
        "122({0: -32102})",
        "121(2)",
    ]
    said(database, *((number + 1, push(value)) for number, value in enumerate(values)))
    assert changed(database) == [
        (1, None, None), (2, None, None), (None, None, -32109), (None, None, -32102), (2, None, None),
    ]  # fmt: skip


def test_a_change_of_quality_alone_counts(database: Path) -> None:
    said(database, (1, push("121(1)", 0)), (2, push("121(1)", 3)), (3, push("121(1)", 3)))
    assert changed(database, attribute="Value") == [(1, 0, None), (1, 3, None)]


def test_values_that_only_python_takes_for_equal_are_changes(database: Path) -> None:
    said(database, *((number, push(f"121({value})")) for number, value in enumerate(("1", "1.0", "true"), 1)))
    assert changed(database) == [(1, None, None), (1.0, None, None), (True, None, None)]


def test_nan_is_the_same_as_nan(database: Path) -> None:
    said(database, (1, push("121(NaN)")), (2, push("121(NaN)")))
    assert changed(database) == [("NaN", None, None)]


def test_elements_are_compared_with_themselves_and_writes_with_writes(database: Path) -> None:
    write = f">[[0, 7, 5, {{0: {LEVEL}, 1: 11, 2: 9}}]]"
    said(database, (1, push("121(1)")), (2, push("121(2)", element=VALVE)), (3, write), (4, push("121(1)")))
    assert [value for value, *_ in changed(database)] == [1, 2, 9]


def test_the_newest_changes_are_listed(database: Path) -> None:
    said(database, *((number + 1, push(f"121({number // 2})")) for number in range(9)))
    assert [value for value, *_ in changed(database, limit=2)] == [3, 4]
    assert [value for value, *_ in changed(database, limit=0)] == [0, 1, 2, 3, 4]


def test_intervals_sum_up_what_was_seen_in_them(database: Path) -> None:
    said(database, (1.1, push("121(3)", 0)), (1.5, push("121(1.5)", 3)), (1.9, push("121(2)", 1)),
         (2.0, push("121(7)")), (4.2, push("121(5)", element=VALVE)))  # fmt: skip
    with reading(database) as connection:
        first, *others = intervals(connection, every=SECOND, attribute="Value")
    assert tuple(first) == INTERVAL_KEYS
    assert first == {
        "time": "2023-11-14T22:13:21.000000000Z",
        "element": "e3ee1071-4d88-4ba1-8e5d-0f1e4ce25ee8",
        "attribute": "Value",
        "count": 3,
        "min": 1.5,
        "max": 3,
        "mean": pytest.approx(6.5 / 3),
        "last": 2,
        "quality": 1,
        "errors": 0,
    }
    assert [(row["time"][17:19], row["count"], row["last"]) for row in others] == [("22", 1, 7), ("24", 1, 5)]


def test_intervals_begin_at_multiples_of_their_length(database: Path) -> None:
    said(database, (1, push("121(1)")), (45, push("121(2)")))
    assert summed(database, "time", every=60 * SECOND) == [
        ("2023-11-14T22:13:00.000000000Z",), ("2023-11-14T22:14:00.000000000Z",),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("values", "row"),
    [
        (["true", "false", "true"], (3, 0, 1, pytest.approx(2 / 3), True)),
        (['"on"', '"off"'], (2, None, None, None, "off")),
        (["NaN", "2.5", "Infinity"], (3, 2.5, 2.5, 2.5, "Infinity")),
        (["9007199254740993", "1"], (2, 1, "9007199254740993", 4503599627370497.0, 1)),
        (
            ["18446744073709551615"],
            (1, "18446744073709551615", "18446744073709551615", 2.0**64, "18446744073709551615"),
        ),
    ],
)
def test_what_is_no_number_has_no_mean(values: list[str], row: tuple[Any, ...], database: Path) -> None:
    said(database, *((1 + number / 10, push(f"121({value})")) for number, value in enumerate(values)))
    assert summed(database, "count", "min", "max", "mean", "last") == [row]


def test_errors_are_counted_beside_values(database: Path) -> None:
    said(database, (1.1, push("121(1)")), (1.2, push("122({0: -32109})")), (2, push("122({0: -32109})")))
    assert summed(database, "count", "last", "errors") == [(1, 1, 1), (0, None, 1)]


def test_what_was_to_be_written_is_summed_up_where_it_is_asked_for(database: Path) -> None:
    said(database, (1.1, f">[[0, 7, 5, {{0: {LEVEL}, 1: 11, 2: 9}}]]"), (1.2, push("121(1)")))
    assert summed(database, "count", "last") == [(1, 1)]
    assert summed(database, "count", "last", origin="write") == [(1, 9)]


def test_the_newest_intervals_are_listed(database: Path) -> None:
    said(database, *((number, push(f"121({number})")) for number in range(1, 9)))
    assert summed(database, "last", limit=2) == [(7,), (8,)]
