"""`findings`: where the traffic departs from the specification."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.queries.asking import START, ask
from xentara_inspect.queries.unknown import QuestionError

KEYS = "id session time code severity message frame exchange"


def test_rows_have_exactly_the_keys_of_the_contract(conversation: Path) -> None:
    assert {" ".join(row) for row in ask(conversation, "findings")} == {KEYS}


def test_findings_name_their_frame_and_exchange(conversation: Path) -> None:
    (unanswered, *_) = ask(conversation, "findings", code="unanswered-request")
    assert unanswered["exchange"] == "11p2"
    (malformed,) = ask(conversation, "findings", code="malformed-cbor", severity="error", session=1)
    assert (malformed["frame"], malformed["exchange"]) == (10, None)


def test_they_are_listed_like_everything_else(conversation: Path) -> None:
    everything = ask(conversation, "findings", limit=0)
    assert [row["time"] for row in everything] == sorted(row["time"] for row in everything)
    assert ask(conversation, "findings", limit=2) == everything[-2:]
    late = ask(conversation, "findings", since=START + 15_000_000)
    early = ask(conversation, "findings", until=START + 15_000_000)
    assert early + late == everything
    assert early
    assert late


def test_a_code_that_there_is_not_is_no_empty_answer(conversation: Path) -> None:
    with pytest.raises(
        QuestionError, match=r"finding code helo-missing is not known; did you mean hello-miss"
    ):
        ask(conversation, "findings", code="helo-missing")
    assert ask(conversation, "findings", code="hello-missing") == []
