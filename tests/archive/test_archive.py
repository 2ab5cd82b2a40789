"""Recordings go into an archive and come back as they were, and nobody changes a byte there unseen."""

from __future__ import annotations

import contextlib
import random
import shutil
import sys
import tarfile
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from pyarrow import parquet

from tests.archived import archived, verified
from tests.live import ROOT, Process, inspect, ran, read_only, rows
from tests.store.test_migrations import unpacked
from xentara_inspect.store.database import open_for_writing
from xentara_inspect.store.derived_tables import DERIVED_TABLES
from xentara_inspect.store.journal_tables import JOURNAL_TABLES

OWN = {"chain", "checkpoint"}
"""Tables that name the files next to one, or count what is the same in another way."""


def files(where: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(where)): path.read_bytes()
        for path in where.rglob("*")
        if path.is_file() and path.suffix != ".unfinished"
    }


def contents(database: Path) -> dict[str, list[Any]]:
    with closing(open_for_writing(database)) as connection:  # which takes in what its -wal has
        return {
            table: connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall()
            for table in (*JOURNAL_TABLES, *DERIVED_TABLES)
            if table not in OWN
        }


def test_what_was_archived_comes_back_row_by_row(samples: Path, tmp_path: Path) -> None:
    inspect("import", archived(samples), "-d", tmp_path / "back.db")
    assert contents(tmp_path / "back.db") == contents(samples)


def test_a_recording_in_two_files_comes_back_as_two_that_know_each_other(plant: Path, tmp_path: Path) -> None:
    inspect("import", archived(plant), "-d", tmp_path / "back.db")
    for name in ("", "-2"):
        assert contents(tmp_path / f"back{name}.db") == contents(plant.with_stem(f"plant{name}"))
    with read_only(tmp_path / "back.db") as first, read_only(tmp_path / "back-2.db") as second:
        assert first.execute("SELECT number, continued_in FROM chain").fetchone() == (1, "back-2.db")
        assert second.execute("SELECT number, continues FROM chain").fetchone() == (2, "back.db")


def test_the_second_file_comes_back_alone(plant: Path, tmp_path: Path) -> None:
    (session,) = {row["session"] for row in rows("log", "-d", plant.with_stem("plant-2"))}
    where = archived(plant)
    second = next(where.rglob("*.000002-*.json"))
    for path in where.rglob("*.000001-*"):
        path.unlink()
    assert second.is_file()
    inspect("import", where, "-d", tmp_path / "back.db", "--session", str(session))
    assert contents(tmp_path / "back-2.db") == contents(plant.with_stem("plant-2"))


def test_frames_are_a_table_that_others_read_with_its_types(samples: Path) -> None:
    (path,) = archived(samples).rglob("*.parquet")
    table = parquet.read_table(path)
    assert [f"{field.name}: {field.type}" for field in table.schema] == [
        "id: int64",
        "session_id: int64",
        "time: timestamp[ns, tz=UTC]",
        "from_client: bool",
        "is_text: bool",
        "payload: binary",
        "redacted: bool",
    ]
    assert table.num_rows == len(contents(samples)["frames"])
    assert path.parent.parent.name == "recorder=samples"
    assert path.parent.parent.parent.name == "site=north"


def test_archiving_again_changes_nothing(plant: Path) -> None:
    before = files(archived(plant))
    inspect("archive", "-d", plant, "--to", plant.parent / "archive", "--site", "north")
    assert files(plant.parent / "archive") == before
    assert "2 parts" in verified(plant.parent / "archive")


@pytest.mark.parametrize("kind", [".parquet", ".state.ndjson.zst", ".json"])
def test_one_altered_byte_is_found(plant: Path, kind: str) -> None:
    where = archived(plant)
    (path,) = where.rglob(f"*.000001-*{kind}")
    content = path.read_bytes()
    for place in random.Random(1).sample(range(len(content)), 3):
        path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        assert path.name in verified(where, code=1)
    path.write_bytes(content)
    assert verified(where).endswith(": whole\n")


@pytest.mark.parametrize("kind", [".parquet", ".state.ndjson.zst", ".json"])
def test_of_an_archive_that_was_altered_nothing_is_imported_or_decoded(
    plant: Path, tmp_path: Path, kind: str
) -> None:
    where = archived(plant)
    (path,) = where.rglob(f"*.000002-*{kind}")  # the first part is as it was
    content = path.read_bytes()
    path.write_bytes(content[:100] + bytes([content[100] ^ 1]) + content[101:])
    for arguments in (("import", where, "-d", tmp_path / "back.db"), ("lake", "decode", "--from", where)):
        run = ran(*arguments, *(("--to", tmp_path / "lake") if arguments[0] == "lake" else ()))
        assert (run.returncode, path.name in run.stderr) == (1, True)
        assert "its bytes are not those that were written" in run.stderr or kind == ".json"
    assert not list(tmp_path.glob("back*"))


@pytest.mark.parametrize("kind", [".parquet", ".state.ndjson.zst", ".json"])
def test_one_missing_file_is_found(plant: Path, kind: str) -> None:
    where = archived(plant)
    (path,) = where.rglob(f"*.000001-*{kind}")
    path.unlink()
    assert ".000001-" in verified(where, code=1)


def test_a_missing_part_is_found(plant: Path) -> None:
    where = archived(plant)
    for path in where.rglob("*.000001-*"):
        path.unlink()
    assert "part 1 before it is missing" in verified(where, code=1)


def test_a_file_that_is_not_over_stays_out(samples: Path) -> None:
    where = samples.parent / "archive"
    run = ran("archive", "-d", samples, "--to", where, "--site", "north")
    assert run.returncode == 0
    assert "not archived, is not over" in run.stderr
    assert not list(where.rglob("*.json"))


def test_behind_a_file_that_cannot_be_archived_nothing_is(plant: Path) -> None:
    unpacked("plant", plant.parent)  # of an older release once more
    where = plant.parent / "archive"
    run = ran("archive", "-d", plant, "--to", where, "--site", "north", "--seal")
    assert run.returncode == 1
    assert "plant.db was made by an older version" in run.stderr
    assert not list(where.rglob("*.json"))


def test_a_recording_goes_on_behind_what_was_ended(samples: Path) -> None:
    archived(samples)
    with read_only(samples) as ended, read_only(samples.with_stem("samples-2")) as following:
        (last,) = ended.execute("SELECT max(id) FROM frames").fetchone()
        assert following.execute("SELECT number, last_frame FROM chain").fetchone() == (2, last)


def test_what_was_ended_and_has_nothing_behind_it_is_named(samples: Path) -> None:
    where = archived(samples)
    run = ran("archive", "-d", samples, "--to", where, "--site", "north", "--seal")
    assert (
        run.stderr.splitlines()[-1]
        == f"{samples.with_stem('samples-2')}: not archived, has nothing in it yet"
    )


@pytest.mark.slow
def test_somebody_killed_at_any_moment_leaves_what_the_next_one_makes_whole(plant: Path) -> None:
    where = archived(plant)
    whole = files(where)
    arguments: list[str | Path] = ["archive", "-d", plant, "--to", where, "--site", "north"]
    for marks in (1, 2, 3, 4, 5):
        shutil.rmtree(where)
        with Process([sys.executable, "-m", "xentara_inspect", *arguments]) as process:
            while process.child.poll() is None and len(files(where)) < marks:
                pass
            process.child.kill()
        inspect(*arguments)
        assert files(where) == whole


def test_an_object_store_holds_what_a_directory_holds(plant: Path, tmp_path: Path, s3: str) -> None:
    where = archived(plant)
    arguments: list[str | Path] = ["archive", "-d", plant, "--to", s3, "--site", "north"]
    inspect(*arguments)
    inspect(*arguments)
    assert verified(s3) == verified(where)
    inspect("import", s3, "-d", tmp_path / "back.db")
    assert contents(tmp_path / "back.db") == contents(plant)


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["archive", "--site", "north"], 2, "Missing option '--to'."),
        (["archive", "--to", "archive"], 2, "Missing option '--site'."),
        (["archive", "--to", "x", "--site", "a/b"], 2, "'a/b' is no name"),
        (["archive", "--to", "gopher://x", "--site", "north", "-d", "{0}"], 1, "gopher://x: "),
        (["archive", "--to", "{0}/x", "--site", "north", "--seal", "-d", "{0}"], 1, "Not a directory"),
        (["archive", "--to", "x", "--site", "n", "--seal", "-d", "none.db"], 1, "none.db does not exist"),
        (["archive", "verify", "{0}.none"], 1, "nothing archived here"),
        (["import", "{1}"], 1, "nothing archived of what is asked for"),
        (["import", "{0}", "--site", "north"], 2, "choose from an archive"),
    ],
    ids=str,
)
def test_what_cannot_be_is_one_clear_line(
    arguments: list[str], code: int, says: str, samples: Path, tmp_path: Path
) -> None:
    given = [argument.format(samples, tmp_path) for argument in arguments]
    with contextlib.chdir(tmp_path):
        run = ran(*given)
    assert run.returncode == code
    assert says in run.stderr.splitlines()[-1]


@pytest.mark.slow
def test_an_archive_of_an_older_release_comes_back(tmp_path: Path) -> None:
    with tarfile.open(Path(__file__).with_name("schema-5.tar.gz")) as stored:
        stored.extractall(tmp_path / "archive", filter="data")
    verified(tmp_path / "archive")
    inspect("import", tmp_path / "archive", "-d", tmp_path / "back.db")
    inspect("import", ROOT / "sample_captures" / "hello-and-browse.flow", "-d", tmp_path / "again.db")
    assert rows("log", "-d", tmp_path / "back.db") == rows("log", "-d", tmp_path / "again.db")
