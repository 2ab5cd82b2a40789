"""Parsing the notation gives the bytes back, whatever well-formed bytes they are."""

from __future__ import annotations

import struct

import cbor_diag
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.edn import encode
from tests.encodings import encodings
from tests.rfc8949 import EXAMPLES
from xentara_inspect import annotate, cbor
from xentara_inspect.cbor.literals import literal

# Bytes, and the one line that stands for them.
LITERALS = [
    # Integers: the width of the head is marked where it is not the shortest.
    ("00", "0"), ("1800", "0_0"), ("190000", "0_1"), ("1a00000000", "0_2"), ("1b0000000000000000", "0_3"),
    ("1817", "23_0"), ("1818", "24"), ("190018", "24_1"), ("1900ff", "255_1"), ("190100", "256"),
    ("1a0000ffff", "65535_2"), ("1a00010000", "65536"), ("1b00000000ffffffff", "4294967295_3"),
    ("1b0000000100000000", "4294967296"), ("20", "-1"), ("3800", "-1_0"),
    ("3bffffffffffffffff", "-18446744073709551616"),
    # Floats: the shortest width that keeps the value is the default.
    ("f93e00", "1.5"), ("fa3fc00000", "1.5_2"), ("fb3ff8000000000000", "1.5_3"),
    ("fa3dcccccd", "0.10000000149011612"),
    ("fb3fb99999a0000000", "0.10000000149011612_3"), ("fb3fb999999999999a", "0.1"), ("f98000", "-0.0"),
    ("fa80000000", "-0.0_2"), ("fb8000000000000000", "-0.0_3"), ("fb0000000000000001", "5.0e-324"),
    ("fb7fefffffffffffff", "1.7976931348623157e+308"), ("f90001", "5.960464477539063e-08"),
    # NaNs: by width where there is no payload, else by their bits.
    ("f97e00", "NaN"), ("fa7fc00000", "NaN_2"), ("fb7ff8000000000000", "NaN_3"), ("f97e01", "float'7e01'"),
    ("f9fe00", "float'fe00'"), ("f97c01", "float'7c01'"), ("faffc00000", "float'ffc00000'"),
    ("fb7ff0000000000001", "float'7ff0000000000001'"),
    ("f97c00", "Infinity"), ("f9fc00", "-Infinity"), ("fa7f800000", "Infinity_2"),
    ("fbfff0000000000000", "-Infinity_3"),
    # Simple values.
    ("f4", "false"), ("f5", "true"), ("f6", "null"), ("f7", "undefined"), ("e0", "simple(0)"),
    ("f3", "simple(19)"),
    ("f820", "simple(32)"), ("f8ff", "simple(255)"),
    # Strings, their lengths, their chunks.
    ("40", "h''"), ("4101", "h'01'"), ("580101", "h'01'_0"), ("59000101", "h'01'_1"),
    ("5a0000000101", "h'01'_2"),
    ("5b000000000000000101", "h'01'_3"), ("60", '""'), ("7800", '""_0'), ("79000161", '"a"_1'),
    ("6161", '"a"'),
    ("5fff", "''_"), ("7fff", '""_'), ("5f41014102ff", "(_ h'01', h'02')"), ("5f40ff", "(_ h'')"),
    ("7f6161780162ff", '(_ "a", "b"_0)'), ("64f09f9880", '"😀"'), ("61" "0a", r'"\n"'), ("6100", r'"\u0000"'),
    ("617f", r'"\u007f"'), ("62225c", r'"\"\\"'), ("63e280ae", r'"\u202e"'), ("64f3a08081", r'"\u{e0001}"'),
    # Text that is not UTF-8: no byte is lost.
    ("61ff", "t1<<h'ff'>>"), ("6346fc6c", """t1<<"F", h'fc', "l">>"""), ("7801ff", "t1<<h'ff'>>_0"),
    ("63eda080", "t1<<h'eda080'>>"), ("7f61c361bcff", "(_ t1<<h'c3'>>, t1<<h'bc'>>)"),
    # Arrays, maps, tags.
    ("80", "[]"), ("9800", "[_0]"), ("9fff", "[_]"), ("9f01ff", "[_ 1]"), ("9900020102", "[_1 1, 2]"),
    ("9a0000000101", "[_2 1]"), ("9b000000000000000101", "[_3 1]"), ("a0", "{}"), ("b800", "{_0}"),
    ("bfff", "{_}"),
    ("bf0102ff", "{_ 1: 2}"), ("b9000101a0", "{_1 1: {}}"), ("a2010201 03".replace(" ", ""), "{1: 2, 1: 3}"),
    ("a202000100", "{2: 0, 1: 0}"), ("a1820102f6", "{[1, 2]: null}"), ("c101", "1(1)"), ("d80101", "1_0(1)"),
    ("d9002541ff", "37_1(h'ff')"), ("c24100", "2(h'00')"), ("c2420001", "2(h'0001')"), ("c340", "3(h'')"),
    ("c6c1c001", "6(1(0(1)))"), ("dbffffffffffffffff00", "18446744073709551615(0)"),
    ("d8184101", "24(h'01')"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "notation"), LITERALS)
class TestLiterals:
    def test_bytes_have_this_notation(self, data: str, notation: str) -> None:
        payload = bytes.fromhex(data)
        assert literal(cbor.decode(payload).items[0], payload) == notation

    def test_the_notation_has_these_bytes(self, data: str, notation: str) -> None:
        assert encode(notation).hex() == data

    def test_annotated_they_are_the_same_bytes(self, data: str, notation: str) -> None:
        assert encode(annotate(bytes.fromhex(data))).hex() == data

    def test_cbor_diag_reads_the_same_bytes(self, data: str, notation: str) -> None:
        if cannot_be_read_by_cbor_diag(notation):
            pytest.skip("a form that cbor-diag does not know")
        assert cbor_diag.diag2cbor(notation).hex() == data


@pytest.mark.parametrize(("data", "theirs", "ours"), EXAMPLES)
class TestTheExamplesOfRfc8949:
    def test_come_out_as_printed(self, data: str, theirs: str, ours: str | None) -> None:
        payload = bytes.fromhex(data)
        assert literal(cbor.decode(payload).items[0], payload) == (ours or theirs)

    def test_go_back_to_their_bytes(self, data: str, theirs: str, ours: str | None) -> None:
        assert encode(ours or theirs).hex() == data
        assert encode(annotate(bytes.fromhex(data))).hex() == data
        assert encode(annotate(bytes.fromhex(data), comments=False)).hex() == data

    def test_mean_the_same_to_cbor_diag(self, data: str, theirs: str, ours: str | None) -> None:
        assert cbor_diag.diag2cbor(ours or theirs).hex() == data


@settings(max_examples=500, deadline=None)
@given(encodings)
def test_any_item_comes_back_byte_for_byte(payload: bytes) -> None:
    comes_back(payload)


@settings(max_examples=100, deadline=None)
@given(st.lists(encodings, min_size=2, max_size=4).map(b"".join))
def test_any_sequence_of_items_comes_back_byte_for_byte(payload: bytes) -> None:
    comes_back(payload)


@settings(max_examples=200, deadline=None)
@given(encodings)
def test_cbor_diag_reads_the_same_bytes_where_it_can(payload: bytes) -> None:
    notation = annotate(payload)
    if not cannot_be_read_by_cbor_diag(notation):
        assert cbor_diag.diag2cbor(notation) == payload


@pytest.mark.stress
@settings(max_examples=100_000, deadline=None)
@given(encodings)
def test_very_many_items_come_back_byte_for_byte(payload: bytes) -> None:
    comes_back(payload)


@settings(max_examples=150, deadline=None)
@given(st.floats(allow_nan=False))
def test_a_float_is_written_so_that_python_reads_the_same_value(value: float) -> None:
    payload = b"\xfb" + struct.pack(">d", value)
    text = literal(cbor.decode(payload).items[0], payload)
    assert float(text.partition("_")[0]) == value


def comes_back(payload: bytes) -> None:
    document = cbor.decode(payload)
    assert document.error is None
    assert encode(annotate(payload)) == payload
    assert encode(annotate(payload, comments=False)) == payload
    assert b"".join(encode(literal(item, payload)) for item in document.items) == payload


def cannot_be_read_by_cbor_diag(notation: str) -> bool:
    """What cbor-diag 1.2 rejects, loses or dies of: see what each of these is in `literals`."""
    return any(form in notation for form in ("float'", "t1<<"))
