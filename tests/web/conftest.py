"""What the tests of pages share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.queries.asking import START, fill
from tests.store_traffic import CONVERSATION, info


@pytest.fixture
def conversation(database: Path) -> Path:
    """A database with one session of everything."""
    return fill(database, *CONVERSATION, about=info(opened=START))
