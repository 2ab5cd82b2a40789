"""Spark decodes an archive to the tables that one process makes of it (`make test-spark`; needs Java 17)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.archived import archived, made_plant, made_samples
from tests.live import BIN, inspect
from xentara_inspect.archive.parts import Parts
from xentara_inspect.archive.place import Place
from xentara_inspect.lake.decoding import tasks

pytestmark = pytest.mark.spark


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of two recordings, one of them in two files."""
    folder = tmp_path_factory.mktemp("spark")
    archived(made_plant(folder))
    return archived(made_samples(folder))


def files(where: Path) -> dict[Path, bytes]:
    return {
        path.relative_to(where): path.read_bytes()
        for path in where.rglob("*")
        if path.is_file() and path.name[0] != "."
    }


def test_two_cores_make_the_tables_that_one_process_makes(archive: Path, tmp_path: Path) -> None:
    inspect("lake", "decode", "--from", archive, "--to", tmp_path / "one")
    inspect("lake", "decode", "--from", archive, "--to", tmp_path / "spark", "--master", "local[2]")
    assert files(tmp_path / "spark") == files(tmp_path / "one")
    assert len(files(tmp_path / "one")) > 10


def test_spark_submit_takes_an_application_with_the_options_of_the_command(
    archive: Path, tmp_path: Path
) -> None:
    inspect("lake", "decode", "--from", archive, "--to", tmp_path / "one")
    settings = ("spark.ui.enabled=false", "spark.driver.bindAddress=127.0.0.1", "spark.driver.host=127.0.0.1")
    given = [word for setting in settings for word in ("--conf", setting)]
    application = inspect("lake", "application-path").strip()
    subprocess.run(
        [
            BIN / "spark-submit", "--master", "local[2]", *given, application,
            "--from", archive, "--to", tmp_path / "spark",
        ],
        check=True, env=os.environ | {"PYSPARK_PYTHON": sys.executable},
    )  # fmt: skip
    assert files(tmp_path / "spark") == files(tmp_path / "one")


def test_tasks_are_a_data_frame_for_applications_of_ones_own(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pyspark.sql import SparkSession

    from xentara_inspect.lake.spark import decoded, task_frame

    builder = SparkSession.builder.master("local[2]").config("spark.driver.bindAddress", "127.0.0.1")
    monkeypatch.setenv("PYSPARK_PYTHON", sys.executable)
    session = builder.getOrCreate()
    try:
        parts = Parts(Place(str(archive)))
        todo = task_frame(session, str(archive), str(tmp_path), tasks(parts))
        assert todo.rdd.glom().map(len).collect() == [1, 1, 1]
        frame = decoded(todo)
        expected = sorted(manifest.files[0].rows for manifest in parts.manifests())
        assert sorted(row.frames for row in frame.collect()) == expected
        assert len(expected) == 3
    finally:
        session.stop()
