"""The notation of bytes that are malformed, hostile or huge: always a text, in linear time and size."""

from __future__ import annotations

import unicodedata

import cbor2
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.edn import encode
from tests.specification_examples import SPECIFICATION_EXAMPLES
from xentara_inspect import annotate, cbor
from xentara_inspect.notation.messages import annotate_packet, annotate_text_message, lines_with_spans
from xentara_inspect.traffic import packets
from xentara_inspect.traffic.names import Names

SAMPLES = [encode(notation) for _, notation, _, _ in SPECIFICATION_EXAMPLES] + [
    encode(
        "[[8, 0, {0: 1001({4: 4([-9, 1700000000123456789])}), 1: 37(h'E3EE10714D884BA18E5D0F1E4CE25EE8'), "
        '2: {11: 121(21.5), 9: 121(0), 5: 122({0: -32101, 1: "missing"})}}]]'
    ),
    encode("[_ [_ 0, 1, 5, {_ 0: (_ \"a\", t1<<h'ff'>>), 1: [_], 2: 2(h'0001'), 3: NaN_3}]]"),
]
LIMIT = 10_000
HOSTILE = "\x1b]0;pwned\x07\u202e\u2066\u200b\u2028\x9b31m\ue000"


def check(payload: bytes) -> str:
    """Everything that must hold for any bytes whatsoever."""
    text = annotate(payload)
    document = cbor.decode(payload)
    assert len(text) < 200 * len(payload) + LIMIT
    assert_harmless(text)
    if document.error is None:
        assert encode(text) == payload
    else:
        assert f"# Malformed: {document.error}" in text
        assert text.endswith("\n")
        with pytest.raises((ValueError, IndexError)):
            encode(text + "!")
    spans = lines_with_spans(payload)
    assert b"".join(payload[start:end] for _, start, end in spans) == payload
    assert [end for _, _, end in spans[:-1]] == [start for _, start, _ in spans[1:]]
    for packet in packets.parse(payload).packets:
        assert_harmless(annotate_packet(packet, payload))
    return text


def assert_harmless(text: str) -> None:
    bad = {
        character for character in text if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Cn")
    }
    assert not bad - {"\n"}
    assert not {"\u2028", "\u2029", "\u3164"} & set(text)


@pytest.mark.parametrize("sample", SAMPLES, ids=range(len(SAMPLES)))
def test_every_truncation_is_shown_as_far_as_it_goes(sample: bytes) -> None:
    for length in range(len(sample)):
        check(sample[:length])


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(SAMPLES), st.data())
def test_packets_with_any_bytes_changed_are_shown(sample: bytes, data: st.DataObject) -> None:
    changed = bytearray(sample)
    for _ in range(data.draw(st.integers(1, 3))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    check(bytes(changed))


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=80))
@example(b"")
@example(b"\x9b" + b"\xff" * 8)
@example(b"\x5b" + b"\xff" * 8)
@example(b"\xbf\x9f\xff")
@example(b"\xd8\x25\x5f\x50" + bytes(16))
@example(b"\x81\x83\x08\x00\xa1\x00\xd9\x03\xe9\xa1\x04\xc4\x82\x3b" + b"\xff" * 9)
def test_any_bytes_are_shown(payload: bytes) -> None:
    check(payload)


@pytest.mark.stress
@settings(max_examples=100_000, deadline=None)
@given(st.sampled_from(SAMPLES), st.binary(max_size=6), st.integers(0, 200))
def test_very_many_changed_packets_are_shown(sample: bytes, patch: bytes, at: int) -> None:
    check(sample[:at] + patch + sample[at + len(patch) :])


HUGE = {
    "a million arrays, unfinished": b"\x81" * 1_000_000,
    "a million arrays": b"\x81" * 1_000_000 + b"\x80",
    "a million arrays of indefinite length": b"\x9f" * 1_000_000,
    "a million tags": b"\xc1" * 1_000_000,
    "half a million maps": b"\xa1\x01" * 500_000 + b"\xa0",
    "maps as keys": b"\xa1" * 300_000,
    "half a megabyte of zeros": bytes(500_000),
    "a text of 3 MB": b"\x7a" + (3_000_000).to_bytes(4, "big") + b"a" * 3_000_000,
    "a megabyte of bidi overrides": b"\x7a" + (999_999).to_bytes(4, "big") + "\u202e".encode() * 333_333,
    "a megabyte that is half UTF-8": b"\x7a" + (1_000_000).to_bytes(4, "big") + b"a\xff" * 500_000,
    "very many chunks": b"\x5f" + b"\x41\x00" * 300_000 + b"\xff",
    "a wide array deep inside": b"\x81" * 20 + b"\x9a\x00\x03\x0d\x40" + bytes(200_000),
    "a huge bignum": b"\xc2\x5a" + (1_000_000).to_bytes(4, "big") + b"\xff" * 1_000_000,
}


SLOW = (
    "a million arrays", "a million arrays, unfinished", "a million arrays of indefinite length",
    "a million tags", "half a million maps",
    "very many chunks", "a huge bignum",
)  # fmt: skip
"""Two seconds each, and much like others of these."""


@pytest.mark.slow
@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(payload, id=name, marks=[pytest.mark.stress] if name in SLOW else [])
        for name, payload in HUGE.items()
    ],
)
def test_huge_messages_are_shown_in_what_they_weigh(payload: bytes) -> None:
    text = annotate(payload)
    assert len(text) < 60 * len(payload)


@pytest.mark.slow
def test_nesting_of_any_depth_comes_back_byte_for_byte() -> None:
    for payload in (
        b"\x81" * 20_000 + b"\x80",
        b"\xa1\x01" * 20_000 + b"\xa0",
        b"\xd8\x79" * 20_000 + b"\x01",
    ):
        assert encode(annotate(payload)) == payload
        assert encode(annotate(payload, comments=False)) == payload


def test_a_length_beyond_all_data_is_reported_with_its_offset() -> None:
    text = annotate(b"\x81\x83\x00\x01\x5b\x80" + bytes(7) + b"abc")
    assert "# Malformed: byte 4: found a byte string of 9223372036854775808 bytes, expected at most 3" in text
    assert text.endswith("# From byte 4 on: h'5b8000000000000000616263'\n")


def test_what_was_read_before_the_end_is_still_annotated() -> None:
    payload = SAMPLES[0]
    text = annotate(payload[:-1])
    assert "# OpCode: client_hello\n" in text
    assert "# minimum_protocol_version\n" in text
    assert text.splitlines()[-1] == (
        "# Malformed: byte 10: found the end of the data, expected the value of key 2 in a map"
    )


def test_the_bare_notation_still_says_that_it_is_malformed() -> None:
    assert annotate(b"\x81", comments=False).endswith(
        "# Malformed: byte 1: found the end of the data, expected element 1 of 1 in an array\n"
    )


def test_nothing_from_the_network_reaches_the_text_raw() -> None:
    names = Names(elements={bytes(range(16)): HOSTILE})
    names.learn_attribute(bytes(range(16)), bytes(range(1, 17)), HOSTILE)
    uuid = cbor2.CBORTag(37, bytes(range(16)))
    attribute = cbor2.CBORTag(37, bytes(range(1, 17)))
    for message in (
        [[0, 1, 3, {0: HOSTILE, HOSTILE: [HOSTILE]}]],
        [[0, 1, 4, {0: uuid, 1: [attribute]}]],
        [[8, 0, {1: uuid, 2: {attribute: cbor2.CBORTag(121, HOSTILE)}}]],
        [[2, 1, {0: -1, 1: HOSTILE}]],
        HOSTILE,
    ):
        payload = cbor2.dumps(message)
        text = annotate(payload, names=names)
        assert_harmless(text)
        assert encode(text) == payload
        assert r"\u001b]0;pwned\u0007\u202e\u2066\u200b\u2028\u009b31m\ue000" in text
    assert_harmless(annotate_text_message(HOSTILE.encode()))


def test_a_long_name_does_not_cost_its_length_on_every_line() -> None:
    names = Names(elements={bytes(16): "", bytes([1]) * 16: "x" * 1_000_000})
    payload = cbor2.dumps([[0, 1, 4, {0: cbor2.CBORTag(37, bytes([1]) * 16), 1: []}]] * 100)
    assert len(annotate(payload, names=names)) < 200_000
