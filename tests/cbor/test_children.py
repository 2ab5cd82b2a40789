"""Children that are not kept: whoever goes through them finds what a list would hold."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.encodings import encodings
from xentara_inspect import cbor
from xentara_inspect.cbor import LEVELS, Item, children, decoder
from xentara_inspect.cbor.children import Children, Made, Read
from xentara_inspect.notation import lines
from xentara_inspect.notation.messages import annotate, annotate_by_pieces
from xentara_inspect.traffic import packets


@pytest.fixture(autouse=True, scope="module")
def short() -> Iterator[None]:
    """Stretches of a few bytes, so that small examples have many."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(children, "STRETCH", 8)
        patched.setattr(children, "_FEW", 2)
        patched.setattr(decoder, "STRETCH", 8)
        patched.setattr(decoder, "_MANY", 1)
        patched.setattr(decoder, "_HELD", 6)
        patched.setattr(lines, "PIECE", 3)
        yield


def plainly(data: bytes) -> cbor.Document:
    """The data with all items in lists."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(decoder, "thinned", lambda items, *_: items)
        return cbor.decode(data)


def listed(item: Item) -> Item:
    """The item with all items below it in lists."""
    return item._replace(children=[listed(child) for child in item.children])


wide = st.lists(encodings, min_size=4, max_size=30).map(b"".join)
messages = st.builds(
    lambda opening, content, end: opening + content + end,
    st.sampled_from(
        [b"", b"\x9f", b"\xbf", b"\x98\x1e", b"\x9f\x9f", b"\x81\x9f", b"\x9f\x84\x00\x01\x04\x9f"]
    ),
    wide,
    st.sampled_from([b"", b"\xff", b"\xff\xff", b"\xff\xff\xff", b"\x18", b"\x00" * 20]),
)


@pytest.mark.slow
@given(messages)
def test_what_is_made_again_is_what_was_read(data: bytes) -> None:
    thin, plain = cbor.decode(data), plainly(data)
    assert thin.error == plain.error
    assert thin.long_heads == plain.long_heads
    for found, wanted in zip(thin.items, plain.items, strict=True):
        assert repr(listed(found)) == repr(listed(wanted))


@pytest.mark.slow
@given(messages)
def test_packets_are_the_same_however_often_they_are_asked_for(data: bytes) -> None:
    found = packets.parse(data)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(decoder, "thinned", lambda items, *_: items)
        wanted = packets.parse(data)
    for _ in range(2):
        assert [(packet.position, packet.kind) for packet in found.packets] == [
            (packet.position, packet.kind) for packet in wanted.packets
        ]


@pytest.mark.slow
@given(messages, st.sampled_from([None, True, False]), st.booleans())
def test_notation_by_pieces_is_the_notation(data: bytes, from_client: bool | None, comments: bool) -> None:
    pieces: list[str] = []
    annotate_by_pieces(
        packets.parse(data),
        data,
        lambda texts, _: pieces.extend(texts),
        from_client=from_client,
        comments=comments,
    )
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(decoder, "thinned", lambda items, *_: items)
        whole = annotate(data, from_client=from_client, comments=comments)
    assert "\n".join(pieces) == whole.removesuffix("\n")


def test_children_can_be_asked_for_by_their_place() -> None:
    data = b"\x98\x64" + bytes(range(24)) * 4 + b"\x00" * 4
    array = cbor.decode(data).items[0]
    assert isinstance(array.children, Children)
    values = [child.value for child in array.children]
    assert values == [*range(24)] * 4 + [0] * 4
    assert len(array.children) == 100
    for place in (0, 1, 50, 99, -1, -100):
        assert array.children[place].value == values[place]
    for part in (slice(1, None), slice(None, None, 2), slice(90, 10, -7), slice(5, 5)):
        assert [child.value for child in array.children[part]] == values[part]
    assert [child.value for child in array.children[10:][5:][::3]] == values[10:][5:][::3]
    assert isinstance(array.children[1:], Made)
    with pytest.raises(IndexError):
        array.children[100]


def test_a_large_child_is_not_read_again_at_each_level(monkeypatch: pytest.MonkeyPatch) -> None:
    depth = LEVELS
    data = b"\x9f" * depth + (b"\x00" * 20 + b"\xff") * depth
    read = 0

    def counted(again: Read, data: bytes, pos: int, count: int) -> object:
        nonlocal read
        read += count
        return again(data, pos, count)

    monkeypatch.setattr(decoder, "_AGAIN", [partial(counted, again) for again in decoder._AGAIN])
    document = cbor.decode(data)
    assert document.error is None
    item = document.items[0]
    while item.children and item.children[0].children:
        item = item.children[0]
    assert read <= 2 * len(data)
