"""Chrome's own developer tools: what they write of a page as HAR, and what they show of one."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from tests.live import wait_until
from tests.web.browser import Browser, window_of

OPTION: Final = "--remote-allow-origins=*"
"""What a browser is to be started with so that its tools may speak with it."""

# Nearly all of the tools stands in shadow trees.
_ALL: Final = """(function all(selector, root = document) {
    const hosts = [...root.querySelectorAll('*')].filter(element => element.shadowRoot);
    return [...root.querySelectorAll(selector), ...hosts.flatMap(host => all(selector, host.shadowRoot))];
})"""
_FIELD: Final = f"{_ALL}('input[type=file]')[0]"
_CONNECTIONS: Final = f"{_ALL}('td.name-column')"
_LISTED: Final = f"{_CONNECTIONS}.map(cell => [...cell.parentNode.cells].map(cell => cell.innerText))"
_TAB: Final = f"{_ALL}('[role=tab]').find(tab => tab.textContent.includes('Messages'))"
_MESSAGES: Final = f"""{_ALL}('tr[class*="-row-send"], tr[class*="-row-receive"]')
    .map(row => [row.className.includes('-row-send'), ...[...row.cells].map(cell => cell.innerText)])"""
# What the button `Export HAR (with sensitive data)` writes: models/har/Log.ts of devtools-frontend.
_HAR: Final = """(async () => {
    const {Log} = await import('./models/har/har.js');
    const {NetworkLog} = await import('./models/logs/logs.js');
    return JSON.stringify({log: await Log.Log.build(NetworkLog.NetworkLog.instance().requests(), {})});
})()"""

# They were told what the page is made of: that they want to hear of its connections was said before.
_LOOKS: Final = """(async () => {
    const {TargetManager, ResourceTreeModel} = await import('./core/sdk/sdk.js');
    const page = TargetManager.TargetManager.instance().primaryPageTarget();
    return !!page?.model(ResourceTreeModel.ResourceTreeModel)?.mainFrame;
})()"""


class DeveloperTools:
    """Their network panel."""

    def __init__(self, window: Browser) -> None:
        self.window = window

    def har(self, path: Path) -> Path:
        """All that the panel lists, as they save it."""
        path.write_text(self.window.tells(_HAR))
        return path

    def load(self, har: Path) -> None:
        """`Import HAR file…`, of one in which there is something."""
        self.window.choose(_FIELD, har)
        entries = len(json.loads(har.read_text())["log"]["entries"])
        wait_until(lambda: self.window.tells(f"{_CONNECTIONS}.length") >= entries, "all are listed")

    def connections(self) -> list[tuple[str, ...]]:
        """What the panel lists: name, status and type of each."""
        return [tuple(cells[:3]) for cells in self.window.tells(_LISTED)]

    def messages(self, place: int) -> list[dict[str, Any]]:
        """What the tab with the messages of a connection lists: sent, text, length and time of each."""
        self.window.click(f"{_CONNECTIONS}[{place}]")
        wait_until(lambda: self.window.tells(f"!!{_TAB}"), "it is opened")
        self.window.click(_TAB)
        wait_until(lambda: bool(self.window.tells(f"{_MESSAGES}.length")), "its messages are there")
        keys = ("sent", "text", "length", "time")
        return [dict(zip(keys, row, strict=False)) for row in self.window.tells(_MESSAGES)]


@contextlib.contextmanager
def developer_tools(page: Browser) -> Iterator[DeveloperTools]:
    """The tools in a window of their own, which look at a page from now on."""
    with window_of(page.address, page.folder) as window:
        host = page.address.split("/")[2]
        window.size(1400)
        window.visit(
            f"http://{host}/devtools/devtools_app.html?panel=network&ws={host}/devtools/page/{page.target}"
        )
        wait_until(lambda: window.tells(f"!!{_FIELD}"), "the network panel is there")
        wait_until(lambda: window.tells(_LOOKS), "they look at the page")
        yield DeveloperTools(window)
