"""`watch`: what a plant says now, or said at any time, however it was recorded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.journal import Journal
from tests.queries.asking import START, fill
from tests.store_traffic import (
    BYE,
    CONVERSATION,
    HELLO,
    LEVEL,
    LEVEL_UUID,
    LIVE_INFO,
    VALVE,
    VALVE_UUID,
    event,
    frames,
    info,
)
from xentara_inspect.index.process import catch_up, follow, reindex
from xentara_inspect.queries import latest
from xentara_inspect.queries.unknown import QuestionError
from xentara_inspect.queries.watching import Picture, Watching
from xentara_inspect.recorder.retention import Retention
from xentara_inspect.recorder.rotation import Rotation
from xentara_inspect.store.database import open_for_writing

MS = 1_000_000
SECOND = 1_000 * MS


@contextmanager
def watching(*paths: Path, **options: Any) -> Iterator[Watching]:
    with closing(Watching([str(path) for path in paths], **options)) as watch:
        yield watch


def value_of(picture: Picture, uuid: str = LEVEL_UUID, attribute: str = "Value") -> Any:
    """The newest value of an attribute; None where there is none."""
    found = [value for value in picture.elements[uuid].values if value.attribute == attribute]
    return found[0].value if found else None


def said(value: float, of: str = LEVEL) -> str:
    """A line with an event."""
    return f"<[[8, 0, {{1: {of}, 2: {{11: 121({value}), 9: 121(0)}}}}]]"


def test_an_element_has_the_newest_reading_of_each_attribute(conversation: Path) -> None:
    with watching(conversation) as watch:
        picture = watch.now(0)
    level = picture.elements[LEVEL_UUID]
    assert (level.name, [(value.attribute, value.value) for value in level.values]) == (
        "Plant.Tank 1.Level",
        [("Value", 3.5), ("Quality", 0)],
    )
    newest = level.newest
    assert newest is not None
    assert (newest.packet, newest.time, newest.quality) == ("18p1", START + 18 * MS, "Good")


def test_a_quality_that_was_told_alone_counts_for_the_values_before(database: Path) -> None:
    fill(database, *HELLO, said(1), f"<[[8, 0, {{1: {LEVEL}, 2: {{9: 121(3)}}}}]]")
    with watching(database) as watch:
        element = watch.now(0).elements[LEVEL_UUID]
        assert (element.quality, element.values[0].quality) == ("Bad", "Good")
        assert watch.at(START + 3 * MS).elements[LEVEL_UUID].quality == "Good"


def test_what_was_only_asked_for_by_a_write_is_no_value(conversation: Path) -> None:
    with watching(conversation) as watch:
        assert value_of(watch.now(0), VALVE_UUID) == "18446744073709551615"  # as it was read


def test_an_error_in_the_place_of_a_value_has_its_name(conversation: Path) -> None:
    with watching(conversation) as watch:
        values = {value.attribute: value for value in watch.now(0).elements[VALVE_UUID].values}
    assert (values["Position"].kind, values["Position"].error) == ("error", "Access Denied")


@pytest.mark.parametrize(
    ("after", "value"), [(6, None), (7, 1.5), (8, 1.5), (9, 2.5), (17, 2.5), (18, 3.5), (99, 3.5)]
)
def test_at_a_time_there_is_what_was_said_until_then(after: int, value: Any, conversation: Path) -> None:
    with watching(conversation) as watch:
        assert value_of(watch.at(START + after * MS)) == value


def test_rates_are_those_of_the_seconds_before(database: Path) -> None:
    fill(database, *HELLO, *(said(number) for number in range(20)))
    with watching(database) as watch:
        rates = watch.at(START + 12 * MS).rates  # ten of them
        assert rates == {LEVEL_UUID: pytest.approx(10 * SECOND / latest.WINDOW)}
        assert watch.at(START + latest.WINDOW + 30 * MS).rates == {}


def test_errors_and_findings_are_one_list_the_newest_first(conversation: Path) -> None:
    with watching(conversation) as watch:
        troubles = watch.now(0).troubles
        before = watch.at(START + 11 * MS).troubles
    assert [row["time"] for row in troubles] == sorted((row["time"] for row in troubles), reverse=True)
    assert ("11p1", "write Plant.Valve: Value = NaN: read only (no)") in [
        (row["id"], row["text"]) for row in troubles if row["severity"] == "error"
    ]
    assert {row["severity"] for row in troubles} > {"error"}
    assert before == [row for row in troubles if row in before]
    assert len(before) < len(troubles)


def test_of_one_session_only_what_it_heard_is_shown(database: Path) -> None:
    fill(database, *HELLO, said(1), about=info("a"))
    fill(database, *HELLO, said(2, VALVE), about=info("b"), start=START + SECOND)
    with watching(database, session="2") as watch:
        picture = watch.now(0)
    assert list(picture.elements) == [VALVE_UUID]
    assert [row["id"] for row in picture.sessions] == [2]
    assert picture.first == 1_700_000_000  # when it was opened


def test_a_session_that_is_not_there_is_no_empty_picture(conversation: Path) -> None:
    with pytest.raises(QuestionError, match="session 9 is not known"):
        Watching([str(conversation)], session="9")


def test_time_can_be_gone_through_message_by_message(conversation: Path) -> None:
    with watching(conversation) as watch:
        assert watch.next_message(START + 7 * MS, True) == START + 8 * MS
        assert watch.next_message(START + 7 * MS, False) == START + 6 * MS
        assert watch.next_message(START + 99 * MS, True) == START + 99 * MS


def test_a_packet_can_be_shown(conversation: Path) -> None:
    with watching(conversation) as watch:
        shown = watch.details("18p1")
    assert shown is not None
    assert shown["kind"] == "event"


# Elements that have not said anything for long


@pytest.fixture
def long_silent(database: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One element said something once; so much was said of another since that it is not come upon."""
    monkeypatch.setattr(latest, "LOOKED_THROUGH", 3)
    monkeypatch.setattr(latest, "WINDOW", 5 * MS)
    lines = [*HELLO, said(1, VALVE), said(2, VALVE), *(said(number) for number in range(50))]
    return fill(database, *lines)


def test_what_has_been_silent_for_long_is_found_where_it_spoke_last(long_silent: Path) -> None:
    with watching(long_silent) as watch:
        assert value_of(watch.now(0), VALVE_UUID) == 2
        assert value_of(watch.at(START + 40 * MS), VALVE_UUID) == 2
        assert value_of(watch.at(START + 3 * MS), VALVE_UUID) == 1
        assert value_of(watch.at(START + 2 * MS), VALVE_UUID) is None


def test_also_where_connections_were_read_one_by_one(long_silent: Path) -> None:
    """What stands behind in the file is older than what stands before."""
    lines = [*HELLO, said(7, VALVE), *(said(70 + number) for number in range(50))]
    fill(long_silent, *lines, about=info("b"), start=START - SECOND)
    with watching(long_silent) as watch:
        picture = watch.now(0)
        assert value_of(picture, VALVE_UUID) == 2
        assert value_of(picture) == 49
        assert value_of(watch.at(START - SECOND + 50 * MS), VALVE_UUID) == 7


# A recording that goes on


@contextmanager
def recording(path: Path, **settings: Any) -> Iterator[Any]:
    """Says lines, each in a message of its own, and indexes them."""
    made = frames(*CONVERSATION[:2], *(said(number) for number in range(1, 9)))
    with Journal(path, **settings) as journal:
        session = journal.open_session(LIVE_INFO)
        assert journal.flush()
        position = 0

        def say(count: int) -> None:
            nonlocal position
            journal.record(session, made[position : position + count])
            position += count
            follow(path, lambda _seconds: True)  # until there is nothing more

        yield say
        journal.close_session(session, START + SECOND)


def test_what_is_recorded_meanwhile_is_seen(database: Path) -> None:
    with recording(database) as say:
        say(3)
        with watching(database) as watch:
            first = watch.now(START + SECOND)
            assert (first.is_recorded, first.time, value_of(first)) == (True, START + SECOND, 1)
            say(2)
            assert value_of(watch.now(START + SECOND)) == 3
            assert watch.now(START + SECOND).rates == {LEVEL_UUID: pytest.approx(0.3)}
            assert watch.now(START + 60 * SECOND).rates == {}


@pytest.mark.slow
def test_the_next_files_of_a_recording_are_seen_too(tmp_path: Path) -> None:
    path = tmp_path / "plant.db"
    with recording(path, rotation=Rotation(size=1)) as say:
        say(3)
        with watching(path) as watch:
            assert value_of(watch.now(START + SECOND)) == 1
            for number in range(2, 5):
                say(1)
                assert value_of(watch.now(START + SECOND)) == number
            assert len(list(tmp_path.glob("plant*.db"))) > 3
            assert value_of(watch.at(START + 3 * MS)) == 1


@pytest.mark.slow
def test_the_oldest_file_may_be_deleted_meanwhile(tmp_path: Path) -> None:
    path = tmp_path / "plant.db"
    with recording(path, rotation=Rotation(size=1), retention=Retention(files=2)) as say:
        say(2)
        with watching(path) as watch:
            watch.now(START + SECOND)
            say(4)
            assert not path.exists()
            assert value_of(watch.now(START + SECOND)) == 4
        with watching(path) as watch:  # by the name of a file that is not there any more
            assert value_of(watch.now(START + SECOND)) == 4


def test_a_file_that_a_pattern_means_later_is_seen_too(conversation: Path) -> None:
    pattern = conversation.with_name("*.db")
    with watching(pattern) as watch:
        assert watch.now(0).last == BYE.time
        fill(conversation.with_name("another.db"), *HELLO, event(1), start=START + 10 * SECOND)
        assert watch.now(0).last == START + 10 * SECOND + 3 * MS


def test_names_that_are_told_later_are_used(database: Path) -> None:
    with Journal(database) as journal:
        session = journal.open_session(LIVE_INFO)
        lines = frames(*HELLO, said(1), '>[[0, 2, 3, {0: "Plant.Tank 1.Level"}]]', f"<[[1, 2, {LEVEL}]]")
        journal.record(session, lines[:3])
        catch_up(database)
        with watching(database) as watch:
            assert watch.now(START + SECOND).elements[LEVEL_UUID].name is None
            journal.record(session, lines[3:])
            catch_up(database)
            assert watch.now(START + SECOND).elements[LEVEL_UUID].name == "Plant.Tank 1.Level"


def test_an_error_is_seen_when_it_is_answered(database: Path) -> None:
    with Journal(database) as journal:
        session = journal.open_session(LIVE_INFO)
        lines = frames(*HELLO, ">[[0, 2, 8]]", '<[[2, 2, {0: -32103, 1: "no"}]]')
        journal.record(session, lines[:3])
        catch_up(database)
        with watching(database) as watch:
            assert watch.now(START + SECOND).troubles == []
            journal.record(session, lines[3:])
            catch_up(database)
            errors = [row["text"] for row in watch.now(START + SECOND).troubles if row["id"] == "3p1"]
    assert "get_stage read only (no)" in errors


def test_what_is_indexed_anew_is_read_anew(conversation: Path) -> None:
    with watching(conversation) as watch:
        before = watch.now(0)
        reindex(conversation)
        after = watch.now(0)
    assert (after.elements, after.troubles) == (before.elements, before.troubles)


def test_a_database_without_frames_is_an_empty_picture(database: Path) -> None:
    open_for_writing(database).close()
    with watching(database) as watch:
        picture = watch.now(START)
        assert (picture.first, picture.elements, picture.troubles, picture.sessions) == (0, {}, [], [])
