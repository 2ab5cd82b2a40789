"""Lines to draw: thinned, broken at gaps and errors, with what is bad marked."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.queries.asking import START
from tests.queries.test_changes import SECOND, push, said
from tests.store_traffic import VALVE, add, frames, reading
from xentara_inspect.index.process import catch_up
from xentara_inspect.queries.series import MOST, Line, lines_to_draw
from xentara_inspect.queries.unknown import QuestionError


def drawn(database: Path, **filters: str) -> list[Line]:
    with reading(database) as connection:
        return lines_to_draw(connection, **filters)


def parts(line: Line) -> list[list[tuple[float, float]]]:
    """The parts with seconds from the start."""
    return [[((time - START) / SECOND, value) for time, value in part] for part in line.parts]


def test_values_that_come_as_usual_are_one_line(database: Path) -> None:
    said(database, (1, push("121(1)")), (2, push("121(2.5)")), (4, push("121(true)")))
    (line,) = drawn(database)
    assert parts(line) == [[(1, 1), (2, 2.5), (4, True)]]
    assert (list(line.bad), list(line.errors)) == ([], [])
    assert line.name == "e3ee1071-4d88-4ba1-8e5d-0f1e4ce25ee8 Value"


def test_a_line_is_broken_where_nothing_came_for_long(database: Path) -> None:
    seconds = (1, 2, 3, 4, 15, 16, 27)
    said(database, *((second, push(f"121({second})")) for second in seconds))
    (line,) = drawn(database)
    assert parts(line) == [[(1, 1), (2, 2), (3, 3), (4, 4)], [(15, 15), (16, 16)], [(27, 27)]]


def test_a_line_is_broken_at_an_error_which_is_marked(database: Path) -> None:
    values = ("121(1)", "122({0: -32109})", "121(2)", "121(NaN)", "121(3)")
    said(database, *((second, push(value)) for second, value in enumerate(values, 1)))
    (line,) = drawn(database)
    assert parts(line) == [[(1, 1)], [(3, 2)], [(5, 3)]]
    assert [(time - START) / SECOND for time in line.errors] == [2, 4]


def test_what_is_not_good_is_marked(database: Path) -> None:
    said(
        database,
        *((second, push(f"121({second})", quality)) for second, quality in enumerate((0, 3, 1, None), 1)),
    )
    (line,) = drawn(database)
    assert [value for _, value in line.bad] == [2, 3]


def test_texts_cannot_be_drawn(database: Path) -> None:
    said(database, (1, push('121("on")')))
    with pytest.raises(QuestionError, match="no numbers"):
        drawn(database)


def test_too_many_elements_are_refused(database: Path) -> None:
    uuids = [f"37(h'{number:032x}')" for number in range(1, MOST + 2)]
    said(database, *((second, push("121(1)", element=uuid)) for second, uuid in enumerate(uuids, 1)))
    with pytest.raises(QuestionError, match="one picture shows 6"):
        drawn(database)


def test_what_was_to_be_written_is_not_drawn(database: Path) -> None:
    said(database, (1, push("121(1)", element=VALVE)), (2, f">[[0, 7, 5, {{0: {VALVE}, 1: 11, 2: 9}}]]"))
    (line,) = drawn(database)
    assert parts(line) == [[(1, 1)]]


def test_a_long_recording_is_thinned_and_keeps_its_extremes_and_ends(database: Path) -> None:
    line = push("121(5)")
    peaks = {1234: push("121(99)"), 2345: push("121(-99)")}
    many = frames(*(peaks.get(number, line) for number in range(5000)), start=START)
    errors = frames(*[push("122({0: -32109})")] * 3, start=START + 6 * SECOND)
    add(database, [*many, *errors])
    catch_up(database)
    (thinned,) = drawn(database)
    (part,) = thinned.parts
    assert len(part) < 5000
    values = [value for _, value in part]
    assert (min(values), max(values)) == (-99, 99)
    assert (part[0][0], part[-1][0]) == (many[0].time, many[-1].time)
    assert [time for time, _ in part] == sorted(time for time, _ in part)
    assert thinned.errors[0] == errors[0].time
