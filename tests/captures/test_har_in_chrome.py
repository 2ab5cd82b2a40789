"""Exported HAR in Chrome's own developer tools: they show it, and what they save of it is the same again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from tests.captures.exported import bring_in, export, journal
from tests.queries.asking import START
from tests.store_traffic import CONVERSATION, add, frames, info
from tests.web.browser import browser, needs_chromium
from tests.web.developer_tools import OPTION, DeveloperTools, developer_tools
from xentara_inspect.frames import Closing

pytestmark = needs_chromium


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two connections, the second of which was refused."""
    database = tmp_path_factory.mktemp("recording") / "plant.db"
    add(database, frames(*CONVERSATION, start=START), replace(info(), opened=START))
    refused = replace(info("2"), opened=START + 10**9, refused="HTTP 403", subprotocol=None)
    add(database, [], refused, Closing(START + 10**9))
    return database


@pytest.fixture(scope="module")
def tools(recording: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeveloperTools]:
    """Developer tools that have it open."""
    folder = tmp_path_factory.mktemp("tools")
    with browser(folder, OPTION) as window, developer_tools(window) as found:
        found.load(export("har", folder / "x.har", recording))
        yield found


def test_they_list_the_connections(tools: DeveloperTools) -> None:
    assert tools.connections() == [("ws", "101", "websocket"), ("ws", "403", "websocket")]


def test_they_list_each_message_with_its_direction_and_time(tools: DeveloperTools, recording: Path) -> None:
    shown = tools.messages(0)
    assert [(one["sent"], one["time"], one["text"]) for one in shown] == [
        (
            bool(from_client),
            datetime.fromtimestamp(time / 1e9).strftime("%H:%M:%S.%f")[:-3],
            payload.decode() if is_text else "Binary message",
        )
        for time, from_client, is_text, payload in journal(recording)[0][1]
    ]


@pytest.mark.slow
def test_what_they_save_again_is_as_it_was_recorded(
    tools: DeveloperTools, recording: Path, tmp_path: Path
) -> None:
    bring_in(tmp_path / "again.db", tools.har(tmp_path / "x.har"))
    again, before = journal(tmp_path / "again.db"), journal(recording)
    assert [messages for _, messages in again] == [messages for _, messages in before]
