"""`sessions`: connections."""

from __future__ import annotations

from pathlib import Path

from tests.queries.asking import START, ask, fill
from tests.store_traffic import BYE, HELLO, info
from xentara_inspect.queries.sessions import SESSION_KEYS

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
