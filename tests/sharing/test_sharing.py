"""A recording is given away: the same happened in it, and nothing in it says in which plant."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.live import ROOT, inspect
from tests.sharing.plants import left_in, telling
from xentara_inspect.sharing.sharing import Shared, share

SAMPLES = sorted(path.stem for path in (ROOT / "sample_captures").glob("*.flow"))
START = 946_684_800 * 10**9
"""The year 2000."""


def shared(*files: Path, output: Path, **how: Any) -> Shared:
    def nobody(*_: int) -> None:
        pass

    return share(
        list(map(str, files)),
        str(output),
        str(output.with_suffix(".csv")),
        **{"values": False, "start": None, "copying": nobody, "decoding": nobody, **how},
    )


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A sample in a database, once for all tests."""
    folder = tmp_path_factory.mktemp("recorded")

    def of(name: str) -> Path:
        database = folder / f"{name}.db"
        if not database.exists():
            inspect("import", ROOT / "sample_captures" / f"{name}.flow", "-d", database)
        return database

    return of


@pytest.mark.parametrize("name", SAMPLES)
def test_a_copy_has_all_that_happened_and_no_name_of_the_plant(
    name: str, recorded: Callable[[str], Path], tmp_path: Path
) -> None:
    original, copy = recorded(name), tmp_path / "copy.db"
    made = shared(original, output=copy)
    assert telling(copy) == telling(original)
    assert made.frames == len(telling(original)["frames"])
    assert len(left_in(original, original)) > 10  # what is found there would be found in the copy
    assert left_in(copy, original) == set()


@pytest.mark.parametrize("name", SAMPLES)
def test_with_other_values_the_same_is_found(
    name: str, recorded: Callable[[str], Path], tmp_path: Path
) -> None:
    original, copy = recorded(name), tmp_path / "copy.db"
    shared(original, output=copy, values=True)
    assert telling(copy, values=False) == telling(original, values=False)
    assert left_in(copy, original) == set()
