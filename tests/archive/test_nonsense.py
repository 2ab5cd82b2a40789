"""Who writes into an archive can sign anything: nonsense is told in one line, and nothing of it imported."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from tests.archived import archived, verified
from tests.live import inspect, ran
from xentara_inspect.archive.tables import FRAMES

Manifest = dict[str, Any]
_STATE = ".state.ndjson.zst"
_SECONDS = 5
_MEASURED = """
import json, os, sys
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_, status, used = os.wait4(child, 0)
print(json.dumps([os.waitstatus_to_exitcode(status), used.ru_maxrss, used.ru_utime + used.ru_stime]))
"""  # in a small process of its own: a child begins with the memory of who started it
_MEMORY = 1 << 20  # KiB


def last_part(where: Path, kind: str) -> Path:
    """A file of the last part, which no other one names."""
    (path,) = where.rglob(f"*.000002-*{kind}")
    return path


def sign(where: Path, alter: Callable[[Manifest], object]) -> None:
    """Alter what a manifest says, and sign it anew."""
    path = last_part(where, ".json")
    manifest = json.loads(path.read_bytes())
    del manifest["sha256"]
    alter(manifest)
    digest = hashlib.sha256((json.dumps(manifest, indent=1) + "\n").encode()).hexdigest()
    path.write_text(json.dumps(manifest | {"sha256": digest}, indent=1) + "\n")


def sign_file(where: Path, kind: str, rows: int) -> None:
    """Have the manifest say of a file what it is."""
    path = last_part(where, kind)
    content = path.read_bytes()
    said = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest(), "rows": rows}
    sign(where, lambda manifest: manifest["files"][kind == _STATE].update(said))


def lines_of(where: Path) -> list[bytes]:
    with pa.OSFile(str(last_part(where, _STATE))) as file, pa.CompressedInputStream(file, "zstd") as stream:
        return bytes(stream.read()).splitlines()


def put_lines(where: Path, lines: list[bytes]) -> None:
    """Other state, well signed."""
    with (
        pa.OSFile(str(last_part(where, _STATE)), "wb") as file,
        pa.CompressedOutputStream(file, "zstd") as stream,
    ):
        for line in lines:
            stream.write(line + b"\n")
    sign_file(where, _STATE, len(lines))


def assert_told(where: Path, name: str, says: str = "") -> None:
    """`verify` and `import` name a file, in one line, and nothing is left."""
    assert name in verified(where, code=1)
    back = where.with_name("back.db")
    run = ran("import", where, "-d", back)
    assert (run.returncode, len(run.stderr.splitlines())) == (1, 1), run.stderr
    assert name in run.stderr
    assert says in run.stderr
    assert "internal error" not in run.stderr
    assert not list(where.parent.glob("back*"))


def test_what_is_signed_anew_as_it_was_comes_back(plant: Path) -> None:
    where = archived(plant)
    put_lines(where, lines_of(where))
    assert verified(where).endswith(": whole\n")
    inspect("import", where, "-d", where.with_name("back.db"))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *product(["schema"], ["7", None, [], {}, -1, 1.5, True]),
        *((key, []) for key in ("begins", "ends", "sessions", "redacted", "carried", "follows", "previous")),
        *((key, 1.5) for key in ("begins", "sessions", "carried", "follows", "number")),
        *product(["files"], [[], {}, None, [1], [{}], [{"name": "x"}]]),
        ("more", 1),
    ],
    ids=str,
)
def test_a_manifest_with_a_value_that_none_has_is_told(plant: Path, key: str, value: Any) -> None:
    where = archived(plant)
    sign(where, lambda manifest: manifest.update({key: value}))
    assert_told(where, last_part(where, ".json").name, "not the manifest that was written")


@pytest.mark.parametrize(
    "alter",
    [
        lambda files: files.pop(),
        lambda files: files.reverse(),
        lambda files: files.append(files[0]),
        lambda files: files[0].update(name="../x.parquet"),
        lambda files: files[0].update(rows="4"),
        lambda files: files[0].pop("rows"),
    ],
    ids=["one is missing", "another order", "one too many", "another name", "rows in words", "no rows"],
)
def test_a_manifest_with_other_files_than_a_part_has_is_told(
    plant: Path, alter: Callable[[list[Any]], object]
) -> None:
    where = archived(plant)
    sign(where, lambda manifest: alter(manifest["files"]))
    assert_told(where, last_part(where, ".json").name, "not the manifest that was written")


def test_a_manifest_too_deep_to_be_read_is_told(plant: Path) -> None:
    where = archived(plant)
    last_part(where, ".json").write_text("[" * 100_000)
    assert_told(where, last_part(where, ".json").name, "not the manifest that was written")


_SESSION = '["sessions",{},' + "null," * 8 + "{},null,null,{},null,null,null,{},0,null,null,null,0,0,0]"


@pytest.mark.slow
@pytest.mark.parametrize(
    "line",
    [
        "",
        "7",
        "{}",
        "[]",
        '"sessions"',
        "[" * 100_000,
        "[[],1]",
        '["frames",1,1,1,1,1,{"base64":""},0]',
        '["sessions",1]',
        '["settings","a","b","c"]',
        '["settings",null,"b"]',
        '["settings","a",{"base64":7}]',
        '["settings","a",{"base32":""}]',
        '["settings","a",["b"]]',
        '["settings","a","\\ud800"]',
        '["session_ends",2,1,1,1,null]',
        '["session_ends",2,null,1,1,0]',
        '["session_ends",2,1,"soon",1,0]',
        '["session_ends",2,1,1.5,1,0]',
        '["session_ends",2,1,null,1,0]',
        '["carried_requests",1,1,1,1,"text"]',
        '["carried_requests",1,1,1,1,null]',
        '["carried_elements",2,"no uuid",null,null,"lookup"]',
        '["carried_elements",2,null,null,null,"lookup"]',
        '["carried_elements",2,"00010203-0405-0607-0809-0a0b0c0d0e0f",null,"no number","lookup"]',
        '["carried_subscriptions",1,1,null,"no JSON",1]',
        '["carried_subscriptions",1,1,null,"[1]",1]',
        '["carried_subscriptions",1,1,null,"[[\\"no uuid\\",[]]]",1]',
        '["carried_subscriptions",1,1,null,"[[7,[]]]",1]',
        '["carried_habits",1,"x","y","no JSON"]',
        _SESSION.format(2, 1 << 63, '""', 0),
        _SESSION.format(2, 1, 7, 0),
        _SESSION.format(2, 1, '""', "null"),
        _SESSION.format("true", 1, '""', 0),
        _SESSION.format("null", 1, '""', 0),
    ],
    ids=lambda line: line[:40],
)
def test_a_line_of_state_that_is_no_row_is_told(plant: Path, line: str) -> None:
    where = archived(plant)
    put_lines(where, [*lines_of(where), line.encode()])
    assert_told(where, last_part(where, _STATE).name, "not what was written")


def test_a_row_that_is_there_twice_is_told(plant: Path) -> None:
    where = archived(plant)
    put_lines(where, [*lines_of(where), lines_of(where)[0]])
    run = ran("import", where, "-d", where.with_name("back.db"))
    assert (run.returncode, "of a part that was never written" in run.stderr) == (1, True)
    assert not list(where.parent.glob("back*"))


def test_state_of_another_part_is_told(plant: Path) -> None:
    where = archived(plant)
    put_lines(where, [line for line in lines_of(where) if not line.startswith(b'["chain"')])
    run = ran("import", where, "-d", where.with_name("back.db"))
    assert (run.returncode, "of another part" in run.stderr) == (1, True)
    assert not list(where.parent.glob("back*"))


@pytest.mark.parametrize("more", [-1, 1])
def test_other_rows_than_the_manifest_says_are_told(plant: Path, more: int) -> None:
    where = archived(plant)
    sign_file(where, _STATE, len(lines_of(where)) + more)
    assert_told(where, last_part(where, _STATE).name, "rows")


@pytest.mark.slow
@pytest.mark.parametrize("bomb", [b"\n", b" "], ids=["of lines", "of one line"])
def test_a_few_bytes_that_are_packed_gigabytes_are_not_unpacked(plant: Path, bomb: bytes) -> None:
    where = archived(plant)
    put_lines(where, [*lines_of(where), bomb * 400_000_000])
    assert last_part(where, _STATE).stat().st_size < 1 << 20
    arguments = ["-m", "xentara_inspect", "import", where, "-d", where.with_name("back.db")]
    measured = subprocess.run(
        [sys.executable, "-c", _MEASURED, sys.executable, *map(str, arguments)],
        stdout=subprocess.PIPE,
        check=True,
    )
    code, memory, processor = json.loads(measured.stdout)
    assert (code, memory < _MEMORY, processor < _SECONDS) == (1, True, True)
    assert not list(where.parent.glob("back*"))


@pytest.mark.parametrize(
    ("column", "values", "type_"),
    [
        ("time", [None, 1, 2, 3], None),
        ("payload", [b"", None, b"", b""], None),
        ("payload", ["a", "b", "c", "d"], pa.string()),
        ("session_id", [1, 1, 1, 9], None),
        ("session_id", [1, 1, 1, None], None),
        ("session_id", ["1", "1", "1", "1"], pa.string()),
        ("id", [268435457, 268435458, 268435459, None], None),
        ("id", [-1, 268435458, 268435459, 268435460], None),
        ("id", [268435457, 268435457, 268435459, 268435460], None),
        ("id", [268435457, 268435458, 268435459, 268435461], None),
        ("id", [268435456, 268435458, 268435459, 268435460], None),
        ("from_client", [2, 0, 1, 0], pa.int64()),
        (None, [], None),
    ],
    ids=str,
)
def test_frames_that_are_none_are_told(
    plant: Path, column: str | None, values: list[Any], type_: pa.DataType | None
) -> None:
    where = archived(plant)
    path = last_part(where, ".parquet")
    table = parquet.read_table(path, partitioning=None)
    if column is None:
        table = table.drop_columns(["redacted"])
    else:
        place = FRAMES.get_field_index(column)
        field = pa.field(column, type_ or FRAMES.field(column).type)
        table = table.set_column(place, field, [pa.array(values, field.type)])
    parquet.write_table(table, path)
    sign_file(where, ".parquet", table.num_rows)
    assert_told(where, path.name, "not what was written")


@pytest.mark.parametrize(
    "arguments",
    [
        ["archive", "-d", "{0}", "--to", "n\udcff", "--site", "north"],
        ["archive", "verify", "n\udcff"],
        ["archive", "verify", "n\udcff://x"],
        ["sql", "--lake", "n\udcff", "SELECT 1"],
        ["lake", "decode", "--from", "{1}", "--to", "n\udcff"],
        ["lake", "decode", "--from", "n\udcff", "--to", "lake"],
        ["lake", "decode", "--from", "{1}", "--to", "lake", "--site", "n\udcff"],
    ],
    ids=ascii,
)
def test_a_path_that_is_not_utf_8_is_told(plant: Path, arguments: list[str]) -> None:
    where = archived(plant)
    run = ran(*(argument.format(plant, where) for argument in arguments))
    assert (run.returncode, len(run.stderr.splitlines())) == (1, 1), run.stderr
    assert "not UTF-8" in run.stderr


def test_a_file_in_an_archive_whose_name_is_not_utf_8_is_told(plant: Path) -> None:
    where = archived(plant)
    (where / "frames" / "v1" / "n\udcff").write_bytes(b"")
    assert "not UTF-8" in verified(where, code=1)
