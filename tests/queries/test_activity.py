"""`activity`: requests, answers and events in steps of time."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.queries.asking import START, fill, record
from tests.store_traffic import CONVERSATION, HELLO, event, reading
from tests.transcript import MILLISECOND
from xentara_inspect.queries.activity import Span, Step, activity, recorded_span
from xentara_inspect.queries.databases import open_databases
from xentara_inspect.queries.unknown import QuestionError
from xentara_inspect.recorder.rotation import Rotation


def test_steps_count_what_began_in_them_and_leave_out_those_of_nothing(database: Path) -> None:
    fill(database, *HELLO, ">[[0, 2, 8], [0, 3, 8]]", "<[[2, 2, {0: -32102}]]", event(1), event(2),
         *(">[[0, 4, 8]]", "<[[1, 4, 5]]") * 2)  # fmt: skip
    with reading(database) as connection:
        steps = activity(connection, width=4 * MILLISECOND)
    assert steps == [
        Step(START, requests=3, errors=1, unanswered=1, answered=2, latency=2e6, slowest=MILLISECOND),
        Step(START + 4 * MILLISECOND, requests=1, answered=1, latency=1e6, slowest=MILLISECOND, events=2),
        Step(START + 8 * MILLISECOND, requests=1, answered=1, latency=1e6, slowest=MILLISECOND),
    ]


def test_only_what_is_asked_for_counts(conversation: Path) -> None:
    with reading(conversation) as connection:
        steps = activity(
            connection, width=10**9, since=START + 3 * MILLISECOND, until=START + 4 * MILLISECOND
        )
        assert [(step.requests, step.events) for step in steps] == [(2, 0)]
        assert recorded_span(connection, until=START + 3 * MILLISECOND) == Span(
            START + MILLISECOND, START + 2 * MILLISECOND, 2
        )
        with pytest.raises(QuestionError, match="session 7 is not known"):
            activity(connection, width=10**9, session="7")


def test_of_nothing_there_is_no_span(database: Path) -> None:
    with reading(fill(database)) as connection:
        assert recorded_span(connection) is None
        assert activity(connection, width=1) == []


@pytest.mark.slow
def test_the_files_of_a_rotated_recording_are_one(tmp_path: Path) -> None:
    told = []
    for name, rotation in (("whole", None), ("parts", Rotation(size=1))):
        paths = record(tmp_path / f"{name}.db", *CONVERSATION, rotation=rotation)
        with open_databases([str(path) for path in paths]) as databases:
            told.append((recorded_span(databases), activity(databases, width=2 * MILLISECOND)))
    assert told[0] == told[1]
