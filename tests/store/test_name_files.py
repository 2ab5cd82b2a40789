"""Files of names as people have them: a model.json, CSV from anywhere, and what is none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.name_files import TIMER_UUID, element, model
from tests.store_traffic import LEVEL_UUID, VALVE_UUID
from xentara_inspect.store.name_files import NameFileError, read_names
from xentara_inspect.traffic.names import uuid_from_text, uuid_text

PLANT = "Plänt"


def names_in(path: Path, content: str | bytes) -> dict[str, str]:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return {uuid_text(uuid): name for uuid, name in read_names(path).items()}


def read_model(path: Path, content: Any) -> dict[str, str]:
    return names_in(path, json.dumps(content))


def test_primary_keys_are_the_names_from_the_root_on_joined_by_dots(tmp_path: Path) -> None:
    assert read_model(tmp_path / "model.json", model()) == {
        "c65685e6-b7a2-40b6-bce4-b84d2c538aeb": "Plant",
        LEVEL_UUID: "Plant.Tank 1.Level",
        VALVE_UUID: "Plant.Valve",
        TIMER_UUID: "Track.500ms",
    }


def test_a_name_in_brackets_follows_without_a_dot(tmp_path: Path) -> None:
    inner = element("@Group", "[Tank 1.2]", None, element("@DataPoint", "Level", LEVEL_UUID))
    found = read_model(tmp_path / "model.json", {"children": [element("@Group", "Plant", None, inner)]})
    assert found == {LEVEL_UUID: "Plant[Tank 1.2].Level"}


POINT = element("@DataPoint", "Level", LEVEL_UUID)


@pytest.mark.parametrize(
    "content",
    [
        POINT,
        [POINT],
        {"children": [POINT]},
        {"@Model": {"children": [POINT]}},
        {"version": 3, "model": {"children": [POINT]}},
        {"children": [POINT["@DataPoint"]]},
        [{"uuid": LEVEL_UUID, "name": "Level", "source": "traffic", "otherwise": None}],
        [{"uuid": LEVEL_UUID, "primary_key": "Level", "learned_from": "browse"}],
        {"children": [{"@DataPoint": {"UUID": LEVEL_UUID, "name": "Level", "io": {"@Own": {"name": "no"}}}}]},
        {"children": [{"@DataPoint": {"UUID": f"{{{LEVEL_UUID.upper()}}}", "name": "Level"}}, 7, None]},
        {"children": [{"@DataPoint": {"UUID": VALVE_UUID}}, {"@DataPoint": {"name": "x"}}, POINT]},
    ],
)
def test_a_model_is_read_with_and_without_what_is_around_it(content: Any, tmp_path: Path) -> None:
    assert read_model(tmp_path / "x.json", content) == {LEVEL_UUID: "Level"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("form", ["json", "csv"])
def test_a_byte_order_mark_is_no_obstacle(encoding: str, form: str, tmp_path: Path) -> None:
    forms = {
        "json": json.dumps({"name": PLANT, "uuid": LEVEL_UUID}, ensure_ascii=False),
        "csv": f"{LEVEL_UUID},{PLANT}\n",
    }
    assert names_in(tmp_path / "x", forms[form].encode(encoding)) == {LEVEL_UUID: PLANT}


@pytest.mark.parametrize(
    "content",
    [
        f"{LEVEL_UUID},Plant.Level",
        f"uuid,name\r\n{LEVEL_UUID},Plant.Level\r\n",
        f"UUID;Name\n{LEVEL_UUID};Plant.Level\n;\n",
        f"Name\tUUID\tUnit\nPlant.Level\t{LEVEL_UUID}\tm\n",
        f"\n  Plant.Level , {{{LEVEL_UUID}}}\n\n",
        f"primary_key,learned_from,uuid\nPlant.Level,browse,{LEVEL_UUID.replace('-', '')}\n",
        f'"uuid","name"\n"{LEVEL_UUID}","Plant.Level"\n{VALVE_UUID},\n',
    ],
)
def test_csv_has_its_columns_in_any_order_with_or_without_a_heading(content: str, tmp_path: Path) -> None:
    assert names_in(tmp_path / "names.csv", content) == {LEVEL_UUID: "Plant.Level"}


def test_a_name_may_hold_the_separator_in_quotes(tmp_path: Path) -> None:
    found = names_in(tmp_path / "names.csv", f'uuid,name\n{LEVEL_UUID},"Tank ""1"", Level"\n')
    assert found == {LEVEL_UUID: 'Tank "1", Level'}


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b'{"children": [\n  {"@Group": }\n]}', ", line 2, column 14: no JSON (Expecting value)"),
        (b'{"children": [', ", line 1, column 15: no JSON (Expecting value)"),
        (b"[" * 100_000, ", somewhere in it: nested too deeply"),
        (b'{"period": ' + b"1" * 5000 + b"}", ", somewhere in it: a number has too many digits"),
        (b'{"children": []}', " names no element: it is neither a model.json nor CSV of UUID and name"),
        (b"", " names no element: it is neither a model.json nor CSV of UUID and name"),
        (b'{"name": "Tank", "UUID": "12"}', ", at Tank: '12' is no UUID"),
        (
            b'{"name": "\x1b[31m", "UUID": "\x1b"}',
            ", line 1, column 11: no JSON (Invalid control character",
        ),
        (b'{"name": "\\u001b[31m", "UUID": "x"}', ", at \\u001b[31m: 'x' is no UUID"),
        (b'{"name": "\\ud800", "UUID": "%s"}' % LEVEL_UUID.encode(), ": the name '\\ud800' is no text"),
        (b"uuid,name\n%s,Tank \xff\n" % LEVEL_UUID.encode(), ", line 2: byte 52 is no UTF-8"),
        (b"\xff\xfe\x00\xd8", ", line 1: byte 2 is no UTF-16"),
        (b"uuid,name\nTank,Plant\n", ", line 2: 'Tank' is no UUID"),
        (b"nothing\n", ", line 1: no UUID and name"),
        (b"uuid,name\n" + b"x" * 200_000, ", line 2: no CSV (field larger than field limit (131072))"),
    ],
)
def test_what_is_no_file_of_names_is_one_line_with_the_place(
    content: bytes, complaint: str, tmp_path: Path
) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(content)
    with pytest.raises(NameFileError) as caught:
        read_names(path)
    assert str(caught.value).startswith(f"{path}{complaint}")
    assert str(caught.value).isprintable()


def test_what_cannot_be_read_says_why(tmp_path: Path) -> None:
    with pytest.raises(NameFileError, match=r"nowhere\.json cannot be read: no such file"):
        read_names(tmp_path / "nowhere.json")
    with pytest.raises(NameFileError, match="cannot be read: is a directory"):
        read_names(tmp_path)


@pytest.mark.parametrize("text", ["", "e3ee", "Plant.Tank 1", "é" * 32, LEVEL_UUID + "00"])
def test_what_is_no_uuid_is_none(text: str) -> None:
    assert uuid_from_text(text) is None
