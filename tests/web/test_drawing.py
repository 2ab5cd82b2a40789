"""Drawings: lengths out of numbers, texts that stay texts."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from xentara_inspect.web.axes import STEPS, TimeAxis, step_for, time_axis, top_of
from xentara_inspect.web.drawing import Bar, Curve, Drawing, Life, bars, curve, spread, time_line

SECOND = 10**9
AXIS = TimeAxis(0, 10 * SECOND)


def parsed(drawing: Drawing) -> ElementTree.Element:
    return ElementTree.fromstring(drawing)


def classed(drawing: Drawing, name: str, kind: str) -> list[ElementTree.Element]:
    return [element for element in parsed(drawing).iter(name) if element.get("class") == kind]


def test_a_bar_is_as_high_as_its_number_and_stands_at_its_time() -> None:
    drawn = bars([Bar(5 * SECOND, 6 * SECOND, [("request", 50)], "")], AXIS, 100, "100", height=80)
    (bar,) = classed(drawn, "rect", "request")
    assert (bar.get("x"), bar.get("width"), bar.get("height")) == ("50%", "8.6%", "40")


def test_parts_of_a_bar_stand_on_each_other() -> None:
    drawn = bars([Bar(0, SECOND, [("error", 25), ("request", 50)], "")], AXIS, 100, "100", height=80)
    (below,), (above,) = classed(drawn, "rect", "error"), classed(drawn, "rect", "request")
    assert float(above.get("y", "")) + float(above.get("height", "")) == float(below.get("y", ""))


def test_one_of_a_million_can_be_seen_and_none_of_them_not() -> None:
    drawn = bars([Bar(0, 1, [("error", 1), ("request", 0)], "")], AXIS, 10**6, "1,000,000")
    (bar,) = classed(drawn, "rect", "error")
    assert bar.get("height") == "1"
    assert float((bar.get("width") or "").removesuffix("%")) > 0.1
    assert not classed(drawn, "rect", "request")


def test_texts_stay_texts_and_hide_nothing() -> None:
    name = "<script>&\"'\u202e"
    for drawn in (
        bars([Bar(0, 1, [("event", 1)], name)], AXIS, 1, name),
        time_line([Life(0, 1, name, "open", "session-1", name)], AXIS),
    ):
        texts = [element.text for element in parsed(drawn).iter() if element.text]
        assert "<script>&\"'\\u202e" in texts
        assert "<script" not in drawn


def test_a_row_of_a_time_line_leads_to_what_it_shows_and_has_its_marks() -> None:
    life = Life(2 * SECOND, 4 * SECOND, "1", "closed", "session-1", "", [("error", 3 * SECOND)])
    drawn = time_line([life], AXIS)
    assert [link.get("href") for link in parsed(drawn).iter("a")] == ["#session-1"]
    (bar,) = classed(drawn, "rect", "closed")
    assert (bar.get("x"), bar.get("width")) == ("20%", "20%")
    (mark,) = classed(drawn, "line", "error")
    assert mark.get("x1") == "30%"


def test_a_curve_is_broken_between_its_parts_and_a_single_value_is_a_dot() -> None:
    line = Curve([[(0, 1.0), (SECOND, 3.0)], [(5 * SECOND, 2.0)]], [(SECOND, 3.0)], [7 * SECOND])
    drawn = curve(line, AXIS, height=100)
    (part,) = classed(drawn, "polyline", "value")
    assert part.get("points") == "0,116 100,16"
    (dot,) = classed(drawn, "circle", "value")
    assert (dot.get("cx"), dot.get("cy")) == ("50%", "66")
    assert len(classed(drawn, "circle", "bad")) == 1
    assert len(classed(drawn, "line", "error")) == 1
    assert [text.text for text in classed(drawn, "text", "top")] == ["3", "1"]


@pytest.mark.slow
def test_a_curve_of_a_million_values_keeps_the_highest_and_is_short() -> None:
    points = [(number * 10_000, float(number % 10)) for number in range(1_000_000)]
    points[500_000] = points[500_000][0], 99.0
    drawn = curve(Curve([points]), AXIS, height=100)
    (part,) = classed(drawn, "polyline", "value")
    assert len(drawn) < 40_000
    assert ",16 " in str(part.get("points"))


def test_a_value_that_never_moves_is_a_line_in_the_middle() -> None:
    drawn = curve(Curve([[(0, 5.0), (SECOND, 5.0)]]), AXIS, height=100)
    (part,) = classed(drawn, "polyline", "value")
    assert part.get("points") == "0,66 100,66"


def test_latencies_are_spread_from_median_to_maximum() -> None:
    drawn = spread([1, 4, 9, 16], 16)
    places = [(rect.get("class"), rect.get("x")) for rect in parsed(drawn).iter("rect")][1:]
    assert places == [("near", "25%"), ("far", "50%"), ("farthest", "75%"), ("median", "25%")]
    assert "nan" not in spread([0, 0, 0, 0], 0)


def test_a_latency_below_zero_of_a_clock_that_went_backwards_stands_at_zero() -> None:
    places = [rect.get("x") for rect in parsed(spread([-5, 4, 9, 16], 16)).iter("rect")][1:]
    assert places == ["0%", "50%", "75%", "0%"]


@pytest.mark.parametrize(
    ("length", "most", "step"),
    [(1, 8, STEPS[0]), (80 * SECOND, 8, 10 * SECOND), (81 * SECOND, 8, 15 * SECOND), (10**30, 8, STEPS[-1])],
)
def test_steps_are_those_that_people_count_in(length: int, most: int, step: int) -> None:
    assert step_for(length, most) == step


def test_ticks_stand_at_round_times_of_the_place_where_they_are_read() -> None:
    half_past = 30 * 60 * SECOND
    hour = 3600 * SECOND

    def label(time: int, _step: int) -> str:
        return f"{time / hour:g}"

    assert [tick.label for tick in time_axis(hour // 10, 4 * hour, 4, label).ticks] == ["1", "2", "3", "4"]
    shifted = time_axis(hour // 10, 4 * hour, 4, label, offset=half_past).ticks
    assert [tick.label for tick in shifted] == ["0.5", "1.5", "2.5", "3.5"]


def test_an_axis_of_a_moment_has_a_length() -> None:
    axis = time_axis(5, 5, 8, lambda time, _: str(time))
    assert axis.place(5) == 0
    assert axis.last > axis.first


@pytest.mark.parametrize(("value", "top"), [(0, 1), (0.37, 0.4), (1, 1), (84, 100), (1_000_010, 1_500_000)])
def test_an_axis_of_numbers_ends_at_a_round_one(value: float, top: float) -> None:
    assert top_of(value) == pytest.approx(top)
