"""`writes`: who changed what, and what came of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.queries.asking import START, ask, fill, record
from tests.store_traffic import CONVERSATION, HELLO, LEVEL, VALVE
from tests.transcript import MILLISECOND
from xentara_inspect.queries.databases import open_databases
from xentara_inspect.queries.writes import WRITE_KEYS, writes
from xentara_inspect.recorder.rotation import Rotation

SUB = "37(h'000000000000000000000000000000{:02x}')"


def test_a_write_is_told_with_user_client_element_value_and_result(conversation: Path) -> None:
    refused, unanswered = ask(conversation, "writes")
    assert tuple(refused) == WRITE_KEYS
    assert refused == {
        "id": "11p1",
        "session": 1,
        "time": "2023-11-14T22:13:20.011000000Z",
        "user": "ann",
        "client": "10.0.0.7:51234",
        "command": "write",
        "element": "Plant.Valve",
        "attribute": "Value",
        "value": "NaN",
        "status": "error",
        "error_code": -32103,
        "error_name": "Read Only",
    }
    assert (unanswered["value"], unanswered["status"]) == ("2", "unanswered")


def test_the_rights_of_a_sub_session_are_those_of_its_user(database: Path) -> None:
    logins = ('123({0: "operator", 1: "x"})', '121({0: "x"})', "122({0: h'30'})")
    lines = [line for number, login in enumerate(logins, 2) for line in (
        f">[[0, {number}, 12, {{0: {login}}}]]", f"<[[1, {number}, {SUB.format(number)}]]")]  # fmt: skip
    asked = [
        f"[0, {number + 9}, 5, {{0: {LEVEL}, 1: 11, 2: 1, 3: {SUB.format(number)}}}]"
        for number in range(2, 6)
    ]
    fill(database, *HELLO, *lines, f">[{', '.join(asked)}, [0, 99, 10, {{0: {SUB.format(2)}}}], [0, 98, 9]]")
    assert [(row["command"], row["user"]) for row in ask(database, "writes")] == [
        ("write", "operator"),
        ("write", "sub-session by OAuth 2.0"),
        ("write", "sub-session by Client Certificate"),
        ("write", "sub-session 00000000-0000-0000-0000-000000000005"),
        ("suspend", "operator"),
        ("resume", "ann"),
    ]


def test_whose_sub_session_it_is_the_last_login_before_says(database: Path) -> None:
    def login(number: int, user: str) -> tuple[str, str]:
        asked = f'>[[0, {number}, 12, {{0: 123({{0: "{user}", 1: "x"}})}}]]'
        return asked, f"<[[1, {number}, {SUB.format(7)}]]"

    write = f">[[0, 5, 5, {{0: {LEVEL}, 1: 11, 2: 1, 3: {SUB.format(7)}}}]]"
    fill(database, *HELLO, *login(2, "bea"), write, "<[[1, 5]]", *login(3, "cem"), write)
    assert [row["user"] for row in ask(database, "writes")] == ["bea", "cem"]


def test_a_request_that_is_no_proper_write_is_listed_too(database: Path) -> None:
    fill(database, *HELLO, '>[[0, 2, 5], [0, 3, 5, {0: 7, 1: "x"}], [0, 4, 5, "x"]]')
    assert [(row["element"], row["attribute"], row["value"]) for row in ask(database, "writes")] == [
        (None, None, None)
    ] * 3


def test_only_what_is_asked_for_is_listed(conversation: Path) -> None:
    assert ask(conversation, "writes", until=START + 11 * MILLISECOND) == []
    assert [row["id"] for row in ask(conversation, "writes", limit=1)] == ["11p2"]


@pytest.mark.slow
def test_in_a_rotated_recording_a_write_is_listed_once_with_its_user(tmp_path: Path) -> None:
    login = ('>[[0, 70, 12, {0: 123({0: "operator", 1: "x"})}]]', f"<[[1, 70, {VALVE}]]")
    write = (f">[[0, 71, 5, {{0: {LEVEL}, 1: 11, 2: 4.5, 3: {VALVE}}}]]", "<[[1, 71]]")
    told = []
    for name, rotation in (("whole", None), ("parts", Rotation(size=1))):
        paths = record(tmp_path / f"{name}.db", *CONVERSATION, *login, *write, rotation=rotation)
        with open_databases([str(path) for path in paths]) as databases:
            told.append(list(writes(databases)))
    assert told[0] == told[1]
    assert (told[0][-1]["user"], told[0][-1]["status"]) == ("operator", "ok")
