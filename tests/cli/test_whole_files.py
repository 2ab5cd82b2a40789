"""What is written of a plant: for its owner only, and over nothing that is there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live import inspect
from tests.queries.asking import fill
from tests.store_traffic import CONVERSATION


@pytest.fixture
def written(tmp_path: Path) -> Iterator[Path]:
    """Where to write, with a usual umask."""
    before = os.umask(0o022)
    yield tmp_path
    os.umask(before)


@pytest.mark.parametrize(
    "arguments",
    [
        ["export", "--har", "x.har"],
        ["export", "--flow", "x.flow"],
        ["export", "--pcapng", "x.pcapng"],
        ["export", "--parquet", "tables"],
        ["report", "-o", "x.html"],
        ["readings", "--plot", "x.svg"],
        ["share", "plant.db", "-o", "x.db"],
    ],
    ids=lambda arguments: arguments[1],
)
def test_what_is_written_of_a_plant_is_for_its_owner_only(
    arguments: list[str], written: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(written)
    monkeypatch.setenv("XENTARA_DB", "plant.db")
    fill(Path("plant.db"), *CONVERSATION)
    inspect(*arguments)
    modes = {path.name: path.stat().st_mode & 0o077 for path in written.iterdir()}
    assert arguments[-1] in modes
    assert set(modes.values()) == {0}


@pytest.mark.parametrize("kind", ["--har", "--flow", "--pcapng"])
def test_export_writes_over_no_file(kind: str, written: Path) -> None:
    database = fill(written / "plant.db", *CONVERSATION)
    (written / "mine").write_text("mine")
    inspect("export", kind, written / "mine", "-d", database, code=1)
    assert (written / "mine").read_text() == "mine"
