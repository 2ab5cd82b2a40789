"""What the tests of the rooms share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.queries.asking import fill
from tests.store_traffic import CONVERSATION


@pytest.fixture
def conversation(database: Path) -> Path:
    """A database with one session of everything."""
    return fill(database, *CONVERSATION)
