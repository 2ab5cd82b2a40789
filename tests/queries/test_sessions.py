"""`sessions`: connections."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.queries.asking import START, ask, fill
from tests.store_traffic import BYE, HELLO, LEVEL, LEVEL_UUID, VALVE, VALVE_UUID, event, info
from xentara_inspect.queries.sessions import SESSION_KEYS
from xentara_inspect.queries.unknown import QuestionError

CONTRACT = [
    "id",
    "client",
    "server",
    "path",
    "subprotocol",
    "user",
    "opened",
    "closed",
    "close_code",
    "close_reason",
    "closed_by",
    "refused",
    "source",
    "frames",
    "requests",
    "errors",
    "events",
    "findings",
    "dropped",
    "duration_ms",
    "user_agent",
    "origin",
    "requests_per_s",
    "events_per_s",
]


def test_the_keys_of_the_contract_come_first(conversation: Path) -> None:
    assert list(SESSION_KEYS)[: len(CONTRACT)] == CONTRACT
    assert [tuple(row) for row in ask(conversation, "sessions")] == [SESSION_KEYS]


def test_a_session_is_counted(conversation: Path) -> None:
    (session,) = ask(conversation, "sessions")
    counted = {key: session[key] for key in ("frames", "requests", "errors", "events", "dropped")}
    assert counted == {"frames": 19, "requests": 10, "errors": 1, "events": 3, "dropped": 0}
    assert session["findings"] == len(ask(conversation, "findings"))
    assert session["closed"] == "2023-11-14T22:13:29.000000000Z"
    assert BYE.reason == session["close_reason"]


def test_those_open_at_a_time_are_chosen_and_the_newest_counted_from_the_end(database: Path) -> None:
    for number in range(3):
        opened = START + number * 3_000_000_000
        fill(database, *HELLO, start=opened, about=info(f"flow-{number}", opened=opened))
    ids = [row["id"] for row in ask(database, "sessions")]
    assert ids == [1, 2, 3]
    assert [row["id"] for row in ask(database, "sessions", limit=2)] == [2, 3]
    assert [row["id"] for row in ask(database, "sessions", until=START + 1)] == [1]
    assert [row["id"] for row in ask(database, "sessions", since=BYE.time + 1)] == []


def test_rates_are_means_over_the_time_that_a_session_was_open(database: Path) -> None:
    fill(database, *HELLO, about=info(opened=START), start=START)
    (session,) = ask(database, "sessions")
    assert (session["duration_ms"], session["requests_per_s"], session["events_per_s"]) == (
        9000.0,
        0.111,
        0.0,
    )


def asked_for_its_user(answer: str) -> tuple[str, ...]:
    return (*HELLO, ">[[0, 2, 0, {0: [0, 1]}]]", f"<[[{answer}]]")


def test_the_user_is_whom_http_names_or_whom_the_server_names_when_asked(database: Path) -> None:
    nobody = replace(info("flow-2"), user=None)
    fill(database, *asked_for_its_user('1, 2, {1: "bob"}'), about=info("flow-1"))
    fill(database, *asked_for_its_user('1, 2, {0: "1.0", 1: "bob"}'), about=nobody)
    for number, answer in enumerate(('1, 2, {1: ""}', "1, 2, {1: 7}", '2, 2, {1: "bob"}', "1, 2, [1]"), 3):
        fill(database, *asked_for_its_user(answer), about=replace(nobody, flow_id=f"flow-{number}"))
    assert [row["user"] for row in ask(database, "sessions")] == ["ann", "bob", None, None, None, None]


def test_sessions_are_chosen_by_the_elements_that_were_named_in_them(database: Path) -> None:
    read_valve = (*HELLO, f">[[0, 2, 4, {{0: {VALVE}, 1: [11]}}]]", "<[[1, 2, {11: 121(1)}]]")
    subscribed = (*HELLO, f">[[0, 2, 6, {{0: [{{0: {LEVEL}, 1: [11]}}, {{0: {VALVE}, 1: [11]}}]}}]]")
    looked_up = (*HELLO, '>[[0, 2, 3, {0: "Plant.Nowhere"}]]')
    for number, said in enumerate((HELLO, read_valve, (*HELLO, event(1)), subscribed, looked_up)):
        fill(database, *said, about=info(f"flow-{number}"))
    assert [row["id"] for row in ask(database, "sessions", element=VALVE_UUID)] == [2, 4]
    assert [row["id"] for row in ask(database, "sessions", element=LEVEL_UUID)] == [3, 4]
    assert [row["id"] for row in ask(database, "sessions", element=[LEVEL_UUID, VALVE_UUID])] == [2, 3, 4]
    assert [row["id"] for row in ask(database, "sessions", element="Plant.Nowhere")] == [5]
    with pytest.raises(QuestionError, match=r"Plant\.Valve"):
        ask(database, "sessions", element="Plant.Valve")
