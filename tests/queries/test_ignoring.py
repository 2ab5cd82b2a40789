"""What does not count when recordings are compared: kinds of differences, events, commands, names."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.compared import SAID, compared
from tests.queries.asking import fill
from tests.store_traffic import LEVEL_UUID
from xentara_inspect.queries.unknown import QuestionError

OTHER = (
    *(
        line.replace("121(21.5)", "121(22.5)")  # value of a read
        .replace("11: 121(2)", "11: 121(3)")  # of an event
        .replace("2: 7,", "2: 8,")  # of a write
        .replace("[[1, 9]]", "[[2, 9, {0: -32106}]]")  # unsubscribe
        .replace("2: 6}, {", "2: 5}, {")  # browse
        for line in SAID
    ),
    ">[[0, 10, 8]]",
    "<[[1, 10, 0]]",
)
FOUND = {"read", "write", "unsubscribe", "browse", "get_stage", "events"}


@pytest.fixture(scope="module")
def databases(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("ignoring")
    return fill(folder / "a.db", *SAID), fill(folder / "b.db", *OTHER)


def told(databases: tuple[Path, Path], *ignore: str) -> set[str]:
    """The commands of what differs, or that events do."""
    return {str(row[3] or "events") for row in compared(*databases, ignore=ignore)}


@pytest.mark.parametrize(
    ("ignored", "gone"),
    {
        (): (),
        ("missing",): (),
        ("order",): (),
        ("latency",): (),
        ("extra",): ("get_stage",),
        ("answer",): ("browse",),
        ("value",): ("read", "write", "events"),
        ("error",): ("unsubscribe",),
        ("events",): ("events",),
        ("command:read", "command:7"): ("read", "unsubscribe"),
        ("attribute:value",): ("read", "write", "events"),
        ("attribute:11",): ("read", "write", "events"),
        ("attribute:Quality",): (),
        ("element:Plant.Level",): ("read", "events", "unsubscribe"),
        ("element:Plant.*",): ("read", "write", "events", "unsubscribe"),
        (f"element:{LEVEL_UUID}",): ("read", "events", "unsubscribe"),
        ("attribute:Value", "error", "extra"): ("read", "write", "events", "unsubscribe", "get_stage"),
    }.items(),
    ids=str,
)
def test_what_is_ignored_is_not_told(
    ignored: tuple[str, ...], gone: tuple[str, ...], databases: tuple[Path, Path]
) -> None:
    assert told(databases, *ignored) == FOUND - set(gone)


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("ordr", "what to ignore: ordr is not known; did you mean order"),
        ("element:", "what to ignore: element is not known; did you mean element:"),
        ("color:red", "what to ignore: color:red is not known"),
        ("command:reed", "command reed is not known; did you mean read"),
        ("attribute:Valu", "attribute Valu is not known; did you mean Value"),
        ("element:Plant.Levle", "element Plant.Levle is not known; did you mean Plant.Level"),
    ],
)
def test_what_cannot_be_ignored_is_said(word: str, message: str, databases: tuple[Path, Path]) -> None:
    with pytest.raises(QuestionError, match=message):
        compared(*databases, ignore=[word])


def test_an_element_is_ignored_by_a_name_that_only_one_side_knows(
    databases: tuple[Path, Path], database: Path
) -> None:
    nameless = fill(database, *(line for line in OTHER if "Plant" not in line and "[[1, 2," not in line))
    assert {"read", "events"} <= told((databases[0], nameless))
    for sides in ((databases[0], nameless), (nameless, databases[0])):
        assert not {"read", "events"} & told(sides, "element:Plant.Level")
