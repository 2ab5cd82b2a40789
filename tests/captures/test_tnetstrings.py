"""Flow files are read as mitmproxy reads them, only faster."""

from __future__ import annotations

import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mitmproxy.io import tnetstring

from xentara_inspect.captures import tnetstrings

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.binary() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@pytest.mark.slow
@given(st.lists(VALUES, max_size=3))
def test_what_mitmproxy_writes_is_read(values: list[Any]) -> None:
    file = io.BytesIO(b"".join(tnetstring.dumps(value) for value in values))
    assert [tnetstrings.load(file) for _ in values] == values
    with pytest.raises(EOFError):
        tnetstrings.load(file)


@given(VALUES, st.data())
def test_what_is_cut_off_or_changed_is_a_value_or_a_value_error(value: Any, data: st.DataObject) -> None:
    whole = tnetstring.dumps(value)
    cut = data.draw(st.integers(0, len(whole) - 1))
    byte = data.draw(st.integers(0, 255))
    with pytest.raises((ValueError, EOFError)):
        tnetstrings.load(io.BytesIO(whole[:cut]))
    changed = whole[:cut] + bytes([byte]) + whole[cut + 1 :]
    try:
        read = tnetstrings.load(io.BytesIO(changed))
    except (ValueError, EOFError):
        return
    assert repr(read) == repr(tnetstring.load(io.BytesIO(changed)))
