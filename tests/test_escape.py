"""Text from the network is safe to print, readable where it can be, and comes back from its notation."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.edn import encode
from xentara_inspect.escape import COMMENT_LIMIT, quoted, safe, shortened

CASES = [
    ("Plant.Tank 1.Level", "Plant.Tank 1.Level"),
    ("Füllstand 水 Ω — 20 °C 😀", "Füllstand 水 Ω — 20 °C 😀"),
    ("\x1b]0;pwned\x07", r"\u001b]0;pwned\u0007"),
    ("a\nb\tc\rd", r"a\nb\tc\rd"),
    ("\x7f\x80\x9b", r"\u007f\u0080\u009b"),
    ("\u202e\u202a\u2066\u2069\u200e\u061c", r"\u202e\u202a\u2066\u2069\u200e\u061c"),
    ("\u200b\u200d\ufeff\u2060\u00ad", r"\u200b\u200d\ufeff\u2060\u00ad"),
    ("\u2028\u2029", r"\u2028\u2029"),
    ("\ud800", r"\ud800"),
    ("\ue000\uffff\U0010ffff", r"\ue000\uffff\u{10ffff}"),
    ("\U000e0041\u115f\u3164\ufe0f", r"\u{e0041}\u115f\u3164\ufe0f"),
    ("\u00a0\u3000", r"\u00a0\u3000"),
    ('say "hi" \\ there', 'say "hi" \\ there'),
]


@pytest.mark.parametrize(("text", "shown"), CASES)
def test_text_is_shown_so(text: str, shown: str) -> None:
    assert safe(text) == shown


@given(st.text())
def test_nothing_that_steers_a_terminal_comes_through(text: str) -> None:
    for character in safe(text):
        assert unicodedata.category(character)[0] not in "CZ" or character == " "


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_quoted_text_is_notation_of_the_same_text(text: str) -> None:
    content = text.encode()
    assert encode(quoted(text)).endswith(content)
    assert safe(quoted(text)) == quoted(text)


def test_names_in_comments_are_cut() -> None:
    assert shortened("x" * 500) == "x" * COMMENT_LIMIT + "…"
    assert shortened("x") == "x"
