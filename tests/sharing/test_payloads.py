"""Messages keep their shape to the byte, whatever they are, and lose what the plant named."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.encodings import contents, encodings
from tests.transcript import edn
from xentara_inspect import cbor
from xentara_inspect.cbor.literals import literal
from xentara_inspect.frames import Frame
from xentara_inspect.sharing.chance import Chance
from xentara_inspect.sharing.numbers import Numbers
from xentara_inspect.sharing.payloads import Payloads
from xentara_inspect.sharing.replacements import Replacements
from xentara_inspect.traffic.names import NIL
from xentara_inspect.traffic.packets import parse

TANK = "37(h'e3ee10714d884ba18e5d0f1e4ce25ee8')"
QUALITY_UUID = "37(h'd3c4b709bccf46659621abfb5c6addce')"
DEEP = b"\x81\x84\x00\x01\x05" + b"\x81" * cbor.LEVELS


@contextmanager
def payloads(**how: Any) -> Iterator[Payloads]:
    """A run of its own."""
    chance = Chance()
    with closing(Replacements(chance)) as replacements:
        yield Payloads(replacements, Numbers(chance), **how)


@pytest.fixture(scope="module")
def ways() -> Iterator[list[Payloads]]:
    """All that messages are asked to become."""
    with ExitStack() as stack:
        yield [
            stack.enter_context(payloads(values=values, seconds=seconds))
            for values in (False, True)
            for seconds in (0, -(10**8))
        ]


packets = st.one_of(
    encodings,
    encodings.map(lambda item: b"\x84\x00\x01\x05" + item),
    encodings.map(lambda item: b"\x83\x01\x02" + item),
    encodings.map(lambda item: b"\x83\x08\x00\xa1\x02\xa1\x0b\xd8\x79" + item),
)
messages = st.one_of(
    packets,
    st.binary(max_size=60),
    contents,
    packets.map(lambda packet: b"\x81" + packet),
    st.tuples(encodings, st.integers(0, 80)).map(lambda cut: DEEP + cut[0][: cut[1]]),
    st.tuples(packets, packets).map(lambda two: b"\x82" + b"".join(two)),
    st.tuples(packets, st.integers(0, 80)).map(lambda cut: (b"\x81" + cut[0])[: cut[1]]),
    st.tuples(packets, st.binary(max_size=9)).map(lambda more: b"\x81" + b"".join(more)),
)


def shape(payload: bytes) -> list[tuple[Any, ...]]:
    """What is the same of a message and its copy: all but the content of strings and the value of numbers."""
    return [
        (item.kind, item.start, item.end, len(item.children), isinstance(item.value, str))
        for first in cbor.decode(payload).items
        for item in cbor.walk(first)
    ]


def place(error: cbor.Malformed | None) -> tuple[int, int] | None:
    return (error.offset, error.resume) if error is not None else None


@given(messages)
def test_any_bytes_keep_length_structure_and_what_is_wrong_with_them(
    ways: list[Payloads], payload: bytes
) -> None:
    before = cbor.decode(payload)
    for way in ways:
        copy = way.of_message(payload)
        after = cbor.decode(copy)
        assert shape(copy) == shape(payload)
        assert after.long_heads == before.long_heads
        assert [packet.kind for packet in parse(copy).packets] == [
            packet.kind for packet in parse(payload).packets
        ]
        assert place(after.error) == place(before.error)


@given(messages)
def test_every_string_becomes_another(ways: list[Payloads], payload: bytes) -> None:
    copy = ways[0].of_message(payload)
    for first in cbor.decode(payload).items:
        for item in cbor.walk(first):
            content = payload[item.start : item.end]
            is_string = item.kind in (cbor.TEXT, cbor.BYTES) and len(item.value) > 5 and not item.children
            if is_string and item.value != NIL and content[-len(item.value) :].strip(b"*./"):
                assert copy[item.start : item.end] != content


@given(
    st.text(st.characters(exclude_categories=("Cs", "Cc", "Zs")), min_size=4),
    st.sampled_from(["", '{"a": "']),
)
def test_a_text_that_was_sent_as_if_it_were_a_message_cannot_be_read(
    ways: list[Payloads], text: str, before: str
) -> None:
    copy = ways[0].of_message((before + text).encode())
    for start in range(len(text) - 3):
        some = text[start : start + 4]
        assert some.encode() not in copy or not some.strip("*./")


def said(line: str, **how: Any) -> str:
    """A message after it was replaced in, in notation."""
    with payloads(**how) as way:
        copy = way.of_message(edn(line))
    return literal(cbor.decode(copy).items[0], copy)


@pytest.mark.parametrize(
    ("line", "like"),
    [
        ('[[0, 1, 3, {0: "Plant.Tank 1.Level"}]]', r'\[\[0, 1, 3, \{0: "\w{5}\.\w{6}\.\w{5}"\}\]\]'),
        (f"[[0, 1, 4, {{0: {TANK}, 1: [11, 9]}}]]", r"\[\[0, 1, 4, \{0: 37\(h'\w{32}'\), 1: \[11, 9\]\}\]\]"),
        (f"[[0, 1, 4, {{1: [{QUALITY_UUID}]}}]]", re.escape(f"[[0, 1, 4, {{1: [{QUALITY_UUID}]}}]]")),
        ("[[0, 1, 1, {0: 37(h'00000000000000000000000000000000')}]]", r".*37\(h'0{32}'\)\}\]\]"),
        ('[[2, 1, {0: -32100, 1: "unknown element"}]]', r'\[\[2, 1, \{0: -32100, 1: "unknown element"\}\]\]'),
        ('[[2, 1, {0: -32100, 1: "no Tank 1"}]]', r'\[\[2, 1, \{0: -32100, 1: "\w{9}"\}\]\]'),
        (
            '[[0, 1, 12, {0: 123({0: "ann", 1: "********"})}]]',
            r'.*\{0: 123\(\{0: "\w{3}", 1: "\*{8}"\}\)\}\]\]',
        ),
        ("[[1, 1, {11: 121(21.5), 9: 121(0)}]]", r"\[\[1, 1, \{11: 121\(21\.5\), 9: 121\(0\)\}\]\]"),
        (f'[[1, 1, {65 * "["}"Tank", 1{65 * "]"}]]', r'.*\[\["\w{4}", 1\]\].*'),
    ],
)
def test_names_are_replaced_and_the_protocol_is_not(line: str, like: str) -> None:
    found = said(line)
    assert re.fullmatch(like, found), found
    assert not [name for name in ("Tank", "ann", "e3ee1071") if name in found]


@pytest.mark.parametrize(
    ("line", "like"),
    [
        ("[[1, 1, {11: 121(21.5), 9: 121(2)}]]", r"\[\[1, 1, \{11: 121\(\d\d\.\d\), 9: 121\(2\)\}\]\]"),
        ("[[1, 1, {11: 121(70000)}]]", r"\[\[1, 1, \{11: 121\(\d{5,10}\)\}\]\]"),
        ("[[1, 1, {11: 121(-70000)}]]", r"\[\[1, 1, \{11: 121\(-\d{5,10}\)\}\]\]"),
        ("[[8, 0, {0: 1(17), 2: {11: 121([7, 900.5])}}]]", r".*1\(17\).*\[\d+, \d{3}\.\d\]\).*"),
        (f"[[0, 1, 5, {{0: {TANK}, 1: 11, 2: 21.5}}]]", r".* 1: 11, 2: \d\d\.\d\}\]\]"),
        ("[[0, 1, 6, {1: 5000, 2: 1000}]]", r"\[\[0, 1, 6, \{1: 5000, 2: 1000\}\]\]"),
        ("[[1, 1, {11: 121(NaN), 12: 122({0: -32109})}]]", r".*121\(NaN\), 12: 122\(\{0: -32109\}\)\}\]\]"),
    ],
)  # fmt: skip
def test_values_are_replaced_where_that_is_asked_for(line: str, like: str) -> None:
    found = said(line, values=True)
    assert re.fullmatch(like, found), found


def test_numbers_that_only_the_protocol_knows_stay_among_replaced_values() -> None:
    line = '[[1, 1, {0: 1, 1: 4, 2: [{0: "Level", 1: 11, 2: 2, 3: 10}], 3: true}]]'
    assert re.fullmatch(r'\[\[1, 1, \{0: 1, 1: 4, 2: \[\{0: "\w{5}", 1: 11, 2: 2, 3: 10\}\], 3: true\}\]\]',
                        said(line, values=True))  # fmt: skip


def test_the_same_stands_for_the_same_in_all_messages_of_a_run_and_for_nothing_in_another() -> None:
    line = edn(f'[[0, 1, 5, {{0: {TANK}, 1: 11, 2: "Plant.Tank 1"}}]]')
    again = edn(f'[[0, 2, 5, {{0: {TANK}, 1: 11, 2: "Plant.Tank 1"}}]]')
    with payloads() as one, payloads() as other:
        assert one.of_message(line)[4:] == one.of_message(again)[4:]
        assert one.of_message(line) != other.of_message(line)


def test_a_text_in_chunks_becomes_what_it_becomes_in_one_piece(ways: list[Payloads]) -> None:
    whole, chunked = (
        cbor.decode(ways[0].of_message(edn(f"[[0, 1, 3, {{0: {text}}}]]"))).items[0].children[0].children[3]
        for text in ('"Plant.Tank 1"', '(_ "Pla", "nt.Ta", "nk 1")')
    )
    assert chunked.children[1].value == whole.children[1].value


@pytest.mark.parametrize(("seconds", "then"), [(-(10**9), 700_000_000), (10**8, 1_800_000_000)])
def test_times_are_moved_in_any_form_that_has_room_for_it(seconds: int, then: int) -> None:
    def event(time: int) -> str:
        values = f"5: 121(1({time})), 6: 121(1001({{4: 4([0, {time}])}})), 11: 121(1001({{1: {time}.5}}))"
        return f"[[8, 0, {{0: 1001({{4: 4([-9, {time}123456789])}}), 2: {{{values}}}}}]]"

    assert said(event(1_700_000_000), seconds=seconds) == event(then)
    assert said(event(1_700_000_000), values=True) == event(1_700_000_000)


@pytest.mark.parametrize("time", ["1(0)", "1(7)", "1(Infinity)", "1001({1: -Infinity})", "1(-3)", "1(1_1)"])
def test_a_time_that_is_none_or_has_no_room_stays(time: str) -> None:
    event = f"[[8, 0, {{0: {time}}}]]"
    assert said(event, seconds=-(10**9)) == event


@pytest.mark.parametrize(
    ("payload", "copy"),
    [
        (b'{"id": 1, "name": "Tank"}', b"{" + b"*" * 24),
        (b"0170 123", b"********"),  # small negative integers
        (b"zTank 1", b"z****" + b"**"),  # a text of as many bytes as "Tank" says
        (bytes.fromhex("8183000104") + b"\x64Ta", bytes.fromhex("8183000104") + b"\x64**"),
        (bytes.fromhex("811c") + b"Tank 1", bytes.fromhex("811c") + b"******"),
        (bytes.fromhex("82f8187843"), bytes.fromhex("82f8182a2a")),  # no simple value
        ("タンク".encode(), None),
        ("бак".encode(), None),
        ("خزان".encode(), None),
        (b"\xda" + b"Tank" + b"\x01", b"\xda****\x01"),
        (b"\x01\xfa" + b"Tank" + b"\x1a" + b"Pump", b"\x01\xfa****\x1a****"),
    ],
)  # fmt: skip
def test_nothing_can_be_read_of_what_is_no_message(
    ways: list[Payloads], payload: bytes, copy: bytes | None
) -> None:
    found = ways[0].of_message(payload)
    assert found == copy if copy is not None else found != payload
    assert not set(re.findall(rb"[^*\x00-\x1f]{4,}", payload)) & set(re.findall(rb"[^*\x00-\x1f]{4,}", found))


def test_a_text_message_is_replaced_as_a_text(ways: list[Payloads]) -> None:
    found = ways[0].of_frame(Frame(0, True, True, b"hello Plant.Tank"))
    assert re.fullmatch(rb"[a-z]{11}\.[a-z]{4}", found)
