"""The pages on the notation and the protocol say what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from docs.make import GENERATED, PAGES, main, regenerated
from tests.edn import encode
from xentara_inspect import cbor
from xentara_inspect.cbor.literals import literal
from xentara_inspect.protocol import commands, error_codes


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_generated_parts_are_up_to_date(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert text == regenerated(text), "run: python docs/make.py --write"


def test_every_generated_part_stands_on_a_page() -> None:
    text = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    assert set(re.findall(r"<!-- generated: ([\w ]+) -->", text)) == set(GENERATED)
    assert main([]) == 0


def test_the_table_of_encodings_is_true() -> None:
    text = PAGES[0].read_text(encoding="utf-8")
    rows = re.findall(r"(?m)^\| (`[0-9a-f`, ]+`) \| (`.+?`) \| ", text)
    assert len(rows) == 9
    for data, notations in rows:
        hexes = re.findall("`([^`]+)`", data)
        texts = re.findall("`([^`]+)`", notations)
        assert len(hexes) == len(texts)
        for digits, notation in zip(hexes, texts, strict=True):
            payload = bytes.fromhex(digits)
            assert literal(cbor.decode(payload).items[0], payload) == notation
            assert encode(notation) == payload


def test_the_prose_on_common_errors_is_true() -> None:
    text = PAGES[1].read_text(encoding="utf-8")
    common = ", ".join(map(str, error_codes.COMMON_ERRORS[:-1])) + f" and {error_codes.COMMON_ERRORS[-1]}"
    assert f"may also answer {common}" in text
    excluded = {command.name: command.excluded_errors for command in commands.COMMANDS.values()}
    assert {name: codes for name, codes in excluded.items() if codes} == {
        "client_hello": (error_codes.MISSING_CLIENT_HELLO,),
        "get_stage": (error_codes.INVALID_PARAMETER,),
    }
