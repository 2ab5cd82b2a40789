"""What several test files share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.web.browser import Browser, browser

# Machines are noisy: how long an example takes says nothing here.
settings.register_profile("tests", deadline=None, print_blob=True)
settings.load_profile("tests")


@pytest.fixture(scope="session")
def confdir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """mitmproxy's configuration directory: its certificate authority is made once, and not at home."""
    return tmp_path_factory.mktemp("mitmproxy")


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Where a test may record into."""
    return tmp_path / "xentara.db"


@pytest.fixture(scope="module")
def window(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A browser that several tests of a file share."""
    with browser(tmp_path_factory.mktemp("browser")) as found:
        yield found
