"""Written values beside the data types of their attributes: bytes, notation, and what is said of them."""

from __future__ import annotations

import pytest

from tests.transcript import Transcript, edn
from xentara_inspect import cbor
from xentara_inspect.protocol.identifiers import ATTRIBUTE_DATA_TYPES
from xentara_inspect.traffic.written_values import of_value

CODES = ("written-unsigned", "written-type", "written-range")

BOOLEAN, INT8, INT16, INT32, INT64, UINT8, UINT16, UINT32, UINT64 = range(9)
FLOAT32, FLOAT64, STRING, TIME, UUID, QUALITY, CATEGORY, CUSTOM = 9, 10, 13, 16, 17, 18, 19, 21

# hex, notation, data type (None where nobody told it), what it is found to be
CASES = [
    ("1b fffffffffffffffb", "18446744073709551611", None, "written-unsigned"),  # -5
    ("1b fffffffffffffffb", "18446744073709551611", INT64, "written-unsigned"),
    ("1b fffffffffffffffb", "18446744073709551611", INT8, "written-unsigned"),
    ("1b fffffffffffffffb", "18446744073709551611", FLOAT64, "written-unsigned"),
    ("1a fffffffb", "4294967291", INT32, "written-unsigned"),
    ("19 fffb", "65531", INT16, "written-unsigned"),
    ("18 fb", "251", INT8, "written-unsigned"),
    ("1b ffffffff80000000", "18446744071562067968", None, "written-unsigned"),
    ("1b ffffffff7fffffff", "18446744071562067967", None, None),
    ("1b fffffffffffffffb", "18446744073709551611", UINT64, None),
    ("24", "-5", None, None),
    ("24", "-5", INT8, None),
    ("1a fffffffb", "4294967291", None, None),
    ("1a fffffffb", "4294967291", INT64, None),
    ("18 7f", "127", INT8, None),
    ("19 0100", "256", INT8, "written-range"),
    ("19 1388", "5000", INT8, "written-range"),
    ("38 80", "-129", INT8, "written-range"),
    ("24", "-5", UINT16, "written-range"),
    ("1a 00010000", "65536", UINT16, "written-range"),
    ("19 ffff", "65535", UINT16, None),
    ("fa 47800000", "65536.0_2", UINT16, "written-range"),
    ("fb 7e37e43c8800759c", "1e300", FLOAT32, "written-range"),
    ("fb 7e37e43c8800759c", "1e300", FLOAT64, None),
    ("f9 7c00", "Infinity", FLOAT32, None),
    ("f9 7e00", "NaN", FLOAT32, None),
    ("04", "4", QUALITY, "written-range"),
    ("0f", "15", CATEGORY, None),
    ("f9 4100", "2.5", INT32, "written-type"),
    ("f9 7e00", "NaN", INT32, "written-type"),
    ("f9 4000", "2.0", INT32, None),
    ("02", "2", FLOAT64, None),
    ("63 322e35", '"2.5"', FLOAT64, "written-type"),
    ("61 32", '"2"', INT32, "written-type"),
    ("f5", "true", INT32, "written-type"),
    ("f6", "null", FLOAT32, "written-type"),
    ("f7", "undefined", STRING, "written-type"),
    ("02", "2", STRING, "written-type"),
    ("61 32", '"2"', STRING, None),
    ("f5", "true", BOOLEAN, None),
    ("01", "1", BOOLEAN, None),
    ("02", "2", BOOLEAN, "written-type"),
    ("64 74727565", '"true"', BOOLEAN, "written-type"),
    ("74 323032352d30362d30315431323a30303a30305a", '"2025-06-01T12:00:00Z"', TIME, "written-type"),
    ("c1 1a 683c4280", "1(1748779648)", TIME, None),
    ("50 e3ee10714d884ba18e5d0f1e4ce25ee8", "h'e3ee10714d884ba18e5d0f1e4ce25ee8'", UUID, "written-type"),
    ("d825 50 e3ee10714d884ba18e5d0f1e4ce25ee8", "37(h'e3ee10714d884ba18e5d0f1e4ce25ee8')", UUID, None),
    ("a0", "{}", CUSTOM, None),
    ("a0", "{}", 99, None),  # a data type of a newer server
    ("a0", "{}", None, None),
]  # fmt: skip


@pytest.mark.parametrize(("encoded", "notation", "data_type", "code"), CASES)
def test_a_value_and_a_data_type(
    encoded: str, notation: str, data_type: int | None, code: str | None
) -> None:
    payload = bytes.fromhex(encoded)
    assert edn(notation) == payload
    problems = list(of_value(cbor.decode(payload).items[0], data_type))
    assert [found for found, _ in problems] == ([] if code is None else [code])


PROPER = {
    **dict.fromkeys(range(11, 16), '"on"'),
    TIME: "1(0)",
    UUID: "37(h'E3EE10714D884BA18E5D0F1E4CE25EE8')",
}


@pytest.mark.parametrize("data_type", ATTRIBUTE_DATA_TYPES)
def test_every_data_type_takes_a_proper_value(data_type: int) -> None:
    value = cbor.decode(edn(PROPER.get(data_type, "0"))).items[0]
    assert list(of_value(value, data_type)) == []


ELEMENT = "37(h'E3EE10714D884BA18E5D0F1E4CE25EE8')"
OTHER = "37(h'00112233445566778899AABBCCDDEEFF')"
LIMIT = "37(h'7D9E2B108C444F6AB1D20E9F8A7B6C5D')"
HELLO = (">[[0, 1, 14, {0: 1, 1: 1}]]", "<[[1, 1, {0: 1}]]")
ASKED = f">[[0, 2, 2, {{0: {ELEMENT}, 1: [2]}}]]"


def told(attribute: str, data_type: int) -> tuple[str, ...]:
    row = f'{{0: "Value", 1: {attribute}, 2: 2, 3: {data_type}}}'
    return (*HELLO, ASKED, f"<[[1, 2, {{2: [{row}]}}]]")


def write(value: str, attribute: str = "11", element: str = ELEMENT) -> tuple[str, ...]:
    return f">[[0, 3, 5, {{0: {element}, 1: {attribute}, 2: {value}}}]]", "<[[1, 3]]"


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ((*told("11", UINT8), *write("256")), ["written-range"]),
        ((*told("11", UINT8), *write("255")), []),
        # By its UUID, which is the same attribute.
        ((*told("11", UINT8), *write("256", "37(h'4AA0E4E0521E4599A985E454BAA59F89')")), ["written-range"]),
        ((*told(LIMIT, FLOAT64), *write('"high"', LIMIT)), ["written-type"]),
        ((*told(LIMIT, FLOAT64), *write('"high"')), []),  # of another attribute nobody told
        ((*told("11", UINT8), *write("256", element=OTHER)), []),  # of another element neither
        ((*HELLO, *write('"soon"', "5")), ["written-type"]),  # Source Time is a time everywhere
        ((*HELLO, *write("18446744073709551611")), ["written-unsigned"]),
        ((*HELLO, ">[[0, 3, 5, {2: 18446744073709551611}]]", "<[[2, 3, {0: -32602}]]"),
         ["missing-parameter", "missing-parameter"]),
    ],
)  # fmt: skip
def test_what_meta_data_told_counts_and_nothing_is_guessed(lines: tuple[str, ...], said: list[str]) -> None:
    assert Transcript(*lines).close().codes == said


def test_the_finding_is_of_the_write_and_says_what_was_meant() -> None:
    (finding,) = Transcript(*HELLO, *write("18446744073709551611")).close().findings
    assert finding.address == finding.exchange == 3 << 24 | 1
    assert finding.message == "18446744073709551611 is written, which is -5 taken as unsigned"
    (finding,) = Transcript(*told("11", UINT8), *write("256")).close().findings
    assert finding.message == "256 is written to UnsignedInteger8, which is 0 to 255"
    (finding,) = Transcript(*told("11", UINT8), *write('"on"')).close().findings
    assert finding.message == "a text string is written to an attribute of the data type UnsignedInteger8"
