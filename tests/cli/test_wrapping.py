"""Notation on narrow terminals: comments go on under themselves, and the bytes stay what they were."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.edn import encode
from tests.encodings import encodings
from xentara_inspect import annotate
from xentara_inspect.cli.wrapping import wrapped

READ = """\
[                                                # Packet 3: Request
  0,                                             # Packet Type: Request
  {                                              # Read Object
    0: 37(h'E3EE10714D884BA18E5D0F1E4CE25EE8'),  # element_uuid: Plant.Tank 1.Level
    1: "a # in \\" text"                          # key
  }
]"""


@pytest.mark.parametrize("width", [None, 83, 200])
def test_where_all_fits_nothing_changes(width: int | None) -> None:
    assert wrapped(READ, width) == READ


def test_a_comment_goes_on_under_itself() -> None:
    assert (
        wrapped(READ, 72)
        == """\
[                                         # Packet 3: Request
  0,                                      # Packet Type: Request
  {                                       # Read Object
    0: 37(h'E3EE10714D884BA18E5D0F1E4CE25EE8'),
                                          # element_uuid: Plant.Tank
                                          # 1.Level
    1: "a # in \\" text"                   # key
  }
]"""
    )


def test_what_is_nothing_but_a_comment_goes_on_where_it_begins() -> None:
    assert wrapped("[\n  # one two three\n  # four\n]", 12) == "[\n  # one two\n  # three\n  # four\n]"


def test_a_word_that_is_too_long_is_not_broken() -> None:
    assert wrapped("1  # a/very/long/path b", 10) == "1  # a/very/long/path\n   # b"


@settings(max_examples=100, deadline=None)
@given(encodings, st.integers(1, 100))
def test_it_stays_notation_of_the_same_bytes(data: bytes, width: int) -> None:
    text = wrapped(annotate(data), width)
    assert encode(f"{text}\n") == data
    assert text.count("#") >= annotate(data).count("#")
    for line in text.splitlines():
        if len(line) > width:  # nothing to break: no comment, one with a single word, or one of its own line
            assert not re.search(r"\S +# \S+ \S", line), line


def test_a_line_of_megabytes_is_no_trouble() -> None:
    string = '"' + "a'#" * 1_000_000 + '"'
    assert wrapped(f"{string}  # two words", 20) == f"{string}\n          # two\n          # words"


def test_a_long_line_without_a_comment_is_no_trouble() -> None:
    assert wrapped("1234, " * 10_000, 20) == "1234, " * 10_000
