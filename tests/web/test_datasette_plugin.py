"""A recording in a Datasette of somebody's own, where this package is installed beside it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.live import BIN
from tests.queries.asking import fill
from tests.store_traffic import CONVERSATION


def page(database: Path, path: str) -> str:
    """What Datasette answers, without a server."""
    command = [str(BIN / "datasette"), str(database), "--get", path]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.mark.slow
def test_our_functions_are_there(database: Path) -> None:
    fill(database, *CONVERSATION)
    sql = "select xentara_command(opcode) as command from exchanges where opcode is not null limit 2"
    rows = json.loads(page(database, f"/xentara.json?sql={sql.replace(' ', '+')}&_shape=array"))
    assert rows == [{"command": "client_hello"}, {"command": "lookup"}]


@pytest.mark.slow
def test_an_event_links_to_its_element_by_name(database: Path) -> None:
    fill(database, *CONVERSATION)
    assert '<a href="/xentara/elements/2">Plant.Tank 1.Level</a>' in page(
        database, "/xentara/packets?kind=event"
    )
