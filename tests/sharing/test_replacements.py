"""What stands for what: the same for the same, another for another, as long, and listed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xentara_inspect.sharing.chance import Chance
from xentara_inspect.sharing.replacements import Kind, Replaced, Replacements
from xentara_inspect.traffic.names import NIL

TANK = bytes.fromhex("e3ee10714d884ba18e5d0f1e4ce25ee8")
TANK_TEXT = "e3ee1071-4d88-4ba1-8e5d-0f1e4ce25ee8"
QUALITY_TEXT = "d3c4b709-bccf-4665-9621-abfb5c6addce"


@pytest.fixture(scope="module")
def always() -> Iterator[Replacements]:
    """One run for all examples."""
    with closing(Replacements(Chance())) as replacements:
        yield replacements


@pytest.fixture
def run() -> Iterator[Replacements]:
    with closing(Replacements(Chance())) as replacements:
        yield replacements


def widths(text: str) -> list[int]:
    return [len(letter.encode(errors="surrogateescape")) for letter in text]


@given(
    st.one_of(st.binary(max_size=30), st.text(max_size=20).map(lambda text: text.encode(errors="replace")))
)
def test_a_text_becomes_one_of_the_same_letters_by_their_bytes(always: Replacements, content: bytes) -> None:
    old, new = (one.decode(errors="surrogateescape") for one in (content, always.text(content)))
    assert widths(old) == widths(new)
    assert [letter in "./" for letter in old] == [letter in "./" for letter in new]
    assert always.text(content) == new.encode(errors="surrogateescape")


def test_primary_keys_stay_paths_whose_parts_are_the_same_wherever_they_stand(run: Replacements) -> None:
    level, other, group = map(run.string, ("Plant.Tank 1.Level", "Plant.Tank 2.Level", "Plant.Tank 1"))
    assert level.startswith(f"{group}.")
    assert [one == two for one, two in zip(level.split("."), other.split("."), strict=True)] == [
        True,
        False,
        True,
    ]


def test_no_two_names_become_one_even_where_they_are_short(run: Replacements) -> None:
    letters = [chr(code) for code in range(0x30, 0x7B)]
    assert len({run.string(letter) for letter in letters}) == len(letters)
    pairs = [f"{one}{two}" for one in letters[:40] for two in letters[:40] if "." not in (one, two)]
    assert len({run.string(pair) for pair in pairs}) == len(set(pairs))


@pytest.mark.slow
def test_what_was_forgotten_meanwhile_is_replaced_as_before(run: Replacements) -> None:
    before = run.string("Plant.Tank 1"), run.octets(b"\1\2\3")
    for number in range(70_000):
        run.string(f"n{number}")
    assert (run.string("Plant.Tank 1"), run.octets(b"\1\2\3")) == before


def test_a_uuid_is_the_same_in_bytes_and_in_text(run: Replacements) -> None:
    uuid = run.uuid(TANK)
    assert (len(uuid), uuid == TANK) == (16, False)
    assert run.octets(TANK) == uuid
    assert run.string(TANK_TEXT).replace("-", "") == uuid.hex()
    assert run.string(TANK_TEXT.upper().replace("-", "")) == uuid.hex().upper()
    assert re.fullmatch(r"\w{8} ?[0-9a-f-]{36}", run.string(f"unknown {TANK_TEXT}"))
    assert run.string(f"unknown {TANK_TEXT}").endswith(run.string(TANK_TEXT))


def test_what_names_nothing_of_the_plant_stays(run: Replacements) -> None:
    assert run.uuid(NIL) == NIL
    for text in ("", "********", "access denied", QUALITY_TEXT):
        assert run.string(text) == text
    assert run.octets(b"****") == b"****"
    assert run.counts() == {Kind.TEXT: 1} or run.counts() == {}


def test_addresses_are_made_up_ones_with_the_same_port(run: Replacements) -> None:
    host, port = run.address("10.0.0.7:51234").split(":")
    assert ip_address(host) in ip_network("198.18.0.0/15")
    assert port == "51234"
    assert run.address("10.0.0.7:8080") == f"{host}:8080"
    sixth = re.fullmatch(r"\[(.*)\]:80", run.address("[fe80::1]:80"))
    assert sixth is not None
    assert ip_address(sixth[1]) in ip_network("2001:db8::/32")
    assert re.fullmatch(r"\w{5}\.\w{5}:8080", run.address("plant.local:8080"))
    assert run.url("http://10.0.0.7:8080") == f"http://{host}:8080"
    assert re.fullmatch(r"\w{4}", run.url("null"))


def test_another_run_replaces_otherwise(run: Replacements) -> None:
    with closing(Replacements(Chance())) as other:
        assert run.string("Plant.Tank 1.Level") != other.string("Plant.Tank 1.Level")
        assert run.uuid(TANK) != other.uuid(TANK)


def test_all_of_it_is_listed_once(run: Replacements) -> None:
    for _ in range(2):
        name, uuid, some = run.string("Plant.Tank 1"), run.uuid(TANK), run.octets(b"\1\2\3")
        host = run.address("10.0.0.7:80").removesuffix(":80")
    assert list(run.listed()) == [
        Replaced(Kind.TEXT, "Plant.Tank 1", name),
        Replaced(Kind.UUID, TANK_TEXT, run.string(TANK_TEXT)),
        Replaced(Kind.BYTES, "010203", some.hex()),
        Replaced(Kind.ADDRESS, "10.0.0.7", host),
    ]
    assert run.counts() == dict.fromkeys(Kind, 1)
    assert uuid.hex() == run.string(TANK_TEXT).replace("-", "")


def test_a_long_text_takes_no_room_in_memory_and_is_listed_in_part(run: Replacements) -> None:
    text = "Plant report " * 1000
    assert len(run.string(text)) == len(text)
    assert run.string(text) == run.string(text)
    (row,) = run.listed()
    assert text.startswith(row.original)
    assert len(row.original) == 1000
